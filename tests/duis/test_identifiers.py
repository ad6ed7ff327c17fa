from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duis.identifiers import EUI64, MAXIMUM_COUNTER, RequestID

TEXT = "90-b3-d5-1f-30-02-00-0a"


def test_an_eui64_is_canonically_upper_case() -> None:
    assert EUI64(TEXT) == TEXT.upper()
    assert EUI64(TEXT) == EUI64(TEXT.upper())
    assert str(EUI64(TEXT)) == TEXT.upper()


@pytest.mark.parametrize(
    "text", ["", TEXT[:-1], TEXT + "0", TEXT.replace("-", ""), TEXT.replace("a", "g"), f" {TEXT}"]
)
def test_a_malformed_eui64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="EUI-64"):
        EUI64(text)


@given(octets=st.binary(min_size=8, max_size=8))
def test_an_eui64_is_eight_octets(octets: bytes) -> None:
    assert EUI64.from_bytes(octets).to_bytes() == octets


def test_an_eui64_has_no_other_number_of_octets() -> None:
    with pytest.raises(ValueError, match="8 octets"):
        EUI64.from_bytes(bytes(9))


@pytest.mark.parametrize("counter", [0, 1, 1700000000000, MAXIMUM_COUNTER])
def test_a_request_id_is_read_back_equal(counter: int) -> None:
    request_id = RequestID(EUI64(TEXT), EUI64(TEXT), counter)
    assert RequestID.parse(str(request_id)) == request_id


def test_a_response_id_turns_the_request_id_round() -> None:
    request_id = RequestID(EUI64(TEXT), EUI64("00-00-00-00-00-00-00-01"), 5)
    assert str(request_id.response_id()) == f"00-00-00-00-00-00-00-01:{TEXT.upper()}:5"


@pytest.mark.parametrize("counter", ["", "01", "+1", "-1", "1.0", "1_0", "18446744073709551616", "\u0661"])
def test_a_malformed_counter_is_refused(counter: str) -> None:
    with pytest.raises(ValueError, match="ounter"):
        RequestID.parse(f"{TEXT}:{TEXT}:{counter}")


def test_text_is_taken_for_an_eui64() -> None:
    request_id = RequestID(TEXT, TEXT, 1)  # type: ignore[arg-type]
    assert isinstance(request_id.originator, EUI64)
    with pytest.raises(ValueError, match="EUI-64"):
        RequestID("nobody", TEXT, 1)  # type: ignore[arg-type]
