"""Two kinds of trouble, kept apart: the target did wrong, or the harness or its environment did."""

from __future__ import annotations

from collections.abc import Sequence


class TargetNonconformity(AssertionError):
    """The target did not do what is required: the verdict is *failed*.

    Attributes:
        requirement: What must hold, with its clause where there is one.
        expected: What would have conformed.
        actual: What was observed.
    """

    def __init__(self, requirement: str, expected: str, actual: str) -> None:
        self.requirement = requirement
        self.expected = expected
        self.actual = actual
        super().__init__(f"Requirement: {requirement}\n   Expected: {expected}\n   Observed: {actual}")


class NonconformingAnswer(TargetNonconformity):
    """A message of the target breaks the wire format, a signature, or the correlation by RequestID."""


class DeadlinePassed(TargetNonconformity):
    """What had to arrive did not arrive in time.

    Attributes:
        awaited: What was waited for.
        seconds: How long it was waited for.
        meanwhile: One line for each thing that did arrive.
    """

    def __init__(self, awaited: str, seconds: float, meanwhile: Sequence[str] = ()) -> None:
        self.awaited = awaited
        self.seconds = seconds
        self.meanwhile = tuple(meanwhile)
        arrived = "; ".join(self.meanwhile) if self.meanwhile else "nothing"
        super().__init__(
            requirement=f"{awaited} arrives within its deadline",
            expected=f"{awaited} within {seconds:g} s",
            actual=f"not within {seconds:g} s; what arrived meanwhile: {arrived}",
        )


class HarnessError(Exception):
    """The harness or its environment broke: the verdict is *error*, never *failed*."""


class EndpointUnreachable(HarnessError):
    """No conversation with an endpoint was possible.

    Attributes:
        url: The endpoint.
        reason: What went wrong, in one sentence.
        how_to_mend: What to look at.
    """

    def __init__(self, url: str, reason: str, how_to_mend: str) -> None:
        self.url = url
        self.reason = reason
        self.how_to_mend = how_to_mend
        super().__init__(f"{url} cannot be reached: {reason}. {how_to_mend}")


class NotArrangeable(Exception):
    """A precondition cannot be arranged at this target: the scenario is *not applicable*."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Depleted(NotArrangeable):
    """What the scenario needs is used up or out of order: the scenario is *not run*."""


class FateUnknown(HarnessError):
    """A run was killed while a request was on its way, and nothing tells what became of it.

    Attributes:
        title: What was sent.
        request_id: Its RequestID.
    """

    def __init__(self, title: str, request_id: object) -> None:
        self.title = title
        self.request_id = request_id
        super().__init__(
            f"the answer to {title} ({request_id}) was lost when the run was killed, and no result came; "
            "it was not sent again"
        )


class Rehearsed(Exception):
    """A rehearsal came to something that only the target can tell."""
