"""Schemas: where errors are, and what happens when the official files are not what they should be."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path

import pytest

from duis.schema import Schema, SchemaInvalid, SchemaUnavailable
from duis.xml import MalformedXML, parse
from tests.duis import samples
from tests.duis.broken import BROKEN, changed


def test_an_error_has_a_line_a_path_and_a_message(bundled: Schema) -> None:
    document = changed("request 6.15.1", "<sr:Body>", "\n\n<sr:Body>").replace(
        b"NetworkOperator<", b"Nobody<"
    )
    with pytest.raises(SchemaInvalid) as caught:
        bundled.validate(document)
    (error,) = {(error.line, error.path) for error in caught.value.errors}
    assert error == (4, "/sr:Request/sr:Body/sr:UpdateSecurityCredentialsKRP/sr:RemotePartyRole")
    assert "Nobody" in caught.value.errors[0].message
    assert "pattern" not in caught.value.errors[0].message.replace("facet 'pattern'", "")


def test_the_path_does_not_depend_on_the_prefixes_of_the_document(bundled: Schema) -> None:
    document = changed("request 6.15.1", "NetworkOperator<", "Nobody<")
    document = document.replace(b"<sr:", b"<").replace(b"</sr:", b"</").replace(b"xmlns:sr=", b"xmlns=")
    with pytest.raises(SchemaInvalid) as caught:
        bundled.validate(document)
    assert caught.value.errors[0].path.endswith("/sr:UpdateSecurityCredentialsKRP/sr:RemotePartyRole")


def test_what_is_not_well_formed_is_not_a_question_of_schema(bundled: Schema) -> None:
    with pytest.raises(MalformedXML):
        bundled.validate(b"<sr:Request")


def test_the_bundled_schema_is_compiled_once() -> None:
    assert Schema.bundled() is Schema.bundled()


def test_threads_do_not_see_one_anothers_errors(bundled: Schema) -> None:
    role = BROKEN["unknown RemotePartyRole"]
    code = BROKEN["unknown response code"]
    strays: list[str] = []
    start = threading.Barrier(4)

    def validate(document: bytes, path: str) -> None:
        start.wait()
        for _ in range(200):
            try:
                bundled.validate(document)
                strays.append("accepted")
            except SchemaInvalid as error:
                strays.extend(line.path for line in error.errors if not line.path.endswith(path))

    threads = [
        threading.Thread(target=validate, args=arguments)
        for arguments in [(role, "RemotePartyRole"), (code, "ResponseCode")] * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert strays == []


def test_the_official_schema_is_found_by_its_file_or_its_folder(spec: Path, official: Schema) -> None:
    by_file = Schema.official(spec / "duis-5.4" / "DUIS Schema V5.4.xsd")
    for schema in (official, by_file):
        schema.validate(samples.DOCUMENTS["signed 6.15.1"])
        with pytest.raises(SchemaInvalid):
            schema.validate(BROKEN["result with an unknown status"])


def test_the_official_schema_works_from_a_folder_with_a_space_and_without_network(
    spec: Path, tmp_path: Path, listener: socket.socket
) -> None:
    folder = tmp_path / "official schema & more"
    shutil.copytree(spec / "duis-5.4", folder)
    signature = folder / "xmldsig-core-schema.xsd"
    dtd = "http://www.w3.org/2001/XMLSchema.dtd"
    assert dtd in signature.read_text()
    signature.write_text(
        signature.read_text().replace(dtd, f"http://127.0.0.1:{listener.getsockname()[1]}/XMLSchema.dtd")
    )
    Schema.official(folder).validate(parse(samples.DOCUMENTS["signed 6.15.1"]))
    with pytest.raises(BlockingIOError):  # nobody is waiting to be accepted
        listener.accept()


@pytest.mark.parametrize("missing", ["MMC Schema V5.4.xsd", "xmldsig-core-schema.xsd"])
def test_a_missing_file_of_the_official_schema_is_named(spec: Path, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "schema"
    shutil.copytree(spec / "duis-5.4", folder)
    (folder / missing).unlink()
    with pytest.raises(SchemaUnavailable, match=f"{missing}: missing, though DUIS Schema V5.4.xsd needs it"):
        Schema.official(folder)


def test_an_official_schema_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaUnavailable, match="there is no such file"):
        Schema.official(tmp_path / "nowhere")
    with pytest.raises(SchemaUnavailable, match="no schema file"):
        Schema.official(tmp_path)
    other = tmp_path / "other.xsd"
    other.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>')
    with pytest.raises(SchemaUnavailable, match="a schema of urn:x, not the DUIS schema"):
        Schema.official(other)
    other.write_text("<x/>")
    with pytest.raises(SchemaUnavailable, match="not an XML schema"):
        Schema.official(other)
    other.write_text("<x>")
    with pytest.raises(SchemaUnavailable, match="line 1"):
        Schema.official(other)
    broken = Path(tmp_path / "broken.xsd")
    other.unlink()
    broken.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        ' targetNamespace="http://www.dccinterface.co.uk/ServiceUserGateway"><xs:nonsense/></xs:schema>'
    )
    with pytest.raises(SchemaUnavailable, match="content is not valid"):
        Schema.official(tmp_path)
    shutil.copy(broken, tmp_path / "second.xsd")
    with pytest.raises(SchemaUnavailable, match="more than one"):
        Schema.official(tmp_path)
