"""The table `[assurance]` of a target file: what test assurance has agreed on for this target.

No verdict rests on it. It is handed on to the reports, which say what was agreed and how the run meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from target.file_keys import Section

__all__ = ["Assurance", "Limits", "Links"]

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Sentence = Annotated[Text, Field(min_length=1)]
Number = Annotated[int, Field(ge=0)]


def _each_once(roles: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((role for role in roles if roles.count(role) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is there twice; name each role that signs once")
    return roles


class Limits(Section):
    """`[assurance.limits]`: how many of each there may be at the end of a run."""

    failed_blocker: Number = Field(default=0, description="scenarios of severity blocker that failed")
    failed_critical: Number = Field(default=0, description="scenarios of severity critical that failed")
    failed_normal: Number = Field(
        default=0, description="scenarios of severity normal, or lower, that failed"
    )
    errors: Number = Field(
        default=0, description="scenarios without a verdict, as the harness or its environment broke"
    )
    not_run: Number = Field(default=0, description="scenarios that were selected and did not run")
    not_selected: Number = Field(
        default=0, description="scenarios that were not selected: what `-m` or `-k` may leave out"
    )
    known_issues: Number = Field(
        default=0, description="scenarios that failed as a known issue; the limits above do not count these"
    )
    known_issues_past_review: Number = Field(
        default=0, description="known issues whose review was due before the day of the run"
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        known = cls.model_fields
        unknown = [key for key in content if key not in known] if isinstance(content, Mapping) else []
        if unknown:
            raise ValueError(
                f"{', '.join(map(repr, unknown))}: no such limit; correct or remove it "
                f"(known here: {', '.join(known)})"
            )
        return content


def _with_id(address: str) -> str:
    if address and (not address.startswith(("https://", "http://")) or address.count("{id}") != 1):
        raise ValueError(
            f"expected an address that begins with https:// and has {{id}} once, where the id belongs; "
            f"found {address!r}"
        )
    return address


Address = Annotated[Text, AfterValidator(_with_id)]


class Links(Section):
    """`[assurance.links]`: where a reader of the Allure report is led to."""

    test_case: Address = Field(
        default="",
        description="address of a test case in your test management; `{id}` stands for its id, `MP107-T01`",
    )
    defect: Address = Field(
        default="",
        description="address of a defect; `{id}` stands for its reference in the ledger of known issues",
    )
    clause: Address = Field(
        default="",
        description="address of a clause of the sources; `{id}` stands for its tag, such as `FIA-4.1`",
    )


class Assurance(Section):
    """`[assurance]`: what test assurance has agreed on, for the completion report."""

    title: Text = Field(default="", description="title of the completion report; empty: the usual one")
    phase: Text = Field(default="", description='phase of testing, in your words, such as `"SIT"`')
    scope: tuple[Sentence, ...] = Field(
        default=(), description="what is tested and what is not, a sentence each"
    )
    entry_criteria: tuple[Sentence, ...] = Field(
        default=(),
        description="what must hold before testing and is judged by people, a sentence each; the report "
        "adds those that a run measures",
    )
    exit_criteria: tuple[Sentence, ...] = Field(
        default=(),
        description="what must hold before testing is complete and is judged by people, likewise",
    )
    limits: Limits = Field(default=Limits(), description="how many of each there may be at the end")
    sign_off: Annotated[tuple[Sentence, ...], AfterValidator(_each_once)] = Field(
        default=(), description="roles that sign the completion report, in their order"
    )
    links: Links = Field(
        default=Links(), description="where the Allure report leads to; none is followed by itself"
    )
