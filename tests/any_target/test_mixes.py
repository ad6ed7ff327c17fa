"""The same features, unchanged, against every mix of emulators and endpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.any_target.conftest import Conformance
from tests.any_target.vendor import vendor

SELECTED = (
    "S1SP2 and (T17 or ESME and "
    "(T01 or T02 or T03 or T11 or T12 or T20 or T22 or T23 or T34 or T35 or T40 or R2-01 or R2-11))"
)
"""Every kind of Given and every way a scenario leaves a device behind, for one S1SP; and a scenario that is
about the GPF alone.
"""

NOT_WHERE_A_POPULATION_IS_SHARED = {"MP107-R2-01", "MP107-R2-11"}
"""The data update is for a whole population."""

NOT_AT_A_DSP_ENDPOINT = {"MP107-T22", "MP107-T23"}
NOT_AT_AN_S1SP_ENDPOINT = {"MP107-T03", "MP107-T17", "MP107-T20", "MP107-T22"}


@pytest.mark.parametrize(
    ("emulated_by_us", "not_applicable"),
    [
        pytest.param((), NOT_AT_A_DSP_ENDPOINT | NOT_AT_AN_S1SP_ENDPOINT, id="all endpoints"),
        pytest.param(("s1sp1", "s1sp2", "s1sp3"), NOT_AT_A_DSP_ENDPOINT, id="DSP endpoint, emulated S1SPs"),
        pytest.param(
            ("dsp", "s1sp1", "s1sp3"), NOT_AT_AN_S1SP_ENDPOINT, id="emulated DSP, one S1SP endpoint"
        ),
    ],
)
def test_every_mix(
    conformance: Conformance, tmp_path: Path, emulated_by_us: tuple[str, ...], not_applicable: set[str]
) -> None:
    with vendor(tmp_path / "vendor", emulated_by_us=emulated_by_us) as environment:
        run = conformance(environment.target_file, "--", "-k", SELECTED)
        assert run.code == 0, run.text
        assert set(run.verdicts) <= {"passed", "not applicable"}, run.text
        skipped = {each["scenario_id"] for each in run.results if each["status"] == "not applicable"}
        assert skipped == not_applicable | NOT_WHERE_A_POPULATION_IS_SHARED
