"""PKCS#11 URIs (RFC 7512): the names of private keys that live in a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

SCHEME = "pkcs11:"
_EXAMPLE = "pkcs11:token=NAME;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so"
_TOKEN = ("token", "serial", "manufacturer", "model")
_PIN_IN_FILE = "never stands in a file or URI: name an environment variable with passphrase_env instead"


@dataclass(frozen=True)
class PKCS11URI:
    """A private key in a token.

    Attributes:
        text: The URI as it was written.
        module_path: The PKCS#11 library of the token.
        token: What the token shows of itself: `token` (its label), `serial`, `manufacturer`, `model`.
        object_label: Label of the private key.
        object_id: Identifier of the private key (CKA_ID).
    """

    text: str
    module_path: Path = field(compare=False)
    token: tuple[tuple[str, str], ...] = field(compare=False)
    object_label: str | None = field(compare=False)
    object_id: bytes | None = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @property
    def token_name(self) -> str:
        """The token alone, the same for all of its keys: they share a PIN."""
        return f"{SCHEME}{';'.join(f'{key}={value}' for key, value in self.token)}?{self.module_path}"

    @classmethod
    def parse(cls, text: str) -> PKCS11URI:
        """Read a URI.

        Raises:
            ValueError: It is malformed, or does not say which module, token and object; the text says how
                to mend it.
        """
        if not text.startswith(SCHEME):
            raise ValueError(f"expected a PKCS#11 URI such as {_EXAMPLE}, found {text!r}")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        attributes, options = _attributes(path, ";"), _attributes(query, "&")
        for name in ("pin-value", "pin-source"):
            if name in options or name in attributes:
                raise ValueError(f"{name} is not supported: a PIN {_PIN_IN_FILE}")
        _only(attributes, (*_TOKEN, "object", "id", "type"))
        _only(options, ("module-path",))
        if attributes.get("type", "private") != "private":
            raise ValueError(f"type={attributes['type']} is no private key; expected type=private or no type")
        module = unquote(options.get("module-path", ""))
        if not module.startswith("/"):
            raise ValueError(
                "module-path is missing or not absolute; add the library of the token, such as "
                "?module-path=/usr/lib/softhsm/libsofthsm2.so"
            )
        if not any(attributes.get(name) for name in ("token", "serial")):
            raise ValueError(f"token and serial are missing; name the token: {_EXAMPLE}")
        if not any(attributes.get(name) for name in ("object", "id")):
            raise ValueError(f"object and id are missing; name the private key: {_EXAMPLE}")
        return cls(
            text=text,
            module_path=Path(module),
            token=tuple((name, unquote(attributes[name])) for name in _TOKEN if name in attributes),
            object_label=unquote(attributes["object"]) if "object" in attributes else None,
            object_id=unquote_to_bytes(attributes["id"]) if "id" in attributes else None,
        )


def _attributes(text: str, separator: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not name=value; expected a PKCS#11 URI such as {_EXAMPLE}")
        if name in attributes:
            raise ValueError(f"{name} is given twice")
        attributes[name] = value
    return attributes


def _only(attributes: dict[str, str], known: tuple[str, ...]) -> None:
    for name in attributes:
        if name not in known:
            raise ValueError(f"{name} is not supported here; known are {', '.join(known)}")
