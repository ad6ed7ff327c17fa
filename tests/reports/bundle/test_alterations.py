"""Nothing in a bundle can be changed, added or taken away unnoticed."""

from __future__ import annotations

import random
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from reports.bundle import Finding, SigningKey, Verification, verify_bundle
from reports.bundle.container import STORED, Entry, Part, Region, regions
from reports.bundle.finding import Kind
from reports.bundle.manifest import decode
from tests.reports.bundle.conftest import Folder

SEED = 20261120
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Whole:
    """A bundle that is whole, the regions of it, and altered copies of it."""

    def __init__(self, path: Path, key: SigningKey) -> None:
        self.path = path
        self.octets = path.read_bytes()
        self.key = key
        with zipfile.ZipFile(path) as bundle:
            self.names = bundle.namelist()
            self.content = {name: bundle.read(name) for name in self.names}
            own = [
                Entry(info.filename, STORED, info.CRC, info.file_size, info.compress_size)
                for info in bundle.infolist()[:2]
            ]
        files = decode(self.content["manifest.json"]).files
        self.regions = list(regions([*own, *(file.entry for file in files)]))

    def verified(self, octets: bytes) -> Verification:
        copy = self.path.with_name("altered.zip")
        copy.write_bytes(octets)
        return verify_bundle(copy, self.key.public)

    def findings(self, octets: bytes) -> list[Finding]:
        return self.verified(octets).findings

    def rezipped(self, change: Callable[[dict[str, bytes]], None], compression: int) -> bytes:
        """Packed by another program, after a change."""
        content = dict(self.content)
        change(content)
        copy = self.path.with_name("rezipped.zip")
        with zipfile.ZipFile(copy, "w", compression) as bundle:
            for name, octets in content.items():
                bundle.writestr(name, octets)
        return copy.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = Folder(tmp_path_factory.mktemp("bundle"))
    key = SigningKey.throw_away()
    return Whole(folder.bundle(key), key)


