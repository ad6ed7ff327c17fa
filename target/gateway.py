"""Posting to the three services of the DSP [CLIENT].

One `requests.Session` per transport identity and thread. `trust_env` is off, because REQUESTS_CA_BUNDLE would
silently override whom we trust. Nothing is ever re-sent: a Service Request whose fate is unknown may
have been carried out.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests

from target.errors import DeadlinePassed, EndpointUnreachable
from target.evidence import Evidence
from target.file_keys import KeyPair, TLSFiles
from target.file_sections import DSP
from target.tls import ContextAdapter, client_context
from target.waiting import waiting

MAIN_ESTATE = "main"
"""The estate at the root of every URL; the only one an endpoint has."""

MEDIA_TYPE = "application/xml"
"""Of requests and answers [CLIENT]."""


class Service(StrEnum):
    """A service of the DUIS gateway [CLIENT]."""

    SEND_COMMAND = "Send Command"
    TRANSFORM = "Transform"
    NON_DEVICE = "Non-Device"


@dataclass(frozen=True)
class HttpAnswer:
    """What the gateway answered, synchronously.

    Attributes:
        status: HTTP status.
        media_type: Content-Type without parameters, lower case.
        document: The body, unchanged.
        seconds: From sending to the end of the answer.
    """

    status: int
    media_type: str
    document: bytes
    seconds: float


class Connections:
    """Sessions kept open per thread and transport identity; shared by the gateways of all estates."""

    def __init__(self, tls: TLSFiles | None) -> None:
        self._tls = tls
        self._local = threading.local()
        self._all: list[requests.Session] = []
        self._lock = threading.Lock()

    def session(self, identity: KeyPair | None) -> requests.Session:
        """The session of a transport identity; without one, that of `[dsp.tls]`."""
        sessions: dict[Path | None, requests.Session] | None = getattr(self._local, "sessions", None)
        if sessions is None:
            sessions = self._local.sessions = {}
        name = identity.certificate if identity is not None else None
        session = sessions.get(name)
        if session is None:
            session = sessions[name] = open_session(self._tls, identity)
            with self._lock:
                self._all.append(session)
        return session

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            for session in self._all:
                session.close()
            self._all.clear()
        self._local = threading.local()


def open_session(tls: TLSFiles | None, identity: KeyPair | None = None) -> requests.Session:
    """A session that trusts only the given authority and never looks at the environment.

    Raises:
        OSError: A TLS file cannot be used.
    """
    session = requests.Session()
    session.trust_env = False
    if tls is not None:
        session.mount("https://", ContextAdapter(client_context(tls, identity)))
    return session


class Gateway:
    """The three services of one DSP, for one estate.

    Args:
        urls: URL of each service.
        connections: The sessions to use.
        evidence: Where every message is recorded.
        timeout: For the synchronous answer, in seconds.
    """

    def __init__(
        self, urls: dict[Service, str], connections: Connections, evidence: Evidence, timeout: float
    ) -> None:
        self.urls = dict(urls)
        self._connections = connections
        self._evidence = evidence
        self._timeout = timeout

    @classmethod
    def of(
        cls, dsp: DSP, connections: Connections, evidence: Evidence, timeout: float, estate: str
    ) -> Gateway:
        """The gateway of an estate: `main` at the root, any other under `/estates/<name>`."""
        urls = {
            Service.SEND_COMMAND: dsp.send_command,
            Service.TRANSFORM: dsp.transform,
            Service.NON_DEVICE: dsp.non_device,
        }
        return cls(
            {service: in_estate(url, estate) for service, url in urls.items()}, connections, evidence, timeout
        )

    @property
    def name(self) -> str:
        """What tells gateways apart: counters are kept for each."""
        return self.urls[Service.SEND_COMMAND]

    def post(
        self,
        document: bytes,
        service: Service,
        title: str,
        identity: KeyPair | None = None,
        sender: str = "",
    ) -> HttpAnswer:
        """Post one document, once.

        Args:
            document: The body, sent as it is.
            service: Which service.
            title: What it is, for the evidence.
            identity: Transport identity, where it is not that of `[dsp.tls]`.
            sender: Who sends it, for the evidence.

        Returns:
            Whatever the gateway answered, whether it makes sense or not.

        Raises:
            EndpointUnreachable: No conversation was possible.
            DeadlinePassed: The gateway took the request and did not answer in time.
        """
        url = self.urls[service]
        meta = {"url": url, "service": service.value, "from": sender, "to": "DSP"}
        self._evidence.record("sent", title, document, MEDIA_TYPE, meta)
        started = time.monotonic()
        try:
            with waiting(f"the synchronous answer to {title}", self._timeout):
                response = send(
                    lambda: self._connections.session(identity).post(
                        url,
                        data=document,
                        headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE},
                        timeout=(min(self._timeout, 10.0), self._timeout),
                        allow_redirects=False,
                    ),
                    url,
                    field=_FIELDS[service],
                )
        except requests.exceptions.ReadTimeout:
            raise DeadlinePassed(f"the synchronous answer of {url} to {title}", self._timeout) from None
        answer = HttpAnswer(
            status=response.status_code,
            media_type=response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            document=response.content,
            seconds=time.monotonic() - started,
        )
        self._evidence.record(
            "received",
            f"answer to {title}: {in_short(answer)}",
            answer.document,
            answer.media_type or "application/octet-stream",
            {
                "url": url,
                "http_status": str(answer.status),
                "seconds": f"{answer.seconds:.4f}",
                "from": "DSP",
                "to": sender,
            },
        )
        return answer


def in_short(answer: HttpAnswer) -> str:
    """The response code as it stands there, for a reader; reading the answer is another matter."""
    code = _RESPONSE_CODE.search(answer.document)
    return code[1].decode() if code else f"HTTP {answer.status}"


_RESPONSE_CODE = re.compile(rb"<(?:\w+:)?ResponseCode>(\w{1,8})</")
_FIELDS = {
    Service.SEND_COMMAND: "dsp.send_command",
    Service.TRANSFORM: "dsp.transform",
    Service.NON_DEVICE: "dsp.non_device",
}


def send(call: Callable[[], requests.Response], url: str, field: str) -> requests.Response:
    """Make a call and translate what can go wrong below HTTP.

    Args:
        call: Makes the call.
        url: Where to.
        field: The key of the target file that holds the address.

    Raises:
        EndpointUnreachable: With the reason and what to look at.
        requests.exceptions.ReadTimeout: The other side took the request and did not answer in time.
    """
    try:
        return call()
    except requests.exceptions.SSLError as error:
        reason = f"the TLS handshake failed ({_innermost(error)})"
        mend = f"Check the certificates in the tls tables of the target file, and {field}"
    except requests.exceptions.ConnectTimeout:
        reason = "no connection was made in time"
        mend = f"Check host and port in {field}, and the network in between"
    except requests.exceptions.ConnectionError as error:
        text = _innermost(error)
        if "refused" in text:
            reason, mend = "nothing listens there", f"Start the system under test, or correct {field}"
        elif "resol" in text.lower() or "Name or service" in text:
            reason, mend = "its host name is not known", f"Correct the host in {field}"
        else:
            reason = f"the connection broke before an answer came ({text})"
            mend = f"Look at the log of the system behind {field}; the request was not sent again"
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        reason, mend = str(error), f"Correct {field}"
    except OSError as error:
        if isinstance(error, requests.exceptions.RequestException):
            raise
        reason = f"a TLS file cannot be used ({error})"
        mend = "Check the tls tables of the target file"
    raise EndpointUnreachable(url, reason, f"{mend}.")


def _innermost(error: BaseException) -> str:
    current: object = error
    while True:
        inner = getattr(current, "reason", None) or next(
            (argument for argument in getattr(current, "args", ()) if isinstance(argument, BaseException)),
            None,
        )
        if not isinstance(inner, BaseException):
            return str(current)
        current = inner


def in_estate(url: str, estate: str) -> str:
    """The URL of the same service in an estate of the emulators."""
    if estate == MAIN_ESTATE:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/estates/{estate}{parts.path}", "", ""))
