"""Keeping secrets out of a bundle: of the target file, and of what else might repeat them.

Raw messages are evidence and are never changed: one that holds a secret cannot be bundled. Everything else
has secrets replaced, and the bundle says where.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from reports.bundle.errors import BundleError

REMOVED: Final = "[removed]"
SHORTEST: Final = 8
"""Characters. A shorter secret is removed where it stands, not looked for elsewhere: words would hold it."""

_MARK = REMOVED.encode()
_SECRET_WORDS = re.compile(
    r"(?:^|[^a-z])(?:authorization|bearer|cookie|credential|passcode|passphrase|passwd|password|pin|pwd"
    r"|secret|token)(?:[^a-z]|$)|(?:api|access|private|signing)[_-]?key$",
    re.I,
)
_VARIABLE_KEY = "passphrase_env"
_VARIABLE_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_PARAMETER = re.compile(r"([?&;][\w.-]*(?:key|secret|token|passw|pwd|sig|auth)[\w.-]*=)([^&;#\s]+)", re.I)
_PIN = re.compile(r"([?&;]pin-(?:value|source)=)([^&;#\s]+)", re.I)
_IN_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(\S*)@", re.I)

_PEM = re.compile(
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    rb"(?:(?:[A-Za-z0-9+/=\s:,-]|\\[rn])*?-----END [A-Z0-9 ]*PRIVATE KEY-----|(?:[A-Za-z0-9+/=\s]|\\[rn])*)"
)
_USER_IN_URL = re.compile(rb"(\b[a-z][a-z0-9+.-]*://)[^\s/?#@\"'<>\\]+@", re.I)
_PIN_IN_URI = re.compile(rb"(\bpin-(?:value|source)=)[^\s&;#\"'<>\\]+")
_PEM_HINT = b"PRIVATE KEY-----"
_PATTERNS: Final = (
    (_PEM_HINT, _PEM, _MARK),
    (b"@", _USER_IN_URL, rb"\1" + _MARK + b"@"),
    (b"pin-", _PIN_IN_URI, rb"\1" + _MARK),
)
"""Secrets that show by their form: octets that each of them holds, its pattern, what takes its place."""


class Redaction:
    """Knows the secrets of a run, and what was removed because of them.

    Args:
        secrets: each by what it is, for messages: "the value of SMKI_PIN". They are never shown.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._secrets: dict[bytes, str] = {}
        self.removed: list[str] = []
        for what, value in (secrets or {}).items():
            self._know(what, value)

    def target(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A target file without its secrets; from then on they are looked for everywhere else too.

        Args:
            values: the target file as data.
        """
        return {str(key): self._value(str(key), str(key), value) for key, value in values.items()}

    def clean(self, name: str, octets: bytes) -> bytes:
        """A text that is no raw message, without secrets.

        Args:
            name: of the file, for the record.
            octets: its content, or a part of it that ends where a line ends.
        """
        cleaned = octets
        for hint, pattern, mark in _PATTERNS:
            if hint in cleaned:
                cleaned = pattern.sub(mark, cleaned)
        for secret in self._secrets:
            cleaned = cleaned.replace(secret, _MARK)
        if cleaned != octets:
            self._record(f"{name}: secrets were replaced by {REMOVED}")
        return cleaned

    def check(self, name: str, octets: bytes) -> None:
        """See that a raw message holds no secret.

        Raises:
            BundleError: it does; says which, never its value.
        """
        found = next((what for secret, what in self._secrets.items() if secret in octets), "")
        if not found and _PEM_HINT in octets and _PEM.search(octets):
            found = "a private key"
        if found:
            raise BundleError(
                f"{name} holds {found}, and a message is bundled as it was sent or not at all; have that "
                "secret replaced, and run the scenario again"
            )

    def _record(self, sentence: str) -> None:
        if sentence not in self.removed:
            self.removed.append(sentence)

    def _know(self, what: str, value: str) -> None:
        for form in (value, value.strip(), unquote(value)):
            if len(form) >= SHORTEST:
                for written in _written(form):
                    self._secrets[written.encode(errors="surrogateescape")] = what

    def _value(self, place: str, key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                str(name): self._value(f"{place}.{name}", str(name), each) for name, each in value.items()
            }
        if isinstance(value, list):
            return [self._value(f"{place}[{number}]", key, each) for number, each in enumerate(value)]
        if _is_secret(key, value):
            self._remove(place, str(value))
            return REMOVED
        return self._text(place, value) if isinstance(value, str) else value

    def _text(self, place: str, text: str) -> str:
        if _PEM.search(text.encode(errors="surrogateescape")):
            self._remove(place, text)
            return REMOVED
        for found in _IN_URL.finditer(text):
            self._remove(f"{place} (user and password of a URL)", found[2])
            self._know(place, found[2].partition(":")[2])
        text = _IN_URL.sub(rf"\1{REMOVED}@", text)
        # In the URI of a token, "token" and "object" are labels.
        secret = _PIN if text.startswith("pkcs11:") else _PARAMETER
        for found in secret.finditer(text):
            self._remove(f"{place} ({found[1].strip('?&;=')} of a URL)", found[2])
        return secret.sub(rf"\1{REMOVED}", text)

    def _remove(self, place: str, value: str) -> None:
        self._know(f"the secret of {place}", value)
        self._record(f"target file, {place}: replaced by {REMOVED}")


def _is_secret(key: str, value: Any) -> bool:
    """Whether the name of a key says that its value is secret."""
    if key == _VARIABLE_KEY:  # a name; but someone may have written the passphrase itself
        return not (isinstance(value, str) and _VARIABLE_NAME.fullmatch(value))
    return _SECRET_WORDS.search(key) is not None


def _written(secret: str) -> Iterator[str]:
    """The forms a text can have in what is made of it: JSON, HTML and XML, a URL."""
    yield secret
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    yield html.escape(secret, quote=False)
    yield quote(secret, safe="")
