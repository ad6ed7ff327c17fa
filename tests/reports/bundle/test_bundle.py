"""What is in a bundle, and that other programs can read it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reports.bundle import BundleError, NotABundle, SigningKey, verify_bundle
from reports.bundle.container import DEFLATED, MOST_ENTRIES, Entry, regions
from reports.results import ScenarioResult, Status
from reports.results_folder import read_results
from tests.reports.bundle.conftest import Folder, message


def test_every_message_is_there_octet_for_octet_and_the_table_tells_what_it_is(
    folder: Folder, key: SigningKey
) -> None:
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        names = bundle.namelist()
        evidence = {name: bundle.read(name) for name in names if name.startswith("evidence/")}
        table = list(csv.DictReader(io.StringIO(bundle.read("messages.csv").decode(), newline="")))
        records = json.loads(bundle.read("messages.json"))
        manifest = json.loads(bundle.read("manifest.json"))
    assert len(evidence) == 9
    assert evidence["evidence/MP107-T01-0002-01-response.xml"] == message(2, 1, 300)
    assert [row["file"] for row in table] == [record["file"] for record in records] == sorted(evidence)
    row = table[4]
    assert (row["scenario"], row["s1sp"], row["kind"], row["from"], row["to"]) == (
        "MP107-T01",
        "S1SP2",
        "response",
        "ed-north",
        "DSP",
    )
    assert row["step"] == "When the Network Operator sends SRV 6.15.1"
    assert (row["at"], row["RequestID"]) == ("2026-11-20T10:00:01.000+00:00", "A:B:21")
    assert records[4]["facts"] == {"RequestID": "A:B:21", "ResponseCode": "I99"}
    wanted = {"results.jsonl", "run.json", "completion-report.html", "junit.xml", "environment.txt"}
    wanted |= {"features/requirements.toml", "features/requirement_1/repair.feature", "README.txt"}
    assert wanted <= set(names)
    assert not {"notes.txt", "target.json", "resume.json"} & set(names)
    assert (manifest["run"]["target"], manifest["run"]["state"]) == ("SIT-A", "complete")
    assert manifest["run"]["scenarios"] == {"passed": 3}
    listed = {file["name"]: file for file in manifest["files"]}
    assert set(listed) == set(names) - {"manifest.json", "manifest.json.sig"}


def test_the_manifest_tells_size_and_digest_of_every_file(folder: Folder, key: SigningKey) -> None:
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        for file in json.loads(bundle.read("manifest.json"))["files"]:
            octets = bundle.read(file["name"])
            assert (file["size"], file["sha256"]) == (len(octets), hashlib.sha256(octets).hexdigest())


def test_the_results_can_be_read_from_a_bundle_that_was_unpacked(
    folder: Folder, key: SigningKey, tmp_path: Path
) -> None:
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        bundle.extractall(tmp_path / "unpacked")
    assert read_results(tmp_path / "unpacked") == read_results(folder.results)


def test_the_same_results_and_key_give_the_same_octets(folder: Folder) -> None:
    key = SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    first = folder.bundle(key, "first.zip").read_bytes()
    for path in folder.results.rglob("*"):
        path.touch()
    assert folder.bundle(key, "second.zip").read_bytes() == first


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(folder: Folder, key: SigningKey) -> None:
    answer = subprocess.run(["unzip", "-t", folder.bundle(key)], capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "No errors detected" in answer.stdout


def test_the_readme_says_how_to_verify_with_sha256sum(
    folder: Folder, key: SigningKey, tmp_path: Path
) -> None:
    path = folder.bundle(key)
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path / "unpacked")
    assert "sha256sum --check --quiet SHA256SUMS" in (tmp_path / "unpacked" / "README.txt").read_text()
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "unpacked").returncode == 0
    (tmp_path / "unpacked" / "junit.xml").write_text("<testsuites />")
    assert subprocess.run(check, cwd=tmp_path / "unpacked", capture_output=True).returncode == 1


def test_the_verdict_of_a_run_tells_of_known_issues(folder: Folder, key: SigningKey) -> None:
    folder.run.exit_meaning = "conforms but for 1 known issue"
    folder.write_run()
    manifest = verify_bundle(folder.bundle(key)).manifest
    assert manifest is not None
    assert manifest.run.verdict == "conforms but for 1 known issue"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"finished": ""}, "incomplete: the run was killed, or is still at work; 3 of 3"),
        (
            {"ended_early": "the endpoint is dead", "exit_code": 3},
            "incomplete: ended early: the endpoint is dead",
        ),
        ({"selected": 4, "exit_code": 3}, "incomplete: 3 of 4 selected scenarios have a verdict"),
    ],
)
def test_a_run_that_did_not_come_to_its_end_is_said_to_be_incomplete(
    folder: Folder, key: SigningKey, change: dict[str, object], state: str
) -> None:
    for name, value in change.items():
        setattr(folder.run, name, value)
    folder.write_run()
    path = folder.bundle(key)
    manifest = verify_bundle(path).manifest
    assert manifest is not None
    assert manifest.run.state.startswith(state)
    assert manifest.run.verdict.startswith("incomplete")
    with zipfile.ZipFile(path) as bundle:
        assert "EVIDENCE OF AN INCOMPLETE RUN" in bundle.read("README.txt").decode()


def test_a_line_cut_short_by_a_kill_is_left_out_and_its_evidence_kept(
    folder: Folder, key: SigningKey
) -> None:
    results = folder.results / "results.jsonl"
    results.write_bytes(results.read_bytes()[:-20])
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        kept = bundle.read("results.jsonl")
        records = json.loads(bundle.read("messages.json"))
    assert kept == results.read_bytes()[: len(kept)]
    assert kept.count(b"\n") == 2
    assert [record["step"] for record in records[6:]] == ["of a scenario without a record"] * 3


def test_evidence_that_is_missing_is_named_and_refused_or_recorded(folder: Folder, key: SigningKey) -> None:
    name = "MP107-T01-0002-01-response.xml"
    (folder.evidence / name).unlink()
    with pytest.raises(BundleError, match=f"evidence/{name}"):
        folder.bundle(key)
    assert not list(folder.folder.glob("*.zip"))
    verification = verify_bundle(folder.bundle(key, allow_missing=True))
    assert verification.whole
    assert verification.manifest is not None
    assert verification.manifest.missing == (name,)


def test_features_that_have_changed_since_the_run_are_told(folder: Folder, key: SigningKey) -> None:
    changed = folder.feature.read_text().replace("sends SRV 6.15.1", "sends SRV 6.21")
    folder.feature.write_text(changed)
    manifest = verify_bundle(folder.bundle(key)).manifest
    assert manifest is not None
    assert "3 scenarios read otherwise (MP107-T01 S1SP1" in " ".join(manifest.remarks)


def test_a_link_below_evidence_is_refused(folder: Folder, key: SigningKey) -> None:
    (folder.evidence / "x.xml").symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match=r"x\.xml: a link"):
        folder.bundle(key)


def test_names_that_are_one_for_some_file_systems_are_refused(folder: Folder, key: SigningKey) -> None:
    (folder.evidence / "mp107-t01-0001-00-REQUEST.xml").write_text("<X/>")
    with pytest.raises(BundleError, match="one name for some file systems"):
        folder.bundle(key)
    assert [path.name for path in folder.folder.iterdir() if path.is_file()] == []


def test_what_a_spreadsheet_would_take_for_a_formula_is_text(folder: Folder, key: SigningKey) -> None:
    _, (result, *_) = read_results(folder.results)
    hostile = result.as_json()
    hostile["steps"][0]["attachments"][0]["title"] = '=HYPERLINK("https://evil.example")'
    lines = (folder.results / "results.jsonl").read_text().splitlines()[1:]
    (folder.results / "results.jsonl").write_text("\n".join([json.dumps(hostile), *lines]) + "\n")
    with zipfile.ZipFile(folder.bundle(key)) as bundle:
        first = next(csv.DictReader(io.StringIO(bundle.read("messages.csv").decode(), newline="")))
    assert first["title"] == '\'=HYPERLINK("https://evil.example")'


def test_too_much_for_the_container_is_refused_before_anything_is_written() -> None:
    many = [Entry(f"evidence/{number}", DEFLATED, 0, 1, 1) for number in range(MOST_ENTRIES + 1)]
    with pytest.raises(BundleError, match="at most 65,534 files, these would be 65,535"):
        next(regions(many))
    next(regions(many[:-1]))
    large = [Entry(f"evidence/{number}", DEFLATED, 0, 1 << 30, 1 << 30) for number in range(4)]
    with pytest.raises(BundleError, match="at most 4,294,967,294 octets, this would have 4,294,967,7"):
        next(regions(large))
    next(regions(large[:-1]))
    with pytest.raises(BundleError, match="octets"):
        next(regions([Entry("evidence/zeros", DEFLATED, 0, 1 << 32, 1 << 20)]))


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"")
    with pytest.raises(NotABundle, match=r"x\.zip: the file is empty"):
        verify_bundle(path)
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("manifest.txt", "hello")
    with pytest.raises(NotABundle, match=r"x\.zip: this is no evidence bundle"):
        verify_bundle(path)


def test_a_bundle_of_a_later_version_is_not_judged(folder: Folder, key: SigningKey) -> None:
    path = folder.bundle(key)
    path.write_bytes(path.read_bytes().replace(b"evidence bundle, version 1", b"evidence bundle, version 2"))
    with pytest.raises(NotABundle, match=r"evidence\.zip: the bundle is of version 2"):
        verify_bundle(path)


def test_a_run_at_work_is_bundled_as_it_was_at_one_moment(folder: Folder, key: SigningKey) -> None:
    contents = folder.contents()
    snapshot = contents.snapshot()
    with (folder.results / "results.jsonl").open("a") as results:
        late = ScenarioResult("MP107-T02", "late", "Repair", "features/x.py::test_late", status=Status.PASSED)
        results.write(json.dumps(late.as_json()) + "\n")
    sources = {source.name: b"".join(source.chunks()) for source in contents.sources(snapshot)}
    assert b"MP107-T02" not in sources["results.jsonl"]