def said(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


def is_named(region: Region, findings: list[Finding], octet: int) -> bool:
    """Whether the findings name the region that an octet of was changed in."""
    if region.name and region.part is Part.DATA:
        return any(
            finding.name == region.name and finding.kind in (Kind.ALTERED, Kind.SIGNATURE)
            for finding in findings
        )
    return f"octet {octet:,}, {region}: " in said(findings)


def test_a_bundle_that_was_not_touched_is_whole(whole: Whole) -> None:
    assert whole.findings(whole.octets) == []
    assert whole.regions[-1].end == len(whole.octets)


def test_each_region_of_the_file_is_guarded_and_named(whole: Whole) -> None:
    """One octet in every region: each local header, data, directory entry, and the end."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    for region in whole.regions:
        octet = chance.randrange(region.start, region.end)
        altered = bytearray(whole.octets)
        altered[octet] ^= chance.randrange(1, 256)
        findings = whole.findings(bytes(altered))
        assert is_named(region, findings, octet), f"octet {octet}, {region}:\n{said(findings)}"
        others = {finding.name for finding in findings if finding.kind is Kind.ALTERED} - {region.name}
        assert not others, f"octet {octet}, {region}:\n{said(findings)}"


def test_every_octet_of_the_headers_is_guarded(tmp_path: Path) -> None:
    """Those of the manifest, of its signature, of one file, and the end: no field of a header is left out."""
    key = SigningKey.throw_away()
    small = Whole(Folder(tmp_path, scenarios=1, files=1).bundle(key), key)
    for region in small.regions:
        if region.part is not Part.DATA and region.entry < 3:
            for octet in range(region.start, region.end):
                altered = bytearray(small.octets)
                altered[octet] ^= 1 << octet % 8
                findings = small.findings(bytes(altered))
                assert is_named(region, findings, octet), f"octet {octet}, {region}:\n{said(findings)}"


def random_alterations(octets: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(SEED)
    for count in range(number):
        place = chance.randrange(len(octets))
        length = chance.choice((1, 1, 1, 2, 30, 500))
        kind = ("changed", "removed", "added")[count % 3]
        if kind == "changed":
            middle, after = bytes([octets[place] ^ chance.randrange(1, 256)]), place + 1
        elif kind == "removed":
            middle, after = b"", place + length
        else:
            middle, after = chance.randbytes(length), place
        yield f"{kind} at {place} ({length})", octets[:place] + middle + octets[after:]


def test_two_hundred_random_alterations_are_found(whole: Whole) -> None:
    print(f"seed {SEED}")
    for what, altered in random_alterations(whole.octets, 200):
        assert altered != whole.octets
        findings = whole.findings(altered)
        assert findings, what
        assert all(finding.name or finding.kind is Kind.CONTAINER for finding in findings), what


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_another_program_packed_anew_is_told_file_by_file(whole: Whole, compression: int) -> None:
    chance = random.Random(SEED)
    evidence = [name for name in whole.names if name.startswith("evidence/")]
    for _ in range(8):
        removed, replaced, renamed = chance.sample(evidence, 3)

        def change(content: dict[str, bytes]) -> None:
            del content[removed]  # noqa: B023
            content[replaced] += b" "  # noqa: B023
            content[f"{renamed}.old"] = content.pop(renamed)  # noqa: B023

        findings = whole.findings(whole.rezipped(change, compression))
        told = {(finding.kind, finding.name) for finding in findings if finding.name}
        assert told == {
            (Kind.MISSING, removed),
            (Kind.ALTERED, replaced),
            (Kind.MISSING, renamed),
            (Kind.ADDED, f"{renamed}.old"),
        }
        assert any(finding.kind is Kind.CONTAINER for finding in findings)


def test_packing_anew_without_a_change_alters_no_file_but_is_told(whole: Whole) -> None:
    findings = whole.findings(whole.rezipped(lambda content: None, zipfile.ZIP_DEFLATED))
    assert {finding.kind for finding in findings} == {Kind.CONTAINER}
    assert "this is not the container that was made" in said(findings)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("added.txt", "added.txt"),
        ("../../etc/cron.d/x", "../../etc/cron.d/x"),
        ("README.TXT", "README.TXT"),
        ("evidence/\u0007", r"'evidence/\x07'"),
    ],
)
def test_a_file_that_was_appended_is_named(whole: Whole, name: str, shown: str) -> None:
    copy = whole.path.with_name("appended.zip")
    shutil.copyfile(whole.path, copy)
    with zipfile.ZipFile(copy, "a") as bundle:
        bundle.writestr(name, b"hello")
    before = set(copy.parent.rglob("*"))
    findings = verify_bundle(copy).findings
    assert (Kind.ADDED, shown) in {(finding.kind, finding.name) for finding in findings}
    assert not [finding for finding in findings if finding.kind in (Kind.ALTERED, Kind.MISSING)]
    assert set(copy.parent.rglob("*")) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_file_with_the_name_of_one_that_is_there_is_found(whole: Whole) -> None:
    copy = whole.path.with_name("twice.zip")
    shutil.copyfile(whole.path, copy)
    with zipfile.ZipFile(copy, "a") as bundle:
        bundle.writestr("junit.xml", b"<testsuites failures='0'/>")
    assert "added      junit.xml: it is 2 times in the directory" in said(verify_bundle(copy).findings)


def test_octets_before_behind_and_in_the_comment_are_found(whole: Whole) -> None:
    assert "5 octets added before the beginning" in said(whole.findings(b"hello" + whole.octets))
    assert f"5 octets added after the end, from octet {len(whole.octets):,} on" in said(
        whole.findings(whole.octets + b"hello")
    )
    commented = whole.octets[:-2] + struct.pack("<H", 5) + b"hello"
    assert "end of the central directory" in said(whole.findings(commented))


def test_octets_between_two_files_are_found_at_their_place(whole: Whole) -> None:
    place = next(each for each in whole.regions if each.name == "junit.xml").start
    findings = whole.findings(whole.octets[:place] + b"??" + whole.octets[place:])
    assert said(findings) == (
        f"container  2 octets added at octet {place:,}, between data of completion-report.html and local "
        "header of junit.xml"
    )


def test_other_deflated_octets_for_the_same_content_are_found(whole: Whole) -> None:
    """The content, its CRC-32 and its length are as before; what stands in the container is not."""
    for region in whole.regions:
        if region.part is Part.DATA and region.entry > 1:
            data = whole.octets[region.start : region.end]
            # A deflate stream ends within an octet; nobody reads the bits behind it.
            altered = data[:-1] + bytes([data[-1] ^ 0x80])
            if zlib.decompressobj(-15).decompress(altered) == whole.content[region.name]:
                octets = whole.octets[: region.start] + altered + whole.octets[region.end :]
                told = f"container  octets {region.start:,} to {region.end:,}, {region}: not as written"
                assert said(whole.findings(octets)) == told
                break
    else:
        pytest.fail("no file ends within an octet")


def test_a_bundle_cut_short_is_found(whole: Whole) -> None:
    told = said(whole.findings(whole.octets[:-3]))
    end = len(whole.octets) - 3
    assert (
        told == f"container  3 octets removed from the end: cut short at octet {end:,}, {whole.regions[-1]}"
    )
    region = next(each for each in whole.regions if each.name == "SHA256SUMS" and each.part is Part.LOCAL)
    findings = whole.findings(whole.octets[: region.start])
    assert [finding.name for finding in findings] == ["SHA256SUMS", ""], said(findings)
    assert f"cut short at octet {region.start:,}, local header of SHA256SUMS" in said(findings)
    for length in (len(whole.octets) // 2, 6000, 500):
        assert whole.findings(whole.octets[:length]), length


def test_the_other_signature_that_ecdsa_allows_is_found(whole: Whole) -> None:
    signature = whole.content["manifest.json.sig"]
    r, s = decode_dss_signature(signature)
    other = encode_dss_signature(r, P256_ORDER - s)
    assert isinstance(whole.key.public.key, ec.EllipticCurvePublicKey)
    if len(other) != len(signature):  # keep the length, so that only the signature differs
        findings = whole.findings(whole.rezipped(lambda c: c.update({"manifest.json.sig": other}), 0))
    else:
        findings = whole.findings(whole.octets.replace(signature, other))
    assert any(finding.name == "manifest.json.sig" for finding in findings), said(findings)


def test_a_bundle_that_a_forger_signed_himself_is_found_by_the_key(folder: Folder, whole: Whole) -> None:
    forged = folder.bundle(SigningKey.throw_away(), "forged.zip")
    assert verify_bundle(forged).whole
    findings = verify_bundle(forged, whole.key.public).findings
    assert [finding.kind for finding in findings] == [Kind.SIGNATURE]
    assert whole.key.public.fingerprint in said(findings)


def test_a_manifest_with_another_digest_does_not_verify(whole: Whole) -> None:
    digest = decode(whole.content["manifest.json"]).files[0].sha256.encode()
    altered = whole.octets.replace(digest, digest[::-1], 1)
    told = said(whole.findings(altered))
    assert "altered    manifest.json: the signature over the manifest does not verify" in told
    assert not whole.verified(altered).manifest_holds


def test_a_manifest_that_is_no_json_any_more_is_named(whole: Whole) -> None:
    start = whole.octets.index(b'{\n "format"')
    verification = whole.verified(whole.octets[:start] + b"[" + whole.octets[start + 1 :])
    assert [finding.name for finding in verification.findings] == ["manifest.json"]
    assert verification.manifest is None
