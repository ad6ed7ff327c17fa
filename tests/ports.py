"""Ports for servers that must be known before they listen, and that nobody else is given meanwhile."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from typing import Final

_FIRST: Final = 10_000
"""Below the ports that a system gives to whoever asks for any: on Linux they begin at 32,768."""

_OF_EACH_PROCESS: Final = 1_000
_PROCESSES: Final = 20
_given = 0


def free_ports(number: int) -> list[int]:
    """Consecutive ports that nobody listens on, and that no other test is given.

    Args:
        number: how many.
    """
    global _given
    worker = re.search(r"\d+$", os.environ.get("PYTEST_XDIST_WORKER", ""))  # such as gw1
    process = (int(worker[0]) if worker else os.getpid()) % _PROCESSES
    while True:
        first = _FIRST + _OF_EACH_PROCESS * process + _given % (_OF_EACH_PROCESS - number)
        _given += number
        ports = list(range(first, first + number))
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in ports:
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
            return ports
