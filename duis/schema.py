"""Validation of messages: our own schema of the subset, or the official one.

The bundled schema is as strict as the official one on the messages this project builds and reads. Requests,
results and alerts outside that subset are checked for the name of their element only.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Final, cast
from urllib.parse import unquote

from lxml import etree

from duis.xml import CSR, DS, RA, SR, Element, local_name, path_of, root_of

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_REFERENCES: Final = frozenset(f"{{{_XS}}}{name}" for name in ("import", "include", "redefine"))
_PREFIXES: Final = {f"{{{SR}}}": "sr:", f"{{{RA}}}": "ra:", f"{{{DS}}}": "ds:", f"{{{CSR}}}": "csr:"}
_NAMESPACE: Final = re.compile(r"\{[^{}]*\}")
_PATTERN: Final = re.compile(r"(The value '[^']*') is not accepted by the pattern '.*'\.", re.DOTALL)
_MAXIMUM_ERRORS: Final = 50
_MAXIMUM_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True)
class SchemaErrorLine:
    """One thing a schema finds wrong.

    Attributes:
        line: line in the document, from 1; 0 when unknown.
        path: the element, as `/sr:Request/sr:Header`.
        message: what is wrong.
    """

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.message}"


class SchemaInvalid(ValueError):
    """A well-formed document that does not meet the schema.

    Attributes:
        errors: what is wrong, in document order, at most 50.
    """

    def __init__(self, errors: tuple[SchemaErrorLine, ...]) -> None:
        super().__init__("; ".join(map(str, errors)) or "not valid under the schema")
        self.errors = errors


class SchemaUnavailable(Exception):
    """The official schema cannot be used: a file is missing or is not the schema it should be."""


class Schema:
    """A compiled schema; `validate` may be called from several threads."""

    def __init__(self, compiled: etree.XMLSchema, name: str) -> None:
        self.name = name
        self._compiled = compiled
        # lxml keeps the errors of a validation on the schema object, so validations take turns.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Schema({self.name!r})"

    @classmethod
    def bundled(cls) -> Schema:
        """Our own schema, compiled once."""
        return _bundled()

    @classmethod
    def official(cls, path: Path | str) -> Schema:
        """The official DUIS schema; our own Countersigned Service Request is added to it.

        The files must be beside one another, as published. Spaces in names do no harm; no DTD is fetched.

        Args:
            path: the DUIS schema file, or the directory it is in.

        Raises:
            SchemaUnavailable: a file is missing or is not what it should be; the message names it.
        """
        return cls(_compile_official(_duis_file(Path(path))), str(path))

    def validate(self, document: bytes | Element) -> None:
        """Check a document.

        Raises:
            MalformedXML: not well-formed.
            SchemaInvalid: not valid; `errors` says where and why.
        """
        root = root_of(document)
        with self._lock:
            if self._compiled.validate(root):
                return
            log = cast(Iterable[etree._LogEntry], self._compiled.error_log)
            errors = tuple(_error_line(root, entry) for entry in islice(log, _MAXIMUM_ERRORS))
        raise SchemaInvalid(errors)


def _error_line(root: Element, entry: etree._LogEntry) -> SchemaErrorLine:
    message = _NAMESPACE.sub(lambda match: _PREFIXES.get(match[0], match[0]), entry.message or "")
    message = _PATTERN.sub(r"\1 is not of the form allowed here.", message)
    if len(message) > _MAXIMUM_MESSAGE:
        message = message[:_MAXIMUM_MESSAGE] + "..."
    return SchemaErrorLine(entry.line, _path(root, entry.path or ""), message)


def _path(root: Element, path: str) -> str:
    """A path in the prefixes of this project, whichever the document uses."""
    prefixes = {prefix: uri for element in root.iter() for prefix, uri in element.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path, namespaces=prefixes)
    except etree.XPathError:
        return path
    if isinstance(found, list) and found and isinstance(found[0], etree._Element):
        return path_of(found[0])
    return path


@cache
def _bundled() -> Schema:
    with resources.as_file(resources.files("duis") / "schemas") as directory:
        return Schema(etree.XMLSchema(file=str(directory / "messages.xsd")), "bundled")


def _read(path: Path) -> Element:
    """The root of a schema file; nothing is fetched for its document type declaration."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities="internal")  # type: ignore[arg-type]
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except FileNotFoundError:
        raise SchemaUnavailable(f"{path}: there is no such schema file") from None
    except OSError as error:
        raise SchemaUnavailable(f"{path}: {error.strerror}") from None
    except etree.XMLSyntaxError as error:
        raise SchemaUnavailable(f"{path}: line {error.lineno}: {error.msg}") from None
    if root.tag != f"{{{_XS}}}schema":
        raise SchemaUnavailable(f"{path}: not an XML schema but {local_name(root)}")
    return root


def _duis_file(path: Path) -> Path:
    if not path.exists():
        raise SchemaUnavailable(f"{path}: there is no such file or directory")
    if not path.is_dir():
        namespace = _read(path).get("targetNamespace")
        if namespace != SR:
            raise SchemaUnavailable(f"{path}: a schema of {namespace}, not the DUIS schema ({SR})")
        return path
    found = [file for file in sorted(path.glob("*.xsd")) if _read(file).get("targetNamespace") == SR]
    if not found:
        raise SchemaUnavailable(f"{path}: no schema file in it is the DUIS schema ({SR})")
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise SchemaUnavailable(f"{path}: more than one DUIS schema, name one of {names}")
    return found[0]


def _compile_official(duis_file: Path) -> etree.XMLSchema:
    """Compile copies of the files under plain names.

    An import whose location has a space in it, as that of the MMC schema, is silently dropped by libxml2; and
    a copy without its document type declaration needs no DTD.
    """
    plain_names: dict[Path, str] = {}
    with tempfile.TemporaryDirectory(prefix="schema-") as directory:
        folder = Path(directory)
        pending = [duis_file.resolve()]
        plain_names[pending[0]] = "0.xsd"
        while pending:
            file = pending.pop()
            root = _read(file)
            for reference in root.iter(*_REFERENCES):
                location = reference.get("schemaLocation")
                if location is None:
                    continue
                target = (file.parent / unquote(location)).resolve()
                if not target.is_file():
                    raise SchemaUnavailable(f"{target}: missing, though {file.name} needs it")
                if target not in plain_names:
                    plain_names[target] = f"{len(plain_names)}.xsd"
                    pending.append(target)
                reference.set("schemaLocation", plain_names[target])
            (folder / plain_names[file]).write_bytes(etree.tostring(root))
        ours = (resources.files("duis") / "schemas" / "s1sp-interface.xsd").read_bytes()
        (folder / "s1sp-interface.xsd").write_bytes(ours)
        (folder / "messages.xsd").write_text(
            f'<xs:schema xmlns:xs="{_XS}"><xs:import namespace="{SR}" schemaLocation="0.xsd"/>'
            f'<xs:import namespace="{CSR}" schemaLocation="s1sp-interface.xsd"/></xs:schema>'
        )
        try:
            return etree.XMLSchema(file=str(folder / "messages.xsd"))
        except etree.XMLSchemaParseError as error:
            raise SchemaUnavailable(f"{duis_file}: {error}") from None
