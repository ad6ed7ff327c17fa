"""``junit.xml``: the results as Jenkins, GitLab, Azure DevOps and the actions of GitHub read them.

A file without failures and errors is one of a run that ended with 0, and the other way round (docs/ci.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from lxml import etree

from reports.exit_codes import exit_sentence
from reports.exports.feature_files import FeatureFiles, Place
from reports.exports.wording import (
    KNOWN_ISSUE,
    counts_as,
    evidence,
    explained,
    from_here,
    kind,
    traced,
    unexplained,
    why,
)
from reports.replacing import replace_file
from reports.results import ExitCode, ScenarioResult, Status
from reports.results_folder import JUNIT_FILE
from reports.run_information import KnownIssue, RunInformation

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {Status.FAILED: "failure", Status.ERROR: "error"}
_WHOLE_RUN = "The run as a whole"


def write_junit(directory: Path, run: RunInformation, results: Sequence[ScenarioResult]) -> Path:
    """Write ``junit.xml`` into a results folder, in one step.

    Raises:
        OSError: it cannot be written.
    """
    places = FeatureFiles(results)
    suites: dict[tuple[str, str], list[tuple[Place, ScenarioResult]]] = {}
    for result in results:
        place = places.place(result)
        suites.setdefault((place.feature.uri, result.feature), []).append((place, result))
    root = etree.Element("testsuites", name="smets1-conformance")
    for (uri, feature), scenarios in sorted(suites.items()):
        scenarios.sort(key=lambda placed: (placed[0].line, placed[1].nodeid))
        cases = [_case(directory, run, place, result) for place, result in scenarios]
        began = min((result.started for _, result in scenarios if result.started), default=run.started)
        root.append(_suite(feature or uri, cases, _properties(run), uri, began))
    root.append(_suite(_WHOLE_RUN, [_whole_run(run, results)], _properties(run), "", run.started))
    _count(root, root.iter("testcase"))
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return replace_file(directory / JUNIT_FILE, content)


def _suite(
    name: str, cases: Sequence[etree._Element], properties: Mapping[str, str], file: str, began: str
) -> etree._Element:
    suite = etree.Element("testsuite", name=_clean(name))
    _count(suite, cases)
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    if began:
        suite.set("timestamp", began[:19])  # UTC; readers of this format know no time zone
    if file:
        suite.set("file", file)
    _add_properties(suite, properties)
    suite.extend(cases)
    return suite


def _count(element: etree._Element, cases: Iterable[etree._Element]) -> None:
    cases = list(cases)
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", str(sum(case.find("error") is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def _case(directory: Path, run: RunInformation, place: Place, result: ScenarioResult) -> etree._Element:
    case = etree.Element(
        "testcase",
        classname=_classname(place.feature.uri),
        name=_clean(_name(result)),
        time=f"{result.duration:.3f}",
        file=place.feature.uri,
        line=str(place.line),
    )
    _add_properties(case, _case_properties(run, result))
    if result.status is Status.PASSED:
        return case
    if counts_as(result) == KNOWN_ISSUE:
        _outcome(case, "skipped", kind(result), why(result), _why_tolerated(run.known_issue_of(result)))
    else:
        element = _ELEMENTS.get(result.status, "skipped")
        _outcome(case, element, kind(result), why(result), traced(result))
    output = [explained(result)] if counts_as(result) == KNOWN_ISSUE else []
    output += [f"[[ATTACHMENT|{from_here(directory / path)}]]" for path in evidence(result)]
    if output:
        etree.SubElement(case, "system-out").text = _clean("\n".join(output))
    return case


def _whole_run(run: RunInformation, results: Sequence[ScenarioResult]) -> etree._Element:
    """Fails where the run does not end with 0 and no scenario says why."""
    case = etree.Element("testcase", classname="run", name="The run came to its end", time="0.000")
    reasons = unexplained(run, results)
    if reasons:
        does_not_conform = run.ended and run.exit_code == ExitCode.DOES_NOT_CONFORM
        element = "failure" if does_not_conform else "error"
        _outcome(case, element, "the run as a whole", exit_sentence(run), "\n".join(reasons))
    return case


def _outcome(case: etree._Element, element: str, type_: str, message: str, text: str) -> None:
    told = etree.SubElement(case, element, type=_clean(type_), message=_clean(f"{type_}: {message}"))
    told.text = _clean(text)


def _classname(uri: str) -> str:
    """``features/requirement_1/repair.feature`` as a class of a package, which trees of tests are made of."""
    return ".".join(PurePosixPath(uri).with_suffix("").parts)


def _name(result: ScenarioResult) -> str:
    """Unlike that of any other scenario of the feature: no two rows of Examples have the same values."""
    others = {name: value for name, value in result.parameters.items() if name not in ("s1sp", "device_type")}
    told = f" ({', '.join(f'{name}={value}' for name, value in others.items())})" if others else ""
    return f"{result.place}: {result.title}{told}"


def _why_tolerated(known: KnownIssue | None) -> str:
    if known is None:
        return ""
    return f"{known.reason}\nSeverity {known.severity}, to be reviewed by {known.review_by}"


def _properties(run: RunInformation) -> dict[str, str]:
    return {
        "target": run.environment.get("target", ""),
        "phase": run.assurance.phase,
        "harness": run.software.get("smets1-conformance", ""),
        "verdict": exit_sentence(run),
    }


def _case_properties(run: RunInformation, result: ScenarioResult) -> dict[str, str]:
    """Not "requirements", which Xray takes for keys of Jira issues: clauses of the sources are none."""
    return {
        "scenario_id": result.scenario_id,
        "clauses": ", ".join(result.clauses),
        "s1sp": result.s1sp,
        "device_type": result.device_type,
        "severity": result.severity,
        "target": run.environment.get("target", ""),
        "phase": run.assurance.phase,
        "known_issue": result.known_issue,
    }


def _add_properties(element: etree._Element, values: Mapping[str, str]) -> None:
    given = {name: value for name, value in values.items() if value}
    if given:
        properties = etree.SubElement(element, "properties")
        for name, value in given.items():
            etree.SubElement(properties, "property", name=name, value=_clean(value))


def _clean(text: str) -> str:
    """Text without what XML forbids; an escape character is shown as "x1b" after a backslash."""
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
