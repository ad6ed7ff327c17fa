"""Mistakes in target files where everything is emulated: edits of a valid file."""

from __future__ import annotations

import re
from collections.abc import Callable

from duis.smki.testpki import TestPKI

Edit = Callable[[str, TestPKI], str]


def replaced(old: str, new: str) -> Edit:
    def edit(text: str, pki: TestPKI) -> str:
        assert old in text
        return text.replace(old, new.replace("PKI", str(pki.directory)), 1)

    return edit


def appended(more: str) -> Edit:
    return lambda text, pki: f"{text}\n{more.replace('PKI', str(pki.directory))}\n"


def expired_signer(text: str, pki: TestPKI) -> str:
    good, faulty = (
        f"{pki.directory}/parties/ed-north/xmlsign",
        f"{pki.directory}/faulty/ed-north-xmlsign-expired",
    )
    return text.replace(good, faulty)


def foreign_key(text: str, pki: TestPKI) -> str:
    files = f"{pki.directory}/parties"
    return text.replace(f"{files}/ed-north/xmlsign.key", f"{files}/ed-south/xmlsign.key")


def foreign_tls_key(text: str, pki: TestPKI) -> str:
    return text.replace(f"{pki.directory}/tls/inbox.key", f"{pki.directory}/tls/dsp.key")


def key_as_certificate(text: str, pki: TestPKI) -> str:
    files = f"{pki.directory}/parties/ed-north"
    return text.replace(f"{files}/ds.pem", f"{files}/ds.key")


def second_name(text: str, pki: TestPKI) -> str:
    return text.replace('name = "ed-central"', 'name = "ed-north"')


def second_user_id(text: str, pki: TestPKI) -> str:
    first, second = pki.party("ed-north"), pki.party("ed-central")
    return text.replace(str(second.entity_identifier), str(first.entity_identifier))


