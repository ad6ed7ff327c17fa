"""Parsing of documents and reading of elements, without DTDs, entities or network.

Comments are dropped while parsing: canonicalisation leaves them out too, so what is read is what was signed,
and a comment cannot split a value in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element

SR: Final = "http://www.dccinterface.co.uk/ServiceUserGateway"
"""DUIS requests, responses and alerts [XSD]."""
RA: Final = "http://www.dccinterface.co.uk/ResponseAndAlert"
"""The content of device responses and alerts (MMC) [XSD]."""
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
"""XML Signature."""
CSR: Final = "urn:smets1-conformance:s1sp-interface:1"
"""Our own Countersigned Service Request (docs/s1sp-interface.md) [ASSUMED]."""
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
REQUEST_NAMESPACES: Final = f'xmlns:sr="{SR}" xmlns:ds="{DS}"'
"""The prefixes every Request declares on its root, and no others."""
RESPONSE_NAMESPACES: Final = f'xmlns:sr="{SR}" xmlns:ra="{RA}" xmlns:ds="{DS}"'
"""The prefixes every Response, SMETS1SignedResponse and S1SPAlert declares: one set, because inclusive
canonicalisation makes the namespaces in scope part of the digest of an embedded document (domain §4)."""

DEFAULT_SIZE_LIMIT: Final = 1024 * 1024
"""Octets. No message of the interface comes near it [ASSUMED]."""

WHITE_SPACE: Final = " \t\r\n"
_PREFIXES: Final = {SR: "sr", RA: "ra", DS: "ds", CSR: "csr"}
_XSI_LOCATIONS: Final = frozenset({f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation"})

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    huge_tree=False,
    remove_comments=True,
    remove_blank_text=False,
)
_ESCAPED = re.compile(r"[&<>\r]")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


class MalformedXML(ValueError):
    """A document that is not well-formed, or uses what the interface does not allow, such as a DTD.

    Attributes:
        line: line in the document, from 1; 0 when unknown.
        message: what is wrong.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line
        self.message = message


class MessageError(ValueError):
    """A well-formed document that is not a message this package can represent.

    Attributes:
        path: the element, as `/sr:Request/sr:Header/sr:RequestID`.
        message: what is wrong with it.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def parse(document: bytes, *, size_limit: int = DEFAULT_SIZE_LIMIT) -> Element:
    """The root element of `document`. White space is kept, comments are not.

    Args:
        document: the octets as received.
        size_limit: octets.

    Raises:
        MalformedXML: not well-formed, larger than the limit, or with a document type declaration.
    """
    if len(document) > size_limit:
        raise MalformedXML(0, f"the document has {len(document)} octets, more than {size_limit}")
    try:
        root = etree.fromstring(document, _PARSER)
    except etree.XMLSyntaxError as error:
        raise MalformedXML(error.lineno or 0, error.msg or "not well-formed XML") from None
    except ValueError as error:
        raise MalformedXML(0, str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedXML(1, "a document type declaration is not allowed")
    return root


def root_of(document: bytes | Element) -> Element:
    """`document` itself when it is an element, its root when it is octets."""
    return parse(document) if isinstance(document, bytes) else document


def serialise(element: Element) -> bytes:
    """`element` alone, with the namespaces in scope declared on it and without an XML declaration."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def escape(text: str) -> str:
    """`text` as the content of an element.

    Raises:
        ValueError: for a character XML cannot carry.
    """
    found = _NOT_XML.search(text)
    if found is not None:
        raise ValueError(f"XML cannot carry the character {found[0]!r}")
    return _ESCAPED.sub(lambda match: _ENTITIES[match[0]], text)


def without_declaration(document: bytes) -> str:
    """The text of `document` from its root element on, to be placed inside another document unchanged.

    Raises:
        ValueError: when the document is not UTF-8 or has a document type declaration.
    """
    text = document.decode("utf-8-sig")
    if text.startswith("<?xml"):
        end = text.find("?>")
        if re.search(r"""encoding\s*=\s*["'](?!utf-?8["']|us-ascii["'])""", text[:end], re.IGNORECASE):
            raise ValueError("only a UTF-8 document can be embedded")
        text = text[end + 2 :]
    text = text.strip(WHITE_SPACE)
    if text.startswith("<!DOCTYPE"):
        raise ValueError("a document with a document type declaration cannot be embedded")
    return text


