"""Signing with a key in a PKCS#11 token, such as an HSM: the private key never leaves it.

One session for each token and process, opened when the first key of it is used and logged out at exit.
The library behind it, python-pkcs11, is an extra of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from duis.pkcs11_uri import PKCS11URI
from duis.smki.keys import KeyUnusable, PassphraseNeeded, PassphraseWrong

INSTALL = 'pip install "smets1-conformance[pkcs11]"'
_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))
_OCTETS = 32
_LABELS_SHOWN = 12
_LOOK_AGAIN_SECONDS = (0.1, 0.3, 1.0)
"""Pauses before a module that shows no token is asked anew; once for each module and process."""


class TokenKey:
    """A private key on P-256 in a token; safe to use from several threads.

    Args:
        uri: Which key.
        pin: The PIN of its token; None when another key of the token has logged in already.
        public_key: The public key it must belong to: a trial signature is made and verified.

    Raises:
        KeyUnusable: Module, token or key is not there, the PIN is wrong, or it is another key.
    """

    def __init__(self, uri: PKCS11URI, pin: str | None, public_key: ec.EllipticCurvePublicKey) -> None:
        self.uri = uri
        self.public_key = public_key
        self._token = _token_of(uri)
        self._token.log_in(pin)
        digest = hashlib.sha256(secrets.token_bytes(_OCTETS)).digest()
        raw = self.sign_digest(digest)
        r, s = (int.from_bytes(half, "big") for half in (raw[:_OCTETS], raw[_OCTETS:]))
        try:
            public_key.verify(encode_dss_signature(r, s), digest, _PREHASHED)
        except InvalidSignature:
            raise KeyUnusable("the private key in the token does not belong to the certificate") from None

    def __repr__(self) -> str:
        return f"TokenKey({self.uri})"

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest (CKM_ECDSA): r and s, 32 octets each.

        Raises:
            KeyUnusable: The token does not sign (any more).
        """
        value = self._token.sign(self.uri, digest)
        if len(value) != 2 * _OCTETS:
            raise KeyUnusable(f"the key in the token is not on P-256: it signs with {len(value)} octets")
        return value


