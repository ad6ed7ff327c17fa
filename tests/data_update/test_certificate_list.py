"""The certificate list: which certificates replace those in a slot, and how bad lists are told."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data_update.certificate_list import Pair, Unusable, load_certificate_list
from data_update.errors import DataUpdateError
from data_update.reasons import Reason
from duis.identifiers import EUI64
from duis.smki.certificate import OrganisationCertificate
from duis.smki.issuing import Validity, new_key
from duis.smki.testpki import TestPKI, mint
from tests.data_update.pki import (
    AGREEMENT,
    AT,
    DAY,
    EXPIRED,
    NEWER,
    NORTH,
    NOT_YET_VALID,
    SIGNING,
    SOUTH,
    VALID,
    Smki,
    list_of_test_pki,
    write_csv,
    write_folder,
    write_pem,
)


@pytest.fixture(scope="module")
def smki() -> Smki:
    return Smki()


@pytest.fixture(scope="module")
def pair(smki: Smki) -> tuple[OrganisationCertificate, OrganisationCertificate]:
    return smki.pair(NORTH)


@pytest.fixture
def listed(tmp_path: Path, smki: Smki, pair: tuple[OrganisationCertificate, OrganisationCertificate]) -> Path:
    """A list that is a CSV file, with one Network Operator and its authorities."""
    write_pem(tmp_path / "smki.pem", *smki.authorities)
    write_pem(tmp_path / "north" / "ds.pem", pair[0])
    write_pem(tmp_path / "north" / "ka.pem", pair[1])
    return write_csv(tmp_path / "list.csv", [row()])


def row(**changed: str) -> dict[str, str]:
    return {
        "network_operator": "North Networks",
        "entity_identifier": NORTH,
        "market_participant_id": "NRTH",
        "digital_signing": "north/ds.pem",
        "key_agreement": "north/ka.pem",
    } | changed


def replacement(folder: Path, smki: Smki, *certificates: OrganisationCertificate) -> Pair | Unusable:
    """What a folder with those certificates and the authorities offers for the party in the north."""
    write_folder(folder, [*smki.authorities, *certificates])
    return load_certificate_list(folder, at=AT).replacement(NORTH)


def refusal(path: Path, trust: Path | None = None) -> str:
    with pytest.raises(DataUpdateError) as caught:
        load_certificate_list(path, at=AT, trust=trust)
    return str(caught.value)


class TestReplacement:
    def test_a_folder(self, tmp_path: Path, smki: Smki) -> None:
        signing, agreement = smki.pair(NORTH, name="North Networks")
        write_pem(tmp_path / "deep" / "smki.pem", *smki.authorities)
        write_pem(tmp_path / "north.pem", signing)
        (tmp_path / "north.CER").write_bytes(agreement.der)
        (tmp_path / "readme.txt").write_text("no certificate")
        (tmp_path / "folder.pem").mkdir()
        found = load_certificate_list(tmp_path, at=AT)
        assert found.replacement(NORTH) == Pair(signing, agreement)
        assert list(found.usable()) == [Pair(signing, agreement)]
        assert found.parties[NORTH].name == "North Networks"

    def test_a_test_pki(self, tmp_path: Path) -> None:
        pki: TestPKI = mint(tmp_path / "pki", AT)
        folder = list_of_test_pki(pki, tmp_path / "list", without=["gt-south"])
        found = load_certificate_list(folder, at=AT, trust=pki.directory / "smki")
        assert [pair.party for pair in found.usable()] == [
            pki.party(name).entity_identifier for name in ("ed-north", "ed-central", "ed-south", "gt-north")
        ]
        missing = found.replacement(pki.party("gt-south").entity_identifier)
        assert isinstance(missing, Unusable)
        assert missing.reason is Reason.NO_CERTIFICATE_SHARED

    def test_a_csv_names_a_party_both_ways(
        self, listed: Path, pair: tuple[OrganisationCertificate, OrganisationCertificate]
    ) -> None:
        found = load_certificate_list(listed, at=AT)
        for name in (NORTH, NORTH.lower(), "NRTH", "nrth"):
            assert found.replacement(name) == Pair(*pair)
            assert found.entity_identifier(name) == NORTH
        assert found.parties[NORTH].market_participant_id == "NRTH"
        assert found.entity_identifier(SOUTH) == SOUTH
        assert found.entity_identifier("STHN") is None

    def test_a_csv_as_a_spreadsheet_saves_it(self, listed: Path) -> None:
        text = listed.read_text(encoding="utf-8")
        listed.write_text(
            "\ufeff" + text.replace("\n", "\r\n\r\n") + ",,,,\r\n", encoding="utf-8", newline=""
        )
        assert isinstance(load_certificate_list(listed, at=AT).replacement(NORTH), Pair)

    def test_a_csv_without_the_optional_column(self, listed: Path) -> None:
        columns = ("network_operator", "entity_identifier", "digital_signing", "key_agreement")
        write_csv(listed, [{name: row()[name] for name in columns}], columns)
        assert isinstance(load_certificate_list(listed, at=AT).replacement(NORTH), Pair)

    def test_the_certificate_that_started_last_wins(self, tmp_path: Path, smki: Smki) -> None:
        newer = smki.pair(NORTH, NEWER)
        others = [*smki.pair(NORTH, VALID), *smki.pair(NORTH, EXPIRED), *smki.pair(NORTH, NOT_YET_VALID)]
        assert replacement(tmp_path, smki, *others, *newer) == Pair(*newer)

    def test_a_newer_certificate_that_is_not_trusted_does_not_win(self, tmp_path: Path, smki: Smki) -> None:
        signing, agreement = smki.pair(NORTH)
        stranger = Smki().certificate(NORTH, SIGNING, NEWER)
        assert replacement(tmp_path, smki, stranger, signing, agreement) == Pair(signing, agreement)

    def test_a_certificate_that_is_there_twice_is_one(self, tmp_path: Path, smki: Smki) -> None:
        pair = smki.pair(NORTH)
        assert replacement(tmp_path, smki, *pair, *pair) == Pair(*pair)

    def test_a_pem_file_of_a_csv_may_hold_several(self, listed: Path, smki: Smki) -> None:
        newer = smki.certificate(NORTH, SIGNING, NEWER)
        old = smki.certificate(NORTH, SIGNING, EXPIRED)
        write_pem(listed.parent / "north" / "ds.pem", old, newer, smki.issuing.certificate)
        found = load_certificate_list(listed, at=AT).replacement("NRTH")
        assert isinstance(found, Pair)
        assert found.digital_signing == newer

    def test_validity_includes_both_ends(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH)])
        second = timedelta(seconds=1)
        for at, usable in (
            (VALID.not_before - second, False),
            (VALID.not_before, True),
            (VALID.not_after, True),
            (VALID.not_after + second, False),
        ):
            found = load_certificate_list(tmp_path, at=at).replacement(NORTH)
            assert isinstance(found, Pair) is usable


class TestUnusable:
    def unusable(
        self, folder: Path, smki: Smki, *certificates: OrganisationCertificate
    ) -> tuple[Reason, str]:
        found = replacement(folder, smki, *certificates)
        assert isinstance(found, Unusable)
        return found.reason, found.detail

    def test_two_with_the_same_start(self, tmp_path: Path, smki: Smki) -> None:
        first, second = (smki.certificate(NORTH, AGREEMENT) for _ in range(2))
        signing = smki.certificate(NORTH, SIGNING)
        reason, detail = self.unusable(tmp_path, smki, first, signing, second)
        assert reason is Reason.AMBIGUOUS
        assert "2 key agreement certificates with the same start" in detail
        assert str(first.serial) in detail
        assert str(second.serial) in detail

    def test_expired_and_not_yet_valid(self, tmp_path: Path, smki: Smki) -> None:
        old, coming = (
            smki.certificate(NORTH, SIGNING, EXPIRED),
            smki.certificate(NORTH, SIGNING, NOT_YET_VALID),
        )
        reason, detail = self.unusable(tmp_path, smki, old, coming, smki.certificate(NORTH, AGREEMENT))
        assert reason is Reason.CERTIFICATE_EXPIRED
        assert "no digital signing certificate that is valid at 2026-03-01T12:00:00" in detail
        assert f"serial {old.serial}, 2025-08-13T12:00:00Z to 2026-02-28T12:00:00Z" in detail
        assert f"serial {coming.serial}" in detail

    def test_untrusted(self, tmp_path: Path, smki: Smki) -> None:
        stranger = Smki().certificate(NORTH, SIGNING, name="North Networks")
        reason, detail = self.unusable(tmp_path, smki, stranger, smki.certificate(NORTH, AGREEMENT))
        assert reason is Reason.CERTIFICATE_UNTRUSTED
        assert detail.startswith(f"North Networks ({NORTH}) shared no trusted digital signing certificate")
        assert str(stranger.serial) in detail

    def test_under_an_expired_authority(self, tmp_path: Path, smki: Smki) -> None:
        late = smki.root.certificate.not_after + DAY
        outlives = Validity(VALID.not_before, late + DAY)
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH, outlives)])
        found = load_certificate_list(tmp_path, at=late).replacement(NORTH)
        assert isinstance(found, Unusable)
        assert found.reason is Reason.CERTIFICATE_UNTRUSTED
        assert "expired: certificate CN=Z" in found.detail

    @pytest.mark.parametrize(("use", "words"), [(SIGNING, "key agreement"), (AGREEMENT, "digital signing")])
    def test_one_use_missing(self, tmp_path: Path, smki: Smki, use: str, words: str) -> None:
        certificate = smki.certificate(NORTH, type(SIGNING)(use))
        reason, detail = self.unusable(tmp_path, smki, certificate)
        assert reason is Reason.NO_CERTIFICATE_SHARED
        assert detail.endswith(f"shared no {words} certificate")

    def test_not_in_the_list(self, listed: Path) -> None:
        for name in (SOUTH, "STHN", "no identifier at all"):
            assert load_certificate_list(listed, at=AT).replacement(name) == Unusable(
                Reason.NO_CERTIFICATE_SHARED, f"{name} is not in the certificate list"
            )

    def test_no_smki_presence_and_nothing_shared(self, listed: Path) -> None:
        nothing = {"digital_signing": "", "key_agreement": ""}
        south = row(network_operator="South", market_participant_id="STHN", entity_identifier="", **nothing)
        east = row(network_operator="East", market_participant_id="EAST", entity_identifier=SOUTH, **nothing)
        write_csv(listed, [row(), south, east])
        found = load_certificate_list(listed, at=AT)
        assert found.replacement("STHN") == Unusable(
            Reason.NO_SMKI_PRESENCE, "South (STHN) has no Entity Identifier in the list"
        )
        assert found.entity_identifier("STHN") is None
        east_found = found.replacement("EAST")
        assert isinstance(east_found, Unusable)
        assert east_found.reason is Reason.NO_CERTIFICATE_SHARED
        assert [each.party for each in found.usable()] == [NORTH]


class TestAnchors:
    def test_the_roots_in_the_list(self, listed: Path, smki: Smki) -> None:
        found = load_certificate_list(listed, at=AT)
        assert found.anchors.startswith("the roots in the list itself: certificate CN=ZA,OU=00")
        assert smki.root.certificate.sha256.hex() in found.anchors

    def test_given_roots_take_the_place_of_those_in_the_list(self, listed: Path, smki: Smki) -> None:
        own = write_pem(listed.parent / "trust" / "root.pem", smki.root.certificate)
        found = load_certificate_list(listed, at=AT, trust=own)
        assert found.anchors.startswith(f"from {own}: ")
        assert isinstance(found.replacement(NORTH), Pair)
        stranger = write_pem(listed.parent / "stranger.txt", Smki().root.certificate)
        other = load_certificate_list(listed, at=AT, trust=stranger).replacement(NORTH)
        assert isinstance(other, Unusable)
        assert other.reason is Reason.CERTIFICATE_UNTRUSTED

    def test_without_any_root(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [smki.issuing.certificate, *smki.pair(NORTH)])
        assert refusal(tmp_path) == (
            f"{tmp_path}: no root certificate (role 00) with the list; give the one of SMKI with --trust"
        )

    def test_a_list_cannot_vouch_for_itself(self, tmp_path: Path, smki: Smki) -> None:
        folder = write_folder(tmp_path / "list", smki.pair(NORTH))
        assert "holds no certificate of an authority; give the root" in refusal(folder, trust=folder)

    def test_trust_that_cannot_be_read(self, tmp_path: Path, listed: Path) -> None:
        (tmp_path / "trust.pem").write_text("nothing")
        (tmp_path / "empty").mkdir()
        for name, told in (("trust.pem", "DER"), ("empty", "no certificate"), ("missing", "cannot be read")):
            message = refusal(listed, trust=tmp_path / name)
            assert message.startswith(f"{tmp_path / name}: ")
            assert told in message
            assert message.endswith("with --trust")


class TestDigest:
    def test_it_depends_on_neither_order_nor_file_names(self, tmp_path: Path, smki: Smki) -> None:
        certificates = [*smki.authorities, *smki.pair(NORTH), *smki.pair(SOUTH)]
        first = load_certificate_list(write_folder(tmp_path / "one", certificates), at=AT)
        again = load_certificate_list(write_folder(tmp_path / "two", certificates[::-1]), at=AT)
        bundle = load_certificate_list(write_pem(tmp_path / "three" / "all.pem", *certificates).parent, at=AT)
        assert first.digest == again.digest == bundle.digest
        assert list(first.usable()) == list(again.usable())
        fewer = load_certificate_list(write_folder(tmp_path / "four", certificates[:-1]), at=AT)
        assert fewer.digest != first.digest

    def test_rows_of_a_csv_in_any_order(self, listed: Path) -> None:
        south = row(entity_identifier="", market_participant_id="STHN", digital_signing="", key_agreement="")
        digests = set()
        for rows in ([row(), south], [south, row()]):
            digests.add(load_certificate_list(write_csv(listed, rows), at=AT).digest)
        assert len(digests) == 1
        for changed in ({"network_operator": "Renamed"}, {"market_participant_id": "NEWN"}):
            digests.add(load_certificate_list(write_csv(listed, [row(**changed), south]), at=AT).digest)
        assert len(digests) == 3


class TestBadLists:
    def test_missing_and_unknown_kinds(self, tmp_path: Path) -> None:
        assert "missing: not found; give the folder" in refusal(tmp_path / "missing")
        assert "missing.csv: cannot be read: No such file" in refusal(tmp_path / "missing.csv")
        other = tmp_path / "list.xlsx"
        other.touch()
        assert refusal(other).startswith(f"{other}: neither a folder nor a .csv file; give the folder")

    def test_an_empty_list(self, tmp_path: Path, smki: Smki, listed: Path) -> None:
        folder = write_folder(tmp_path / "only-authorities", smki.authorities)
        empty = tmp_path / "empty"
        empty.mkdir()
        for path in (folder, empty, write_csv(listed, [])):
            assert refusal(path) == (
                f"{path}: holds no certificate of a Network Operator; expected files ending in "
                ".cer, .crt, .der, .pem, in the folder or named by the CSV"
            )

    def test_not_a_certificate(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH)])
        (tmp_path / "bad.der").write_bytes(b"\x30\x03nothing")
        assert refusal(tmp_path).startswith(f"{tmp_path / 'bad.der'}: not a DER certificate: ")
        assert "expected certificates as DER or PEM; ask the Network Operator" in refusal(tmp_path)

    def test_a_private_key_is_refused_and_not_shown(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH)])
        key = new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "000.key").write_bytes(key)
        assert isinstance(load_certificate_list(tmp_path, at=AT).replacement(NORTH), Pair)
        file = tmp_path / "002.pem"
        file.write_bytes(file.read_bytes() + key)
        message = refusal(tmp_path)
        assert message.startswith(f"{file}: holds a private key")
        assert "take the certificate alone" in message
        assert not any(line in message for line in key.decode().splitlines()[1:-1])

    @pytest.mark.parametrize("role", ["02", "87", "04"])
    def test_a_certificate_of_another_role(self, tmp_path: Path, smki: Smki, role: str) -> None:
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH)])
        file = write_pem(tmp_path / "x" / "other.pem", smki.certificate(NORTH, SIGNING, role=role))
        message = refusal(tmp_path)
        assert message.startswith(f"{file}: certificate ")
        assert "take it out: a list holds those of Network Operators (role 03)" in message

    @pytest.mark.parametrize(
        ("found", "changed", "told"),
        [
            # keyUsage: BIT STRING of digitalSignature (80) and keyAgreement (08), both, and neither.
            ("0603551d0f0101ff040403020780", "0603551d0f0101ff040403020388", "keyUsage is not exactly one"),
            ("0603551d0f0101ff040403020780", "0603551d0f0101ff040403020700", "keyUsage is not exactly one"),
            ("2a8648ce3d040302", "2a8648ce3d040303", "signature algorithm is not ecdsa-with-SHA256"),
            ("2a8648ce3d030107", "2a8648ce3d030105", "an extension or the key cannot be read"),
        ],
    )
    def test_a_certificate_off_the_profile(
        self, tmp_path: Path, smki: Smki, found: str, changed: str, told: str
    ) -> None:
        write_folder(tmp_path, smki.authorities)
        octets = smki.certificate(NORTH, SIGNING).der
        file = tmp_path / "odd.der"
        file.write_bytes(octets.replace(bytes.fromhex(found), bytes.fromhex(changed)))
        assert file.read_bytes() != octets
        message = refusal(tmp_path)
        assert message.startswith(f"{file}: certificate ")
        assert f"is no SMKI organisation certificate: {told}" in message
        assert "ask the Network Operator for the one that SMKI issued" in message

    def test_all_problems_at_once(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [*smki.authorities, smki.certificate(SOUTH, SIGNING, role="02")])
        (tmp_path / "a.pem").write_bytes(b"")
        (tmp_path / "b.crt").symlink_to(tmp_path / "nowhere")
        files = [line.partition(": ")[0] for line in refusal(tmp_path).splitlines()]
        assert files == [str(tmp_path / name) for name in ("002.pem", "a.pem", "b.crt")]


class TestBadRows:
    """Rows of a CSV file that cannot be used."""

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"network_operator": ""}, "network_operator: empty; give the party's name"),
            (
                {"entity_identifier": "0253310000000011"},
                "entity_identifier: expected an EUI-64 such as 02-01-00-00-00-00-00-01, found",
            ),
            (
                {"entity_identifier": ""},
                "entity_identifier: empty although certificates are given; give the one in the certificates",
            ),
            (
                {"market_participant_id": "NORTHERN NETWORKS"},
                "market_participant_id: expected two to eight letters or digits such as EELC",
            ),
            ({"digital_signing": "north/ka.pem"}, "it belongs in the column key_agreement"),
            ({"key_agreement": "north/ds.pem"}, "it belongs in the column digital_signing"),
            (
                {"entity_identifier": SOUTH},
                f"the certificate of {NORTH}, but the row is that of {SOUTH}; correct the entity_identifier",
            ),
            ({"digital_signing": "north/lost.pem"}, "paths are relative to the folder of the list"),
            (
                {"digital_signing": "smki.pem"},
                "holds no certificate of a Network Operator; name the file that does",
            ),
            ({"key_agreement": "list.csv"}, "expected certificates as DER or PEM; ask the Network Operator"),
        ],
    )
    def test_a_bad_field_is_told_with_its_line(
        self, listed: Path, changed: dict[str, str], told: str
    ) -> None:
        write_csv(listed, [row(**changed)])
        for line in refusal(listed).splitlines():
            assert line.startswith(f"{listed}:2: ")
            assert told in line

    def test_a_row_with_neither_name(self, listed: Path) -> None:
        nobody = dict.fromkeys(row(), "") | {"network_operator": "Nobody"}
        write_csv(listed, [row(), nobody])
        assert refusal(listed) == (
            f"{listed}:3: entity_identifier: empty; without it (no SMKI presence) the row needs a "
            "market_participant_id"
        )

    @pytest.mark.parametrize(
        ("changed", "column"),
        [
            ({"market_participant_id": "OTHR"}, "entity_identifier"),
            (
                {"entity_identifier": "", "digital_signing": "", "key_agreement": ""},
                "market_participant_id",
            ),
        ],
    )
    def test_a_party_listed_twice(self, listed: Path, changed: dict[str, str], column: str) -> None:
        write_csv(listed, [row(), row(**changed)])
        message = refusal(listed)
        assert message.startswith(f"{listed}:3: {column}: ")
        assert "is listed twice, first in line 2; keep one row" in message

    @pytest.mark.parametrize(
        ("header", "told"),
        [
            (
                "network_operator,entity_identifier,digital_signing",
                "column key_agreement is missing; the columns",
            ),
            (
                "network_operator,entity_identifier,digital_signing,key_agreement,comment",
                "unknown column 'comment'; the columns are network_operator, entity_identifier, "
                "digital_signing, key_agreement and, if wanted, market_participant_id, separated by commas",
            ),
            (
                "network_operator,network_operator,entity_identifier,digital_signing,key_agreement",
                "column network_operator is there twice; leave one out",
            ),
            ("", "the first line is empty; the columns are network_operator"),
        ],
    )
    def test_a_bad_header(self, listed: Path, header: str, told: str) -> None:
        listed.write_text(f"{header}\n", encoding="utf-8")
        assert refusal(listed).startswith(f"{listed}:1: {told}")

    def test_text_that_is_no_csv_of_utf_8(self, listed: Path) -> None:
        header = listed.read_bytes().splitlines()[0]
        listed.write_bytes(header + b"\n\nStra\xdfe\n")
        assert refusal(listed) == f"{listed}:3: not UTF-8; save the file as CSV in UTF-8"
        listed.write_bytes(header + b'\n"North"s,,,,\n')
        assert refusal(listed).startswith(f"{listed}:2: not CSV: ")
        assert "close every quoted field" in refusal(listed)
        listed.write_bytes(header + b"\nNorth, Networks,,NRTH,,\n")
        assert refusal(listed) == (
            f"{listed}:2: 6 fields, expected 5 as in the header; quote a field that holds a comma"
        )

    def test_a_private_key_beside_a_certificate(self, listed: Path) -> None:
        key = new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = listed.parent / "north" / "ds.pem"
        file.write_bytes(key + file.read_bytes())
        assert f"{listed}:2: digital_signing: {file}: holds a private key" in refusal(listed)

    def test_files_beside_the_list_are_not_its_business(self, listed: Path) -> None:
        before = load_certificate_list(listed, at=AT).digest
        (listed.parent / "other.pem").write_text("anything")
        shutil.copy(listed.parent / "north" / "ds.pem", listed.parent / "copy.pem")
        assert load_certificate_list(listed, at=AT).digest == before

    def test_all_problems_at_once(self, listed: Path) -> None:
        write_csv(
            listed, [row(network_operator=""), row(digital_signing="lost.pem"), row(entity_identifier="x")]
        )
        lines = [line.removeprefix(f"{listed}:")[0] for line in refusal(listed).splitlines()]
        assert lines == sorted(lines)
        assert set(lines) == {"2", "3", "4"}


def test_parties_are_in_the_order_of_their_identifiers(tmp_path: Path, smki: Smki) -> None:
    write_folder(tmp_path, [*smki.authorities, *smki.pair(SOUTH), *smki.pair(NORTH)])
    found = load_certificate_list(tmp_path, at=AT)
    assert list(found.parties) == [EUI64(NORTH), EUI64(SOUTH)]
    assert [pair.party for pair in found.usable()] == [NORTH, SOUTH]