def element_from(fragment: str) -> Element:
    """The element of a fragment that uses the prefixes `sr`, `ra` and `ds`, on its own."""
    return parse(f"<sr:Body {RESPONSE_NAMESPACES}>{fragment}</sr:Body>".encode())[0]


def qualified(tag: str) -> str:
    """`{namespace}name` with the usual prefix, for messages."""
    namespace, _, name = tag.rpartition("}")
    prefix = _PREFIXES.get(namespace[1:])
    return tag if prefix is None else f"{prefix}:{name}"


def local_name(element: Element) -> str:
    """The name of `element` without its namespace."""
    return str(element.tag).rpartition("}")[2]


def path_of(element: Element) -> str:
    """Where `element` is, as `/sr:Request/sr:Body`, with a position from the second of one name on."""
    parts = []
    node: Element | None = element
    while node is not None:
        position = 1 + sum(1 for _ in node.itersiblings(str(node.tag), preceding=True))
        parts.append(qualified(str(node.tag)) + (f"[{position}]" if position > 1 else ""))
        node = node.getparent()
    return "/" + "/".join(reversed(parts))


def error_at(element: Element, message: str) -> MessageError:
    """A MessageError that names the path of `element`."""
    return MessageError(path_of(element), message)


def attributes_of(element: Element, *allowed: str) -> dict[str, str]:
    """The attributes of `element`; schema location hints are left out.

    Raises:
        MessageError: for an attribute that is not in `allowed`.
    """
    attributes = {}
    for name, value in element.attrib.items():
        if name in allowed:
            attributes[str(name)] = str(value)
        elif name not in _XSI_LOCATIONS:
            raise error_at(element, f"unexpected attribute {name!r}")
    return attributes


class Children:
    """Hands out the child elements of one element in schema order, each once.

    Raises:
        MessageError: on construction for text or an unexpected attribute, later for a missing or unexpected
            child.
    """

    __slots__ = ("_children", "_position", "attributes", "element")

    def __init__(self, element: Element, *attributes: str) -> None:
        self.element = element
        self.attributes = attributes_of(element, *attributes) if element.keys() else {}
        text = element.text
        if text and text.strip(WHITE_SPACE):
            raise error_at(element, "text where only elements are allowed")
        children = []
        for child in element:
            if isinstance(child.tag, str):
                children.append(child)
            tail = child.tail
            if tail and tail.strip(WHITE_SPACE):
                raise error_at(element, "text where only elements are allowed")
        self._children = children
        self._position = 0

    def peek(self) -> Element | None:
        """The next child, left where it is."""
        return self._children[self._position] if self._position < len(self._children) else None

    def optional(self, tag: str) -> Element | None:
        """The next child if it is `tag`."""
        if self._position < len(self._children):
            child = self._children[self._position]
            if child.tag == tag:
                self._position += 1
                return child
        return None

    def required(self, tag: str) -> Element:
        """The next child, which must be `tag`."""
        child = self.optional(tag)
        if child is None:
            found = self.peek()
            if found is None:
                raise error_at(self.element, f"{qualified(tag)} is missing")
            raise error_at(found, f"{qualified(tag)} was expected here")
        return child

    def repeated(self, tag: str) -> Iterator[Element]:
        """Every child up to the first that is not `tag`."""
        while (child := self.optional(tag)) is not None:
            yield child

    def any(self) -> Element:
        """The next child, whatever it is."""
        child = self.peek()
        if child is None:
            raise error_at(self.element, "an element is missing")
        self._position += 1
        return child

    def end(self) -> None:
        """There must be no further child."""
        child = self.peek()
        if child is not None:
            raise error_at(child, "unexpected element")


@dataclass(frozen=True, slots=True, eq=False)
class UnknownContent:
    """Content this package has no type for, kept readable.

    Attributes:
        name: the local name of the element.
        element: the element itself.
    """

    name: str
    element: Element

    @classmethod
    def of(cls, element: Element) -> UnknownContent:
        """Wrap `element` under its own local name."""
        return cls(local_name(element), element)

    def to_text(self) -> str:
        """The element serialised with its namespace declarations."""
        return serialise(self.element).decode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UnknownContent):
            return NotImplemented
        return self.name == other.name and canonical(self.element) == canonical(other.element)

    def __hash__(self) -> int:
        return hash((self.name, canonical(self.element)))


def canonical(element: Element) -> bytes:
    """Exclusive canonical form, to compare elements by content."""
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)
