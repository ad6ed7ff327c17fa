"""The bundled schema and the official one agree, on what we build and on what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest
from lxml import etree

from duis.schema import Schema, SchemaInvalid
from duis.xml import DS, RA, SR, Element, parse
from tests.duis import broken, samples


def is_valid(schema: Schema, document: bytes | Element) -> bool:
    try:
        schema.validate(document)
    except SchemaInvalid:
        return False
    return True


@pytest.mark.parametrize("name", samples.DOCUMENTS)
def test_the_official_schema_accepts_every_message_we_build(name: str, official: Schema) -> None:
    official.validate(samples.DOCUMENTS[name])


@pytest.mark.parametrize("name", samples.DOCUMENTS | samples.COUNTERSIGNED_DOCUMENTS)
def test_the_bundled_schema_accepts_every_message_we_build(name: str, bundled: Schema) -> None:
    bundled.validate((samples.DOCUMENTS | samples.COUNTERSIGNED_DOCUMENTS)[name])


@pytest.mark.parametrize("name", samples.COUNTERSIGNED_DOCUMENTS)
def test_the_official_schema_is_extended_by_our_s1sp_interface(name: str, official: Schema) -> None:
    official.validate(samples.COUNTERSIGNED_DOCUMENTS[name])


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(broken.BROKEN) >= 60


@pytest.mark.parametrize("name", broken.BROKEN)
def test_the_bundled_schema_refuses_a_broken_message(name: str, bundled: Schema) -> None:
    document = broken.BROKEN[name]
    with pytest.raises(SchemaInvalid) as caught:
        bundled.validate(document)
    assert caught.value.errors
    assert all(error.path.startswith("/") for error in caught.value.errors)


@pytest.mark.parametrize("name", broken.BROKEN)
def test_the_official_schema_refuses_a_broken_message(name: str, official: Schema) -> None:
    assert not is_valid(official, broken.BROKEN[name])


@pytest.mark.parametrize("name", broken.UNUSUAL)
def test_both_schemas_accept_what_is_unusual_but_valid(name: str, bundled: Schema, official: Schema) -> None:
    bundled.validate(broken.UNUSUAL[name])
    official.validate(broken.UNUSUAL[name])


TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "01",
    "10",
    "true",
    "x",
    "18446744073709551616",
    "9223372036854775808",
    "E4",
)
TEXTS += (
    "N55",
    "6.15.1",
    "6.15",
    "Supplier",
    "success",
    "2025-02-30T00:00:00Z",
    "2025-02-28T24:00:00",
    "====",
)
TEXTS += (" 00-db-12-34-56-78-90-a0 ", "00-DB-12-34-56-78-90", "A" * 31, "A" * 251, "1" * 13, "1.5", "Active")


def mutations(document: bytes) -> Iterator[tuple[str, Element]]:
    """`document` broken in one place, in every place and many ways."""
    original = parse(document)
    for index, element in enumerate(original.iter(f"{{{SR}}}*", f"{{{RA}}}*", f"{{{DS}}}Signature")):

        def copy(index: int = index) -> Element:
            tree = deepcopy(original)
            return list(tree.iter(f"{{{SR}}}*", f"{{{RA}}}*", f"{{{DS}}}Signature"))[index]

        where = f"{index} {etree.QName(element).localname}"
        if element.getparent() is not None:
            target = copy()
            parent = target.getparent()
            assert parent is not None
            parent.remove(target)
            yield f"{where}: removed", parent.getroottree().getroot()
            target = copy()
            target.addnext(deepcopy(target))
            yield f"{where}: twice", target.getroottree().getroot()
            target = copy()
            following = target.getnext()
            if following is not None:
                following.addnext(target)
                yield f"{where}: after its neighbour", target.getroottree().getroot()
            target = copy()
            target.tag = f"{{{RA if target.tag.startswith('{' + SR) else SR}}}{etree.QName(target).localname}"
            yield f"{where}: in the other namespace", target.getroottree().getroot()
        target = copy()
        target.set("surplus", "1")
        yield f"{where}: surplus attribute", target.getroottree().getroot()
        for attribute in element.attrib:
            target = copy()
            del target.attrib[attribute]
            yield f"{where}: without {attribute!r}", target.getroottree().getroot()
            target = copy()
            target.set(str(attribute), "x")
            yield f"{where}: {attribute!r} x", target.getroottree().getroot()
        if len(element):
            target = copy()
            target.text = "text"
            yield f"{where}: text", target.getroottree().getroot()
            target = copy()
            target.append(etree.Element(f"{{{SR}}}Surplus"))
            yield f"{where}: surplus child", target.getroottree().getroot()
        else:
            for text in TEXTS:
                target = copy()
                target.text = text
                yield f"{where}: {text!r}", target.getroottree().getroot()


@pytest.mark.parametrize("name", [name for name in samples.DOCUMENTS if not name.endswith(", signed")])
def test_the_schemas_agree_on_every_mutation(name: str, bundled: Schema, official: Schema) -> None:
    checked, differing = 0, []
    for what, root in mutations(samples.DOCUMENTS[name]):
        checked += 1
        if is_valid(bundled, root) != is_valid(official, root):
            differing.append(what)
    assert checked > 50
    assert differing == []
