"""What the Users of a target send and read with, put together once for whoever acts for them.

A run (`target.session`), a preflight (`target.preflight`) and the mending of devices (`target.pool.workshop`)
differ in who carries what they send and in where results arrive, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from duis.schema import Schema, SchemaUnavailable
from target.answers import AnswerReader
from target.counters import CounterSource
from target.courier import Courier, GatewayCourier
from target.evidence import Evidence
from target.file import TargetFile, TargetFileError
from target.file_errors import problem_at
from target.gateway import Connections, Gateway
from target.inbox import InboxReader
from target.scope import Scope
from target.service_user import EstateLink
from target.trust import load_trust
from target.users import UserDirectory


class Correspondence:
    """Connections, counters, schema, trust and keys of a target, loaded once.

    Args:
        target: The target file.
        counters: Database of the Originator Counters.
        evidence: Where every message is recorded.

    Attributes:
        schema: The DUIS schema.
        trust: The SMKI trust store.
        users: The Service Users; `users.bind(link)` lets them send.

    Raises:
        TargetFileError: The schema the file names cannot be used.
        HarnessError: A certificate cannot be used.
    """

    def __init__(self, target: TargetFile, counters: Path, evidence: Evidence) -> None:
        self.trust = load_trust(target.trust.anchors, target.trust.certificates)
        self.schema = schema_of(target)
        self.users = UserDirectory(target, self.trust)
        self._target = target
        self._evidence = evidence
        self._answers = AnswerReader(self.schema, self.trust, target.assumptions)
        self._connections = Connections(target.dsp.tls)
        self._counters = CounterSource(counters)

    def link(
        self,
        estate: str,
        inbox: InboxReader,
        courier: Callable[[Courier], Courier] = lambda gateway: gateway,
        scope: Scope | None = None,
    ) -> EstateLink:
        """What the Users of one estate share.

        Args:
            estate: Name of the estate.
            inbox: Where results arrive.
            courier: Put around the courier to the gateway.
            scope: What of a shared mailbox concerns them.
        """
        target, evidence = self._target, self._evidence
        gateway = Gateway.of(target.dsp, self._connections, evidence, target.deadlines.synchronous, estate)
        return EstateLink(
            estate=estate,
            target=target,
            gateway=gateway,
            courier=courier(GatewayCourier(gateway)),
            counters=self._counters.for_gateway(gateway.name),
            inbox=inbox,
            answers=self._answers,
            evidence=evidence,
            scope=scope,
        )

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


def schema_of(target: TargetFile) -> Schema:
    """The schema that a target file names, or the bundled one.

    Raises:
        TargetFileError: It cannot be used; says the line that names it.
    """
    if target.official_schema is None:
        return Schema.bundled()
    try:
        return Schema.official(target.official_schema)
    except SchemaUnavailable as error:
        problem = problem_at(target.path.read_text("utf-8"), ("schema",), f"no usable DUIS schema: {error}")
        raise TargetFileError(target.path, [problem]) from None
