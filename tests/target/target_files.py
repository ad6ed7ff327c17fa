"""Target files for tests."""

from __future__ import annotations

from duis.smki.testpki import TestPKI


def write_target_file(pki: TestPKI, base_url: str = "https://127.0.0.1:8441", *, tls: bool = True) -> str:
    directory = pki.directory
    users = [party for party in pki.manifest["parties"] if party["kind"] == "user"]
    dsp = next(party for party in pki.manifest["parties"] if party["kind"] == "dsp")
    lines = [
        'schema_version = "5.4"',
        "",
        "[dsp]",
        'kind = "emulated"',
        f'entity_identifier = "{dsp["entity_identifier"]}"',
        f'send_command = "{base_url}/api/v1/serviceS"',
        f'transform = "{base_url}/api/v1/serviceT"',
        f'non_device = "{base_url}/api/v1/serviceD"',
        f'management = "{base_url}"',
        "",
        *(_tls(directory, "dsp.tls", "is-a") if tls else ()),
        "[s1sp.S1SP1]",
        f'management = "{"https" if tls else "http"}://127.0.0.1:9442"',
        "",
        *(_tls(directory, "management.tls", "management") if tls else ()),
        "[callback]",
        "port = 0",
        "",
        *(_tls(directory, "callback.tls", "inbox") if tls else ()),
        "[trust]",
        f'anchors = ["{directory}/smki/root.pem"]',
        f'certificates = ["{directory}/smki/issuing.pem", "{directory}/parties"]',
        "",
    ]
    for user in users:
        name = user["name"]
        files = f"{directory}/parties/{name}"
        lines += [
            "[[service_user]]",
            f'name = "{name}"',
            f'user_id = "{user["entity_identifier"]}"',
            f"roles = {user['user_roles']}",
            f'signing = {{ certificate = "{files}/xmlsign.pem", key = "{files}/xmlsign.key" }}',
            f'digital_signing = {{ certificate = "{files}/ds.pem" }}',
            f'key_agreement = {{ certificate = "{files}/ka.pem" }}',
            "",
        ]
    return "\n".join(lines)


def _tls(directory: object, table: str, identity: str) -> list[str]:
    return [
        f"[{table}]",
        f'ca = "{directory}/tls/ca.pem"',
        f'certificate = "{directory}/tls/{identity}.pem"',
        f'key = "{directory}/tls/{identity}.key"',
        "",
    ]
