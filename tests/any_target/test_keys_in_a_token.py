"""A run whose requests are all signed by a PKCS#11 token: the key files do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from duis.smki.testpki import TestPKI
from tests.any_target.conftest import Conformance
from tests.any_target.vendor import vendor
from tests.duis.soft_token import SoftToken, unload, why_not


@pytest.mark.skipif(why_not() is not None, reason=why_not() or "")
def test_a_token_signs_a_run(
    conformance: Conformance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    request.addfinalizer(unload)  # stopping the inbox reads the target file in this process
    with vendor(tmp_path / "vendor", consumables=1) as environment:
        token = SoftToken.create(tmp_path / "token")
        uris = token.add_signing_keys(TestPKI.load(environment.state / "pki"))
        target = environment.target_file
        target.write_text(token.rewrite(target.read_text(), uris, "TOKEN_PIN"))
        for file in uris:
            file.unlink()
        for name, value in {**token.environment, "TOKEN_PIN": token.pin}.items():
            monkeypatch.setenv(name, value)
        run = conformance(target, "-n", 2, "--", "-k", "S1SP1 and ESME")
        assert run.code == 0, run.text
        assert run.verdicts["passed"] >= 25
        outputs = [file.read_bytes() for file in run.output.rglob("*") if file.is_file()]
        assert all(token.pin.encode() not in each for each in (*outputs, run.text.encode()))
