"""What can be wrong with a certificate list, Registration Data and a layout, each with its message."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.data_update.desk import GOOD, MPAN, MPRN, PARTY, Arrange, Case, Desk
from tests.data_update.pki import HEADER, write_csv, write_pem


def of_usage(desk: Desk, *, both: bool) -> list[object]:
    """A digital signing certificate that has both key usages, or none."""
    key = load_pem_private_key((desk.pki.directory / "smki" / "issuing.key").read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    party = desk.pki.party("ed-north").digital_signing.x509
    builder = x509.CertificateBuilder(
        issuer_name=party.issuer,
        subject_name=party.subject,
        public_key=party.public_key(),
        serial_number=party.serial_number + 1,
        not_valid_before=party.not_valid_before_utc,
        not_valid_after=party.not_valid_after_utc,
    )
    for extension in party.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            if not both:
                continue
            value = x509.KeyUsage(
                True, False, False, False, True, False, False, encipher_only=False, decipher_only=False
            )
        builder = builder.add_extension(value, critical=extension.critical)
    certificate = builder.sign(key, hashes.SHA256())
    (desk.certificates.parent / "ds.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return desk.make_plan()


def listed(**changed: str) -> Arrange:
    def arrange(desk: Desk) -> list[object]:
        desk.list_row(**changed)
        return desk.make_plan()

    return arrange


def listed_twice(desk: Desk) -> list[object]:
    row = desk.list_row()
    write_csv(desk.certificates, [row, row | {"network_operator": "Again", "market_participant_id": ""}])
    return desk.make_plan()


def without_root(desk: Desk) -> list[object]:
    (desk.certificates.parent / "smki.pem").unlink()
    return desk.make_plan()


def with_a_file(name: str, content: bytes) -> Arrange:
    def arrange(desk: Desk) -> list[object]:
        (desk.certificates.parent / name).write_bytes(content)
        return desk.make_plan()

    return arrange


def with_private_key(desk: Desk) -> list[object]:
    party = desk.pki.directory / "parties" / "ed-north"
    file = desk.certificates.parent / "ds.pem"
    file.write_bytes(file.read_bytes() + (party / "ds.key").read_bytes())
    return desk.make_plan()


def of_another_role(desk: Desk) -> list[object]:
    write_pem(desk.certificates.parent / "ds.pem", desk.pki.party("is-a").digital_signing)
    return desk.make_plan()


def without_a_list_column(desk: Desk) -> list[object]:
    row = desk.list_row()
    write_csv(desk.certificates, [{"network_operator": row["network_operator"]}], HEADER[:2] + HEADER[3:4])
    return desk.make_plan()


CERTIFICATES: dict[str, Case] = {
    "no such list": (
        lambda desk: desk.make_plan("--certificates", desk.folder / "lost"),
        ["{folder}/lost: not found; give the folder with the Network Operators' certificates, or a CSV"],
    ),
    "no key usage": (
        lambda desk: of_usage(desk, both=False),
        ["{list}:2: digital_signing: {shared}/ds.pem: ", "ask the Network Operator for the one that SMKI"],
    ),
    "both key usages": (
        lambda desk: of_usage(desk, both=True),
        ["{list}:2: digital_signing: {shared}/ds.pem: ", "ask the Network Operator for the one that SMKI"],
    ),
    "the two certificates swapped": (
        listed(digital_signing="ka.pem", key_agreement="ds.pem"),
        [
            "{list}:2: digital_signing: {shared}/ka.pem: a KeyAgreement certificate, expected DigitalSigning",
            "it belongs in the column key_agreement",
            "{list}:2: key_agreement: {shared}/ds.pem: a DigitalSigning certificate",
        ],
    ),
    "a party twice": (listed_twice, ["{list}:3: entity_identifier: ", "first in line 2; keep one row"]),
    "no root": (without_root, ["{list}: no root certificate (role 00) with the list; give", "--trust"]),
    "a trust that is not there": (
        lambda desk: desk.make_plan("--trust", desk.folder / "lost.pem"),
        ["{folder}/lost.pem: ", "with --trust"],
    ),
    "not a certificate": (
        with_a_file("ds.pem", b"hello"),
        ["{list}:2: digital_signing: {shared}/ds.pem: ", "ask the Network Operator for them again"],
    ),
    "a private key": (
        with_private_key,
        [
            "{list}:2: digital_signing: {shared}/ds.pem: holds a private key",
            "delete the file, tell the owner",
        ],
    ),
    "a Supplier's certificate": (of_another_role, ["{list}:2: digital_signing: ", "take it out"]),
    "another party's certificate": (
        listed(entity_identifier="02-53-31-00-00-00-00-99"),
        ["{list}:2: digital_signing: ", "but the row is that of 02-53-31-00-00-00-00-99; correct"],
    ),
    "a malformed identifier": (
        listed(entity_identifier="north"),
        ["{list}:2: entity_identifier: expected an EUI-64 such as 02-01-00-00-00-00-00-01, found 'north'"],
    ),
    "a file that is not there": (
        listed(digital_signing="lost.pem"),
        ["{list}:2: digital_signing: {shared}/lost.pem: cannot be read", "relative to the folder"],
    ),
    "a missing column": (
        without_a_list_column,
        ["{list}:1: column key_agreement is missing; the columns are"],
    ),
}

WRONG_MPAN = MPAN[:-1] + str((int(MPAN[-1]) + 1) % 10)
WRONG_MPRN = MPRN[:-1] + str((int(MPRN[-1]) + 1) % 10)


def registered(line: str) -> Arrange:
    return lambda desk: desk.with_registrations(GOOD, line)


def not_utf_8(desk: Desk) -> list[object]:
    arguments = desk.with_registrations(GOOD)
    with desk.registrations.open("ab") as file:
        file.write(b"Stra\xdfe\n")
    return arguments


REGISTRATIONS: dict[str, Case] = {
    "no such file": (
        lambda desk: desk.make_plan("--registrations", desk.folder / "lost.csv"),
        ["{folder}/lost.csv: cannot be read: No such file or directory; give a CSV file"],
    ),
    "empty": (
        lambda desk: desk.with_registrations(header=""),
        ["{registrations}:1: the first line is empty; the columns are mpxn, role, party, effective_from"],
    ),
    "a missing column": (
        lambda desk: desk.with_registrations(header="mpxn,role,effective_from"),
        ["{registrations}:1: column party is missing; the columns are"],
    ),
    "only Suppliers": (
        lambda desk: desk.with_registrations(f"{MPAN},IS,{PARTY},2021-06-30"),
        ["{registrations}: no row of a Network Operator; expected rows with the role ED or GT"],
    ),
    "the check digit of an MPAN": (
        registered(f"{WRONG_MPAN},ED,{PARTY},2021-06-30"),
        ["{registrations}:3: mpxn: wrong check digit in the MPAN " + WRONG_MPAN, "correct it"],
    ),
    "the check digits of an MPRN": (
        registered(f"{WRONG_MPRN},GT,{PARTY},2021-06-30"),
        ["{registrations}:3: mpxn: wrong check digits in the MPRN", "--without-mprn-check-digits"],
    ),
    "a number that a spreadsheet changed": (
        registered(f"1.10E+12,ED,{PARTY},2021-06-30"),
        ["{registrations}:3: mpxn: expected an MPAN", "export the column as text"],
    ),
    "gas with electricity": (
        registered(f"{MPRN},ED,{PARTY},2021-06-30"),
        ["{registrations}:3: mpxn: the role ED goes with an MPAN", "correct the role or the point"],
    ),
    "an unknown role": (
        registered(f"{MPAN},DNO,{PARTY},2021-06-30"),
        ["{registrations}:3: role: expected one of ED", "found 'DNO'; correct the role"],
    ),
    "a malformed party": (
        registered(f"{MPAN},ED,North Networks,2021-06-30"),
        ["{registrations}:3: party: expected an EUI-64", "found 'North Networks'"],
    ),
    "a date of another country": (
        registered(f"{MPAN},ED,{PARTY},30/06/2021"),
        ["{registrations}:3: effective_from: expected a date such as 2021-06-30", "found '30/06/2021'"],
    ),
    "a time without zone": (
        registered(f"{MPAN},ED,{PARTY},2021-06-30T10:00:00"),
        ["{registrations}:3: effective_from: expected", "with zone"],
    ),
    "a row that ends before it begins": (
        lambda desk: desk.with_registrations(
            f"{GOOD},2020-01-01", header="mpxn,role,party,effective_from,effective_to"
        ),
        ["{registrations}:2: effective_to: 2020-01-01 is not after effective_from"],
    ),
    "a row twice": (
        registered(GOOD),
        ["{registrations}: the same registration is listed twice: " + MPAN + ", ED " + PARTY, "remove one"],
    ),
    "a row with a field too many": (
        registered(f"{GOOD},x"),
        ["{registrations}:3: 5 fields, expected 4 as in the header; quote a field that holds a comma"],
    ),
    "not UTF-8": (not_utf_8, ["{registrations}:3: not UTF-8; save the file as CSV in UTF-8"]),
}


LAYOUTS: dict[str, Case] = {
    "no such file": (
        lambda desk: desk.make_plan("--layout", desk.layout),
        ["{layout}: cannot be read: No such file or directory; give the path of a TOML file"],
    ),
    "not TOML": (lambda desk: desk.with_layout("[devices\n"), ["{layout}: not TOML", "line 1"]),
    "an unknown key": (
        lambda desk: desk.with_layout('[devices]\ntabel = "meters"\n'),
        ["{layout}: devices.tabel: "],
    ),
    "a name that is none": (
        lambda desk: desk.with_layout('[slots]\ntable = "slots; DROP TABLE devices"\n'),
        ["{layout}: slots.table: "],
    ),
    "a column the database has not": (
        lambda desk: desk.with_layout('[devices]\nmpxn = "meter_point"\n'),
        ["{database}: table devices has no column meter_point; give --layout"],
    ),
}
