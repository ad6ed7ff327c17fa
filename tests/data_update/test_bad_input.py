"""What a user can get wrong on the command line: one clear message, exit code 2, nothing half-written."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI
from tests.data_update.apply_process import plan_of
from tests.data_update.bad_files import CERTIFICATES, LAYOUTS, REGISTRATIONS
from tests.data_update.bad_plans import DATABASES, PLANS
from tests.data_update.desk import GOOD, MPRN, Arrange, Desk, call
from tests.data_update.pki import write_pem


@pytest.fixture(scope="module")
def made_plan(
    _sqlite_template: Path, certificate_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("plan") / "made.plan"
    return plan_of(str(_sqlite_template), certificate_folder, path).path


@pytest.fixture
def desk(sqlite_database: str, made_plan: Path, pki: TestPKI, tmp_path: Path) -> Desk:
    desk = Desk(tmp_path, pki)
    assert Path(sqlite_database) == desk.database
    shutil.copy(made_plan, desk.plan)
    party = pki.party("ed-north")
    write_pem(tmp_path / "shared" / "smki.pem", pki.root, pki.issuing)
    write_pem(tmp_path / "shared" / "ds.pem", party.digital_signing)
    write_pem(tmp_path / "shared" / "ka.pem", party.key_agreement)
    desk.list_row()
    return desk


def test_what_is_on_the_desk_is_good(desk: Desk) -> None:
    """Without a mistake each command succeeds: what the cases are refused for is their one mistake."""
    assert call(desk.make_plan())[0] == 0
    assert call(desk.apply())[0] == 0
    again = [
        "plan",
        desk.folder / "again.plan",
        "--database",
        desk.database,
        "--certificates",
        desk.certificates,
    ]
    desk.with_registrations(GOOD, f"{MPRN},GT,NRTH,2021-06-30T00:00:00Z")
    desk.layout.write_text('scope = "estate"\n', encoding="utf-8")
    assert call([*again, "--registrations", desk.registrations, "--layout", desk.layout])[0] == 0


ALL = {
    f"{title}: {name}": case
    for title, cases in {
        "database": DATABASES,
        "certificates": CERTIFICATES,
        "registrations": REGISTRATIONS,
        "plan": PLANS,
        "layout": LAYOUTS,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize(("arrange", "told"), ALL.values(), ids=ALL.keys())
def test_bad_input(desk: Desk, arrange: Arrange, told: list[str]) -> None:
    arguments = arrange(desk)
    before = desk.everything()
    code, output = call(arguments)
    assert code == 2, output
    for part in told:
        expected = part.format(
            folder=desk.folder,
            database=desk.database,
            plan=desk.plan,
            list=desk.certificates,
            shared=desk.certificates.parent,
            registrations=desk.registrations,
            layout=desk.layout,
        )
        assert expected in output
    assert output.count("Error: ") == 1
    assert "Traceback" not in output
    assert "s3cret" not in output
    assert "PRIVATE KEY" not in output
    assert desk.everything() == before


def test_a_list_of_which_no_certificate_can_be_placed(desk: Desk) -> None:
    """That is no error: its devices are left alone, with the reason; but it is said why nothing is to do."""
    end = desk.pki.party("ed-north").digital_signing.not_after
    code, output = call(desk.make_plan("--at", (end + timedelta(days=1)).isoformat()))
    assert code == 0
    assert f"{desk.certificates}: none of its certificates can be placed; ask the Network Operators" in output
    assert (
        "North Networks (02-53-31-00-00-00-00-11) shared no digital signing certificate that is valid"
        in output
    )
    assert "Nothing is to be replaced." in output