CASES = {
    "not TOML": (replaced("[dsp]", "[dsp"), "", "not valid TOML"),
    "key written twice": (
        replaced('kind = "emulated"', 'kind = "emulated"\nkind = "emulated"'),
        "",
        "not valid TOML",
    ),
    "required table missing": (
        lambda text, pki: re.sub(r"\[trust\]\n(.+\n)+", "", text),
        "trust",
        "required",
    ),
    "required key missing": (
        lambda text, pki: re.sub(r"send_command = .*\n", "", text),
        "dsp.send_command",
        "required",
    ),
    "unknown key": (replaced("[dsp]", "[dsp]\nsend_comand = 1"), "dsp.send_comand", "not known here"),
    "unknown table": (appended("[dcc]\na = 1"), "dcc", "not known here"),
    "unknown assumption": (
        appended("[assumptions]\nsmets1_variant = 1"),
        "assumptions.smets1_variant",
        "not known",
    ),
    "wrong type": (replaced("port = 0", 'port = "any"'), "callback.port", "whole number"),
    "port out of range": (replaced("port = 0", "port = 70000"), "callback.port", "70000"),
    "not a choice": (replaced('"emulated"', '"simulated"'), "dsp.kind", "'endpoint'"),
    "not a URL": (
        replaced("https://127.0.0.1:8441/api/v1/serviceT", "localhost/T"),
        "dsp.transform",
        "expected a URL",
    ),
    "the same URL twice": (replaced("serviceD", "serviceS"), "dsp.non_device", "URL of its own"),
    "https without TLS files": (
        lambda text, pki: re.sub(r"\[dsp\.tls\]\n(.+\n)+", "", text),
        "dsp",
        "needs [dsp.tls]",
    ),
    "malformed EUI-64": (
        lambda text, pki: re.sub(r'user_id = ".*?"', 'user_id = "90B3D51F30010000"', text, count=1),
        "service_user[0].user_id",
        "expected an EUI-64",
    ),
    "unknown role": (replaced("roles = ['ED']", "roles = ['DNO']"), "service_user[0].roles[0]", "'ED'"),
    "no role": (replaced("roles = ['ED']", "roles = []"), "service_user[0].roles", "at least 1"),
    "name unfit for a URL": (
        replaced('name = "ed-north"', 'name = "ed north"'),
        "service_user[0].name",
        "part of a URL",
    ),
    "name used twice": (second_name, "service_user[1].name", "earlier one"),
    "User ID used twice": (second_user_id, "service_user[1].user_id", "belongs to 'ed-north'"),
    "certificate file missing": (
        replaced("ed-north/ds.pem", "ed-north/digital-signing.pem"),
        "service_user[0].digital_signing.certificate",
        "does not exist",
    ),
    "key in place of a certificate": (
        key_as_certificate,
        "service_user[0].digital_signing.certificate",
        "no X.509 certificate",
    ),
    "directory in place of a key": (
        replaced("ed-north/xmlsign.key", "ed-north"),
        "service_user[0].signing.key",
        "is a directory",
    ),
    "certificate in place of a key": (
        replaced("ed-north/xmlsign.key", "ed-north/xmlsign.pem"),
        "service_user[0].signing.key",
        "no private key",
    ),
    "key of another party": (
        foreign_key,
        "service_user[0].signing.key",
        "does not belong to the certificate",
    ),
    "key of another server": (foreign_tls_key, "callback.tls.key", "does not belong to the certificate"),
    "expired certificate": (expired_signer, "service_user[0].signing.certificate", "expired on"),
    "trust without certificates": (
        replaced("/smki/root.pem", "/../nothing"),
        "trust.anchors[0]",
        "does not exist",
    ),
    "emulated S1SP without management": (
        lambda text, pki: text.replace('management = "https://127.0.0.1:9442"', ""),
        "s1sp.S1SP1",
        "needs management",
    ),
    "negative deadline": (
        appended("[deadlines]\nresult = -1"),
        "deadlines.result",
        "greater than or equal",
    ),
    "schema file missing": (
        lambda text, pki: 'schema = "DUIS.xsd"\n' + text,
        "schema",
        "does not exist",
    ),
    "https management plane without TLS files": (
        lambda text, pki: re.sub(r"\[management\.tls\]\n(.+\n)+", "", text).replace(
            'management = "https://127.0.0.1:9442"', 'management = "http://127.0.0.1:9442"'
        ),
        "dsp.management",
        "needs [management.tls]",
    ),
    "half a client certificate": (
        lambda text, pki: re.sub(r'key = ".*?is-a.key"\n', "", text),
        "dsp.tls.certificate",
        "needs key beside it",
    ),
    "two components behind one management plane": (
        replaced("https://127.0.0.1:9442", "https://127.0.0.1:8441"),
        "s1sp.S1SP1.management",
        "the one of DSP",
    ),
    "emulated DSP without management": (
        lambda text, pki: text.replace('management = "https://127.0.0.1:8441"\n', ""),
        "dsp",
        "needs management",
    ),
    "emulators to start and no endpoint": (
        appended(
            "[dsp.emulator]\nport = 1\nmanagement_port = 2\nsigning = { certificate = 'PKI/parties/dsp/"
            "xmlsign.pem', key = 'PKI/parties/dsp/xmlsign.key' }\n"
            "tls = { ca = 'PKI/tls/ca.pem', certificate = 'PKI/tls/dsp.pem', key = 'PKI/tls/dsp.key' }"
        ),
        "dsp.emulator",
        "only beside an endpoint",
    ),
    "devices where everything is emulated": (
        appended('[[device]]\ndevice_id = "00-DB-12-34-56-78-90-A0"\ndevice_type = "CHF"\ns1sp = "S1SP1"'),
        "device",
        "remove [[device]]",
    ),
    "S1SP called DSP": (replaced("[s1sp.S1SP1]", "[s1sp.dsp]"), "s1sp.dsp", "the name of the DSP"),
    "S1SP with an unfit name": (
        replaced("[s1sp.S1SP1]", '[s1sp."S1SP 1"]'),
        "s1sp.S1SP 1",
        "letters, digits",
    ),
    "name of the DCC": (replaced('name = "ed-north"', 'name = "ACB"'), "service_user[0].name", "the DCC"),
    "User ID of the DSP": (
        lambda text, pki: text.replace(
            str(pki.party("ed-north").entity_identifier), str(pki.party("dsp").entity_identifier)
        ),
        "service_user[0].user_id",
        "entity_identifier of the DSP",
    ),
    "inbox at every address": (replaced("port = 0", 'host = "0.0.0.0"'), "callback.host", "add base_url"),
    "path suffix of odd form": (
        replaced("port = 0", 'path_suffix = "smartdcc"'),
        "callback.path_suffix",
        "expected a path",
    ),
    "name with a control character": (lambda text, pki: 'name = "a\\tb"\n' + text, "name", "can be typed"),
    "site that is a file": (
        appended('[site]\nstate = "PKI/manifest.json"'),
        "site.state",
        "is a file; expected a directory",
    ),
    "request budget of none": (
        appended("[safety]\nrequest_budget = 0"),
        "safety.request_budget",
        "greater than",
    ),
    "unknown SRV": (
        appended('[deadlines.result_by_srv]\n"6.15" = 60'),
        "deadlines.result_by_srv.6.15",
        'such as "6.15.1"',
    ),
    "fault of nobody": (
        appended("[faulty.ed-nort-xmlsign-expired]\ncertificate = 'PKI/smki/root.pem'"),
        "faulty.ed-nort-xmlsign-expired",
        "name of a service user followed by",
    ),
    "unknown reading of the exception": (
        appended('[assumptions]\nnetwork_operator_exception_reading = "all"'),
        "assumptions.network_operator_exception_reading",
        "'any slot'",
    ),
    "assumption that is gone": (
        appended("[assumptions]\nreads_skip_slot_owner_check = true"),
        "assumptions.reads_skip_slot_owner_check",
        "not known",
    ),
    "base URL without a fixed port": (
        replaced("port = 0", 'port = 0\nbase_url = "https://a.example"'),
        "callback",
        "port must be a fixed port",
    ),
}
