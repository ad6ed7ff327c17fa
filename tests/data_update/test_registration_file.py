"""Registration Data as a CSV file: what is read of it, and how each kind of bad input is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from data_update.errors import DataUpdateError
from data_update.registration_file import RegistrationFile, RegistrationRow
from duis.metering_points import mpan, mprn

MPAN = mpan("101234567890")
MPRN = mprn("12345678")
PARTY = "02-53-31-00-00-00-00-1A"
HEADER = "mpxn,role,party,effective_from,effective_to"
GOOD = f"{MPAN},ED,{PARTY},2021-06-30,"


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "registrations.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def rows(folder: Path, *lines: str, **options: bool) -> list[RegistrationRow]:
    return list(RegistrationFile(written(folder, "\n".join(lines) + "\n"), **options).rows())


def refusal(folder: Path, *lines: str) -> str:
    with pytest.raises(DataUpdateError) as caught:
        rows(folder, *lines)
    return str(caught.value)


def test_a_row_of_each_network_operator(tmp_path: Path) -> None:
    assert rows(tmp_path, HEADER, GOOD, f"{MPRN},GT,EELC,2019-01-01T01:30:00+01:00,2022-01-01T00:00:00Z") == [
        RegistrationRow(MPAN, "ED", PARTY, "2021-06-30T00:00:00+00:00", None),
        RegistrationRow(MPRN, "GT", "EELC", "2019-01-01T00:30:00+00:00", "2022-01-01T00:00:00+00:00"),
    ]


def test_rows_of_suppliers_are_left_out(tmp_path: Path) -> None:
    others = [f"{MPAN},{role},{PARTY},2021-06-30," for role in ("IS", "ES", "GS", "RSA", "OU")]
    assert [row.role for row in rows(tmp_path, HEADER, *others, GOOD)] == ["ED"]


def test_user_id_is_another_name_of_the_party_and_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "user_id, effective_from, role, mpxn", f"{PARTY.lower()}, 2021-06-30, ED, {MPAN}")
    assert row == RegistrationRow(MPAN, "ED", PARTY, "2021-06-30T00:00:00+00:00", None)


def test_byte_order_mark_blank_lines_and_carriage_returns(tmp_path: Path) -> None:
    file = written(tmp_path, f"\ufeff{HEADER}\r\n\r\n,,,,\r\n{GOOD}\r\n")
    assert [row.mpxn for row in RegistrationFile(file).rows()] == [MPAN]


def test_mprns_may_be_taken_unchecked(tmp_path: Path) -> None:
    wrong = MPRN[:-1] + str((int(MPRN[-1]) + 1) % 10)
    lines = [f"{point},GT,{PARTY},2021-06-30," for point in (wrong, "1234567")]
    assert [row.mpxn for row in rows(tmp_path, HEADER, *lines, mprn_check_digits=False)] == [wrong, "1234567"]
    assert "or give --without-mprn-check-digits" in refusal(tmp_path, HEADER, lines[0])
    assert "expected an MPAN of 13 or an MPRN of 10 digits" in refusal(tmp_path, HEADER, lines[1])


def test_the_digest_is_that_of_the_octets(tmp_path: Path) -> None:
    octets = f"\ufeff{HEADER}\n{GOOD}\n".encode() + b"\n" * 100_000
    file = RegistrationFile(written(tmp_path, octets))
    with pytest.raises(RuntimeError, match="once every row"):
        _ = file.digest
    assert len(list(file.rows())) == 1
    assert file.digest == hashlib.sha256(octets).hexdigest()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(
            f"{MPAN[:-1]}{(int(MPAN[-1]) + 1) % 10},ED,{PARTY},2021-06-30,",
            "mpxn: wrong check digit in the MPAN",
            id="check digit of an MPAN",
        ),
        pytest.param(
            f"{MPRN[:-1]}{(int(MPRN[-1]) + 1) % 10},GT,{PARTY},2021-06-30,",
            "mpxn: wrong check digits in the MPRN",
            id="check digits of an MPRN",
        ),
        pytest.param(
            f"1.23457E+12,ED,{PARTY},2021-06-30,",
            "expected an MPAN of 13 or an MPRN of 10 digits, found '1.23457E+12'; export the column as text",
            id="a number of a spreadsheet",
        ),
        pytest.param(
            f",ED,{PARTY},2021-06-30,",
            "expected an MPAN of 13 or an MPRN of 10 digits, found ''",
            id="no point",
        ),
        pytest.param(
            f"{MPRN},ED,{PARTY},2021-06-30,",
            f"the role ED goes with an MPAN, but {MPRN} is an MPRN; correct the role or the point",
            id="ED of gas",
        ),
        pytest.param(
            f"{MPAN},GT,{PARTY},2021-06-30,",
            f"the role GT goes with an MPRN, but {MPAN} is an MPAN; correct the role or the point",
            id="GT of electricity",
        ),
        pytest.param(
            f"{MPAN},DNO,{PARTY},2021-06-30,",
            "role: expected one of ED, ES, GS, GT, IS, OU, RSA, found 'DNO'",
            id="role",
        ),
        pytest.param(
            f"{MPAN},ED,025331000000001A,2021-06-30,",
            "party: expected an EUI-64 such as 02-01-00-00-00-00-00-01 or a market participant id",
            id="party",
        ),
        pytest.param(
            f"{MPAN},ED,{PARTY},30/06/2021,",
            "effective_from: expected a date such as 2021-06-30 (midnight UTC)",
            id="date",
        ),
        pytest.param(
            f"{MPAN},ED,{PARTY},2021-06-30T00:00:00,",
            "effective_from: expected a date such as 2021-06-30 (midnight UTC) or a date-time with zone",
            id="time without zone",
        ),
        pytest.param(f"{MPAN},ED,{PARTY},,", "effective_from: expected a date", id="no start"),
        pytest.param(
            f"{MPAN},ED,{PARTY},2021-06-30,9999-12-31T23:59:59-01:00",
            "effective_to: expected a date",
            id="after the last year",
        ),
        pytest.param(
            f"{MPAN},ED,{PARTY},2021-06-30,2021-06-29",
            "effective_to: 2021-06-29 is not after effective_from, 2021-06-30; correct one of them",
            id="ends before it starts",
        ),
        pytest.param(
            f"{MPAN},ED,{PARTY},2021-06-30",
            "4 fields, expected 5 as in the header",
            id="too few fields",
        ),
        pytest.param(
            f'{MPAN},ED,"{PARTY}"x,2021-06-30,',
            "not CSV: ',' expected after '\"'; close every quoted field",
            id="quotes",
        ),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    message = refusal(tmp_path, HEADER, GOOD, "", row)
    assert message.startswith(f"{tmp_path / 'registrations.csv'}:4: ")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param(
            "mpxn,role,effective_from",
            "column party is missing; the columns are mpxn, role, party, effective_from and, if wanted, "
            "effective_to",
            id="missing",
        ),
        pytest.param(HEADER.replace("_to", "_till"), "unknown column 'effective_till'", id="misspelt"),
        pytest.param(HEADER + ",user_id", "column party is there twice; leave one out", id="twice"),
        pytest.param("", "the first line is empty; the columns are mpxn, role", id="empty"),
    ],
)
def test_a_bad_header_is_told(tmp_path: Path, header: str, told: str) -> None:
    message = refusal(tmp_path, header, GOOD)
    assert message.startswith(f"{tmp_path / 'registrations.csv'}:1: {told}")


def test_an_empty_file_and_one_without_network_operators(tmp_path: Path) -> None:
    with pytest.raises(DataUpdateError, match=r":1: the first line is empty; the columns are mpxn"):
        list(RegistrationFile(written(tmp_path, "")).rows())
    for lines in ([HEADER], [HEADER, f"{MPAN},IS,{PARTY},2021-06-30,"]):
        assert "no row of a Network Operator; expected rows with the role ED or GT" in refusal(
            tmp_path, *lines
        )


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = written(tmp_path, f"{HEADER}\n{GOOD}\n".encode() + b"Stra\xdfe\n")
    with pytest.raises(DataUpdateError) as caught:
        list(RegistrationFile(file).rows())
    assert str(caught.value) == f"{file}:3: not UTF-8; save the file as CSV in UTF-8"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(DataUpdateError) as caught:
            list(RegistrationFile(path).rows())
        assert str(caught.value).startswith(f"{path}: cannot be read: ")
        assert "give a CSV file of Registration Data" in str(caught.value)


def test_problems_are_collected_and_nothing_is_yielded_after_the_first(tmp_path: Path) -> None:
    bad = GOOD.replace("ED", "XX")
    file = RegistrationFile(written(tmp_path, "\n".join([HEADER, GOOD, bad, GOOD, bad])))
    found = file.rows()
    assert next(found).mpxn == MPAN
    with pytest.raises(DataUpdateError) as caught:
        next(found)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{file.path}:3",
        f"{file.path}:5",
    ]


@pytest.mark.parametrize("count", [20, 21, 500])
def test_no_more_than_twenty_problems_are_told(tmp_path: Path, count: int) -> None:
    lines = refusal(tmp_path, HEADER, *[GOOD.replace("ED", "XX")] * count).splitlines()
    assert [line.split(":")[1] for line in lines[:20]] == [str(number) for number in range(2, 22)]
    assert [line.partition(": ")[2] for line in lines[20:]] == (
        [] if count == 20 else ["and more; mend these first"]
    )