class _Token:
    """The one session of this process with a token."""

    def __init__(self, uri: PKCS11URI, lock: threading.RLock) -> None:
        self._uri = uri
        self._lock = lock
        self._session: Any = None
        self._pin: str | None = None
        self._refused: set[str] = set()
        self._keys: dict[PKCS11URI, Any] = {}

    def log_in(self, pin: str | None) -> None:
        with self._lock:
            if self._session is None:
                if pin is None:
                    raise PassphraseNeeded("the token asks for a PIN")
                self._open(pin)
            elif pin is not None and pin != self._pin:
                raise PassphraseWrong("the PIN is not the one this token was opened with")

    def sign(self, uri: PKCS11URI, digest: bytes) -> bytes:
        pkcs11 = _library()
        with self._lock:
            try:
                return self._sign(uri, digest)
            except (
                pkcs11.SessionHandleInvalid,
                pkcs11.SessionClosed,
                pkcs11.ObjectHandleInvalid,
                pkcs11.KeyHandleInvalid,
                pkcs11.UserNotLoggedIn,
            ):
                # An HSM ends sessions of its own accord. Nothing is sent before it is signed, so try anew.
                self._reopen()
                return self._sign(uri, digest)
            except pkcs11.PKCS11Error as error:
                raise self._failed("sign", error) from None

    def close(self) -> None:
        with self._lock:
            session, self._session, self._pin = self._session, None, None
            self._keys.clear()
            if session is not None:
                try:
                    session.close()  # logs out
                except _library().PKCS11Error:
                    pass  # it is gone already

    def _sign(self, uri: PKCS11URI, digest: bytes) -> bytes:
        if self._session is None:
            raise KeyUnusable("this process has logged out of the token")
        key = self._keys.get(uri)
        if key is None:
            key = self._keys[uri] = self._find(uri)
        value: bytes = key.sign(digest, mechanism=_library().Mechanism.ECDSA)
        return value

    def _reopen(self) -> None:
        pin = self._pin
        self.close()
        self.log_in(pin)

    def _open(self, pin: str) -> None:
        pkcs11 = _library()
        token = self._present()
        if pin in self._refused:  # each further attempt would bring the token nearer to locking itself
            raise PassphraseWrong("the token refuses the PIN")
        try:
            self._session = token.open(user_pin=pin)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
            self._refused.add(pin)
            raise PassphraseWrong("the token refuses the PIN") from None
        except pkcs11.PinLocked:
            raise KeyUnusable("the PIN of the token is locked; have its security officer unlock it") from None
        except pkcs11.PKCS11Error as error:
            raise self._failed("open a session", error) from None
        self._pin = pin

    def _present(self) -> Any:
        """The token itself, whichever slot it is in."""
        pkcs11 = _library()
        module = self._uri.module_path
        if not module.is_file():
            raise KeyUnusable(f"the PKCS#11 module {module} does not exist; correct module-path")
        try:
            library = pkcs11.lib(str(module))
        except (pkcs11.PKCS11Error, RuntimeError) as error:  # the latter from the loader of shared libraries
            raise KeyUnusable(f"{module} cannot be used as a PKCS#11 module{_colon(error)}") from None
        tokens = self._tokens(library, module)
        wanted = dict(self._uri.token)
        found = [token for token in tokens if wanted.items() <= _shown(token).items()]
        if len(found) == 1:
            return found[0]
        said = ";".join(f"{key}={value}" for key, value in wanted.items())
        if found:
            raise KeyUnusable(f"{len(found)} tokens of {module} match {said}; add serial=")
        there = ", ".join(sorted(str(_shown(token)["token"]) for token in tokens if _shown(token)["token"]))
        raise KeyUnusable(f"{module} has no token with {said}; it has {there or 'none'}")

    def _tokens(self, library: Any, module: Path) -> list[Any]:
        """The tokens of a module; it is asked anew when it has none, or cannot tell.

        A module looks for its tokens once, and misses those that another process is just opening.
        """
        for pause in _LOOK_AGAIN_SECONDS if module not in _looked_again else ():
            with contextlib.suppress(KeyUnusable):
                tokens = self._listed(library)
                if any(_shown(token)["token"] for token in tokens):
                    return tokens
            _looked_again.add(module)
            time.sleep(pause)
            library.reinitialize()
        return self._listed(library)

    def _listed(self, library: Any) -> list[Any]:
        try:
            return [slot.get_token() for slot in library.get_slots(token_present=True)]
        except _library().PKCS11Error as error:
            raise self._failed("list its tokens", error) from None

    def _find(self, uri: PKCS11URI) -> Any:
        """The private key of a URI."""
        pkcs11 = _library()
        private = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        wanted = dict(private)
        if uri.object_label is not None:
            wanted[pkcs11.Attribute.LABEL] = uri.object_label
        if uri.object_id is not None:
            wanted[pkcs11.Attribute.ID] = uri.object_id
        keys = list(self._session.get_objects(wanted))
        if not keys:
            labels = sorted({str(key.label) for key in self._session.get_objects(private)})
            there = ", ".join(labels[:_LABELS_SHOWN]) + (", ..." if len(labels) > _LABELS_SHOWN else "")
            raise KeyUnusable(
                f"the token holds no such private key; it holds {there or 'none'} "
                "(object=LABEL, id=%01%02 in hexadecimal)"
            )
        if len(keys) > 1:
            raise KeyUnusable(f"{len(keys)} private keys of the token match; add id= to tell them apart")
        if keys[0].key_type != pkcs11.KeyType.EC:
            raise KeyUnusable("the private key in the token is not an elliptic curve key")
        return keys[0]

    def _failed(self, what: str, error: Exception) -> KeyUnusable:
        return KeyUnusable(f"the token could not {what} ({type(error).__name__}{_colon(error)})")


def _colon(error: Exception) -> str:
    return f": {error}" if str(error) else ""


def _shown(token: Any) -> dict[str, str]:
    """What a token shows of itself, by the names of RFC 7512."""

    def text(value: Any) -> str:
        return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip(" \0")

    return {
        "token": text(token.label),
        "serial": text(token.serial),
        "manufacturer": text(token.manufacturer_id),
        "model": text(token.model),
    }


def _library() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ImportError:
        raise KeyUnusable(f"keys in a token need an extra: {INSTALL}") from None


_tokens: dict[str, _Token] = {}
_locks: dict[Path, threading.RLock] = {}
"""By module: the library initialises it for callers that come one at a time."""
_looked_again: set[Path] = set()
_tokens_lock = threading.Lock()


def _token_of(uri: PKCS11URI) -> _Token:
    _library()
    with _tokens_lock:
        lock = _locks.setdefault(uri.module_path, threading.RLock())
        return _tokens.setdefault(uri.token_name, _Token(uri, lock))


@atexit.register
def close_tokens() -> None:
    """Log out of every token and close its session; keys have to be opened anew to sign again."""
    with _tokens_lock:
        for token in _tokens.values():
            token.close()
        _tokens.clear()
