"""``README.txt`` of a bundle: what is what, and how to verify it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import jinja2

from reports.bundle import names
from reports.bundle.manifest import RunSummary, SignatureNote
from reports.results_folder import (
    COMPLETION_REPORT_FILE,
    CUCUMBER_FILE,
    EVIDENCE_DIRECTORY,
    JUNIT_FILE,
    METRICS_FILE,
    RESULTS_FILE,
    RUN_FILE,
)

_EXPLAINED: Final = (
    (COMPLETION_REPORT_FILE, "the test completion report; opens in a browser, without a network"),
    (names.MESSAGES_CSV, "the messages as a table: what, when, from whom to whom, scenario, step"),
    (f"{EVIDENCE_DIRECTORY}/", "the messages themselves, as sent and received"),
    (names.MESSAGES_JSON, "the table for programs, with the facts read from each message"),
    (names.ENVIRONMENT, "the target, the assumptions a verdict rests on, and all software of the run"),
    (names.TARGET, "the target file as data, without secrets and comments"),
    (f"{names.FEATURES}/", "the scenarios as written, and the ledger of requirements they test"),
    (RESULTS_FILE, "a record for each scenario: steps, verdict, reason"),
    (RUN_FILE, "what holds for the whole run"),
    (JUNIT_FILE, "the verdicts for a CI"),
    (CUCUMBER_FILE, "the verdicts for tools that read Cucumber's JSON"),
    (METRICS_FILE, "figures of the run for a monitoring system"),
    (names.MANIFEST, "every file with its size and SHA-256, and what run this is"),
    (names.SIGNATURE, "the signature over the manifest"),
    (names.PUBLIC_KEY, "the public key that verifies it"),
    (names.CERTIFICATE, "the certificate of that key"),
    (names.CHECKSUMS, "the digests once more, for sha256sum"),
)


def readme(
    run: RunSummary,
    signature: SignatureNote,
    files: Iterable[str],
    *,
    removed: Sequence[str],
    missing: Sequence[str],
    remarks: Sequence[str],
) -> bytes:
    """The text, in UTF-8.

    Args:
        run: what the bundle is evidence of.
        signature: who signs.
        files: the names of all other files.
        removed: what was left out as secret.
        missing: evidence that is missing.
        remarks: what a reader must know besides.
    """
    listed = list(_explained({*files, names.MANIFEST, names.SIGNATURE, names.CHECKSUMS}))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.bundle", "."),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  (plain text)
        finalize=_one_line,
        keep_trailing_newline=True,
    )
    text = environment.get_template("README.txt.j2").render(
        run=run,
        signature=signature,
        files=listed,
        first=listed[0][0],
        removed=removed,
        missing=missing,
        remarks=remarks,
        ed25519=signature.algorithm == "Ed25519",
    )
    return text.encode()


def _explained(files: set[str]) -> Iterator[tuple[str, str]]:
    for name, text in _EXPLAINED:
        if name in files or (name.endswith("/") and any(file.startswith(name) for file in files)):
            yield name, text


def _one_line(value: Any) -> Any:
    """Texts from outside cannot add lines of their own to what we say."""
    return " ".join(value.splitlines()) if isinstance(value, str) else value
