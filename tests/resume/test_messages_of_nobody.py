"""What arrives at the callbacks of a run and belongs to nobody is kept, counted and told; so is the inbox."""

from __future__ import annotations

from pathlib import Path

import requests
from click.testing import CliRunner

from duis.smki.testpki import TestPKI
from smets1_conformance.cli import group
from target.correlation import named_request_ids
from target.deadline import Deadline
from target.inbox import InboxConfig, InboxReader, Message, SharedInbox
from target.trust import load_trust
from tests.any_target.vendor import Vendor
from tests.resume.observed import Observed
from tests.resume.runs import Run, results_of
from tests.target import messages

SELECTION = ("--", "-p", "no:randomly", "-k", "ESME and S1SP1 and (T10 or T12)")
USER = "ed-north"


def inbox(environment: Vendor, *options: str) -> tuple[int, str]:
    """`smets1-conformance inbox`: exit code, and what it says."""
    answer = CliRunner().invoke(group, ["inbox", "--target", str(environment.target_file), *options])
    return answer.exit_code, answer.output


def first_result(seen: Observed) -> tuple[str, Message]:
    """The first result of this run, and in whose mailbox it is."""
    trust = load_trust(seen.target.trust.anchors, seen.target.trust.certificates)
    reader = InboxReader(seen.site.inbox_database, trust)
    assert seen.run is not None
    began = seen.run.record
    assert began is not None
    for user in seen.target.service_user:
        for message in reader.messages(f"main/{user.name}"):
            if message.received_at > began.started and named_request_ids(message.verified):
                return user.name, message
    raise AssertionError("no result has come")


def test_messages_of_nobody_are_counted_and_listed(environment: Vendor, tmp_path: Path) -> None:
    seen, target = Observed(environment), ("--target", str(environment.target_file))
    first = Run(tmp_path / "out", *target, "--yes", *SELECTION)
    first.wait_until(lambda: first.lines >= 1)
    code, said = inbox(environment)
    assert (code, "used by a run" in said) == (0, True), said
    code, said = inbox(environment, "--stop")
    assert (code, "in use by a run; end the run first" in said) == (2, True), said
    first.kill()

    code, said = inbox(environment, "--status")
    assert (code, "used by nobody; it ends 600 s after it was" in said) == (0, True), said
    pki = TestPKI.load(environment.state / "pki")
    files = pki.tls("dsp")
    address = SharedInbox(InboxConfig.shared(seen.target)).status().port

    def arrives(user: str, document: bytes) -> int:
        return requests.post(
            f"https://127.0.0.1:{address}/main/{user}{seen.target.callback.path_suffix}",
            data=document,
            headers={"Content-Type": "application/xml"},
            cert=(str(files.certificate), str(files.key)),
            verify=str(files.ca),
            timeout=10,
        ).status_code

    unsolicited = messages.device_alert(pki, USER)
    assert [arrives(USER, unsolicited), arrives(USER, unsolicited)] == [204, 204]
    assert arrives(USER, b"<nonsense/>") == 400
    owner, result = first_result(seen)
    limit = Deadline(seen.target.deadlines.result)
    while not limit.passed:  # its deadline passes
        first.process.poll()
    assert arrives(owner, result.document) == 204

    second = Run(tmp_path / "out", *target, "--resume")
    assert second.end() == 0, second.text
    run, _ = results_of(tmp_path / "out")
    assert run.callbacks == {"of nobody": 2, "duplicate": 2, "late": 1, "refused": 1}
    listed = [line for line in run.messages_of_nobody if f" UTC, {USER}" in line or f" UTC, {owner}" in line]
    assert len(listed) == 4
    assert any("duplicate and late: result of" in line for line in listed)
    assert any("duplicate and of nobody: device alert 8F3F" in line for line in listed)
    assert "Callbacks that no verdict rests on: " in second.text
    assert "2 of nobody" in second.text

    code, said = inbox(environment, "--stop")
    assert (code, said) == (0, "stopped\n")
    assert inbox(environment, "--stop") == (0, "it was not running\n")
    assert "not running; messages are kept in" in inbox(environment, "--status")[1]
    code, said = inbox(environment, "--status", "--stop")
    assert (code, "exclude each other" in said) == (2, True)
