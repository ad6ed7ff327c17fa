"""The tables of the emulators' databases.

Every row belongs to an estate, an isolated population on one running set of emulators. Instants are
kept as ISO 8601 text in UTC, and originator counters as decimal text of 20 digits: a counter may reach
2^64-1 [XSD], which no portable integer column holds, and text of one length sorts as the number does.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

ESTATES = Table(
    "estates",
    METADATA,
    Column("name", String, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created_from", Text, nullable=False),
)
"""Seed, switches, callbacks, deviations and settings of each estate, as JSON: now, and when created."""

DEVICES = Table(
    "devices",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("device_id", String, primary_key=True),
    Column("device_type", String, nullable=False),
    Column("device_status", String, nullable=False),
    Column("s1sp", String),
    Column("mpxn", String),
    Column("set_id", String, nullable=False),
    Column("chf_id", String),
    Column("manufacturer", String, nullable=False),
    Column("model", String, nullable=False),
    Column("smets_version", String, nullable=False),
    Column("cohort", String),
)
"""The Smart Metering Inventory; the columns are the attributes of `emulators.inventory.Device`."""

REGISTRATIONS = Table(
    "registrations",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("mpxn", String, nullable=False),
    Column("role", String, nullable=False),
    Column("user_id", String, nullable=False),
    Column("effective_from", String, nullable=False),
    Column("effective_to", String),
)
"""The Registration Data; `position` keeps the rows of an estate in the order they were given in."""

Index(
    "registrations_by_point",
    REGISTRATIONS.c.estate,
    REGISTRATIONS.c.mpxn,
    REGISTRATIONS.c.role,
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("estate", String, nullable=False, index=True),
    Column("destination", String, nullable=False),
    Column("ordering_key", String, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("kind", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("not_before", String),
    Column("attempts", Integer, nullable=False),
    Column("refusal", Text),
)
"""Messages that are due. A delivered one is removed; one that its receiver called invalid keeps why."""

ORIGINATOR_COUNTERS = Table(
    "originator_counters",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("originator", String, primary_key=True),
    Column("counter", String(20), nullable=False),
)
"""DSP: the highest Originator Counter each originator has used."""

SERVICE_REQUESTS = Table(
    "service_requests",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("request_id", String, primary_key=True),
    Column("srv", String, nullable=False),
    Column("originator", String, nullable=False),
    Column("counter", String(20), nullable=False),
    Column("device_id", String, nullable=False),
    Column("s1sp", String, nullable=False),
    Column("received_at", String, nullable=False),
    Column("state", String, nullable=False),
)
"""DSP: each Service Request that used its counter; its state is "forwarded", "answered" or "done"."""

Index(
    "service_requests_by_counter",
    SERVICE_REQUESTS.c.estate,
    SERVICE_REQUESTS.c.originator,
    SERVICE_REQUESTS.c.counter,
)

RECEIVED_MESSAGES = Table(
    "received_messages",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("received_at", String, nullable=False),
)
"""DSP: SHA-256 of each document an S1SP delivered, so that a repeated delivery has no effect."""

CERTIFICATES = Table(
    "certificates",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("der", LargeBinary, nullable=False),
)
"""S1SP: every certificate that is or was in a slot, in any estate."""

ANCHOR_SLOTS = Table(
    "anchor_slots",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("device_id", String, primary_key=True),
    Column("remote_party_role", String, primary_key=True),
    Column("remote_party_id", String),
    Column("digital_signing", String(64)),
    Column("key_agreement", String(64)),
    Column("key_agreement_top_up", String(64)),
    Column("floor_sequence_number", String(20)),
    Column("updated_at", String, nullable=False),
    Column("updated_by", String, nullable=False),
)
"""S1SP: the virtual anchor slots [FIA 3.3.2]; `updated_by` is a RequestID, or who set it otherwise."""

SLOT_CHANGES = Table(
    "slot_changes",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("request_id", String, primary_key=True),
    Column("device_id", String, nullable=False),
    Column("remote_party_role", String, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("changed_at", String, nullable=False),
)
"""S1SP: what each request changed. The primary key makes applying a request twice impossible."""

PROCESSED_REQUESTS = Table(
    "processed_requests",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("request_id", String, primary_key=True),
    Column("srv", String, nullable=False),
    Column("device_id", String, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("processed_at", String, nullable=False),
)
"""S1SP: the answer to each request, given again when the request is delivered again."""

FUTURE_DATED_REQUESTS = Table(
    "future_dated_requests",
    METADATA,
    Column("estate", String, primary_key=True),
    Column("request_id", String, primary_key=True),
    Column("execute_at", String, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""S1SP: accepted requests whose ExecutionDateTime is still to come."""

Index("future_dated_by_time", FUTURE_DATED_REQUESTS.c.execute_at)

ESTATE_TABLES = (
    DEVICES,
    REGISTRATIONS,
    OUTBOX,
    ORIGINATOR_COUNTERS,
    SERVICE_REQUESTS,
    RECEIVED_MESSAGES,
    ANCHOR_SLOTS,
    SLOT_CHANGES,
    PROCESSED_REQUESTS,
    FUTURE_DATED_REQUESTS,
)
"""What is forgotten with an estate."""
