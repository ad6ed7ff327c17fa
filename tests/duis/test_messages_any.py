"""Whatever is built from allowed values is valid and read back equal."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from duis.identifiers import EUI64, MAXIMUM_COUNTER, RequestID
from duis.request import ServiceRequest
from duis.requests import PropertyFilter, ReadInventoryBody, UpdateSecurityCredentialsKRPBody
from duis.requests.credentials import MAXIMUM_FLOOR
from duis.roles import RemotePartyRole
from duis.schema import Schema
from duis.smets1 import S1SPAlert
from tests.duis import samples

eui64s = st.binary(min_size=8, max_size=8).map(EUI64.from_bytes)
counters = st.integers(0, MAXIMUM_COUNTER)
request_ids = st.builds(RequestID, eui64s, eui64s, counters)
times = st.datetimes(
    timezones=st.none() | st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
    min_value=datetime(1000, 1, 1),
)
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30
)
certificates = st.binary(min_size=1, max_size=40)
floors = st.none() | st.integers(0, MAXIMUM_FLOOR)
updates = st.builds(
    UpdateSecurityCredentialsKRPBody,
    st.sampled_from(RemotePartyRole),
    st.none() | certificates,
    st.none() | certificates,
    st.none() | certificates,
    st.lists(certificates, min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.none() | times,
    floors,
    floors,
)


@given(
    request=st.builds(
        ServiceRequest,
        request_ids,
        st.integers(1, 9),
        updates,
        first_in_sequence=st.none() | st.booleans(),
        preceding_request_id=st.none() | request_ids,
    )
)
def test_any_6_15_1_is_valid_and_read_back_equal(request: ServiceRequest) -> None:
    document = request.to_xml()
    Schema.bundled().validate(document)
    assert ServiceRequest.parse(document) == request


@given(request_id=request_ids, post_code=texts, address=texts)
def test_any_text_is_read_back_equal(request_id: RequestID, post_code: str, address: str) -> None:
    body = ReadInventoryBody(property_filter=PropertyFilter(post_code, address))
    request = ServiceRequest(request_id, 8, body)
    assert ServiceRequest.parse(request.to_xml()) == request


@given(code=texts, moment=times, information=st.none() | texts)
def test_any_s1sp_alert_is_valid_and_read_back_equal(
    code: str, moment: datetime, information: str | None
) -> None:
    alert = S1SPAlert(code, moment, additional_information=information)
    document = samples.signed(alert.to_xml())
    Schema.bundled().validate(document)
    assert S1SPAlert.parse(document) == alert
