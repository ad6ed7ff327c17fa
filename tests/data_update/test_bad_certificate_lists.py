"""Certificate lists that cannot be used: each kind of problem is told with its place and its mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data_update.certificate_list import Pair, load_certificate_list
from data_update.errors import DataUpdateError
from duis.smki.issuing import new_key
from tests.data_update.pki import (
    AT,
    NORTH,
    SIGNING,
    SOUTH,
    Smki,
    csv_row,
    write_csv,
    write_csv_of_north,
    write_folder,
    write_pem,
)


@pytest.fixture(scope="module")
def smki() -> Smki:
    return Smki()


@pytest.fixture
def listed(tmp_path: Path, smki: Smki) -> Path:
    return write_csv_of_north(tmp_path, smki, *smki.pair(NORTH))


def refusal(path: Path, trust: Path | None = None) -> str:
    with pytest.raises(DataUpdateError) as caught:
        load_certificate_list(path, at=AT, trust=trust)
    return str(caught.value)


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
        write_csv(listed, [csv_row(**changed)])
        for line in refusal(listed).splitlines():
            assert line.startswith(f"{listed}:2: ")
            assert told in line

    def test_a_row_with_neither_name(self, listed: Path) -> None:
        nobody = dict.fromkeys(csv_row(), "") | {"network_operator": "Nobody"}
        write_csv(listed, [csv_row(), nobody])
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
        write_csv(listed, [csv_row(), csv_row(**changed)])
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
            listed,
            [
                csv_row(network_operator=""),
                csv_row(digital_signing="lost.pem"),
                csv_row(entity_identifier="x"),
            ],
        )
        lines = [line.removeprefix(f"{listed}:")[0] for line in refusal(listed).splitlines()]
        assert lines == sorted(lines)
        assert set(lines) == {"2", "3", "4"}


class TestBadTrust:
    """What cannot be checked against."""

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
