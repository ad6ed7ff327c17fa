"""Which written scenario a test of pytest-bdd is, and with which row of its Examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_bdd.scenario import make_python_name

from reports.gherkin_lint import WrittenScenario


@dataclass(frozen=True)
class WrittenRow:
    """A written scenario with one row of its Examples; the row is empty for a plain Scenario."""

    scenario: WrittenScenario
    row: Mapping[str, str]

    @property
    def title(self) -> str:
        """The title with the values of the row."""
        return self.scenario.rendered_title(dict(self.row))

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The sentences with the values of the row."""
        return self.scenario.rendered_steps(dict(self.row))

    @property
    def name(self) -> str:
        """How a person calls it: "MP107-T10 S1SP2 ESME"."""
        parts = (self.scenario.scenario_id, self.row.get("s1sp", ""), self.row.get("device_type", ""))
        return " ".join(part for part in parts if part) or self.title


class WrittenTests:
    """Finds written scenarios by the node id of their tests.

    Args:
        scenarios: The written scenarios.
    """

    def __init__(self, scenarios: Iterable[WrittenScenario]) -> None:
        self._by_name: dict[tuple[str, str], list[WrittenRow]] = {}
        for scenario in scenarios:
            function = f"test_{make_python_name(scenario.title)}"
            for row in scenario.rows:
                found = WrittenRow(scenario, row)
                self._by_name.setdefault((function, "-".join(row.values())), []).append(found)

    def find(self, nodeid: str) -> WrittenRow | None:
        """The scenario of a test; `None` when there is none, or more than one could be meant."""
        function, _, rest = nodeid.rpartition("::")[2].partition("[")
        parameters = re.sub(r"@[^@\]]*$", "", rest).removesuffix("]")
        matches = self._by_name.get((function, parameters), [])
        return matches[0] if len(matches) == 1 else None
