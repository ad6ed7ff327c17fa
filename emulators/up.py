"""Starts the DSP and the three S1SPs as four processes: `python -m emulators.up --state DIR`.

It mints the test PKI, writes the configurations and a target file into DIR and listens on every port itself,
so no port can be taken in between. The processes are forked after the imports: that starts all four in the
time of one. They end with this one, whatever ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from emulators.config import ConfigurationError, DSPConfig, EmulatorConfig, S1SPConfig, load_config
from emulators.database import DatabaseError
from emulators.deviations import UnknownDeviation, check_names
from emulators.dsp.program import DSPEmulator
from emulators.launch_options import LaunchOptions, launch_options
from emulators.s1sp.program import S1SPEmulator
from emulators.serve import Emulator, forbid_core_files, run_emulator, standard_input
from emulators.state_folder import Ports, StateFolder
from emulators.transport import listening_socket

START_DEADLINE_SECONDS = 20.0


@dataclass(frozen=True)
class Program:
    """One emulator to start."""

    name: str
    config: EmulatorConfig
    build: Callable[[], Emulator]
    sockets: tuple[socket.socket, socket.socket]


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line; return the exit code: 0, 1 when an emulator ended, 2 for bad input."""
    forbid_core_files()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(process)d %(levelname)s %(message)s")
    try:
        options = launch_options(arguments, __doc__)
        check_names(options.deviations)
        stop_when_closes = standard_input(options.until_stdin_closes)
        programs, folder = _prepare(options)
        if options.prepare_only:
            print(f"prepared; {_target_file(folder)}", flush=True)
            return 0
        return _run(programs, folder, stop_when_closes)
    except (ConfigurationError, DatabaseError, UnknownDeviation) as error:
        print(f"emulators.up: {error}", file=sys.stderr)
        return 2


def _target_file(folder: StateFolder) -> str:
    written = folder.write_target_file()
    return "no target file, as the DSP is elsewhere" if written is None else f"target file {written}"


def _prepare(options: LaunchOptions) -> tuple[list[Program], StateFolder]:
    names = options.components
    listeners: dict[str, tuple[socket.socket, socket.socket]] = {}
    ports: dict[str, Ports] = {}
    for index, name in enumerate(names):
        first = options.first_port + 2 * index if options.first_port else 0
        protocol = listening_socket(options.host, first, "--port")
        management = listening_socket(options.host, first + 1 if first else 0, "--port")
        listeners[name] = protocol, management
        ports[name] = Ports(protocol.getsockname()[1], management.getsockname()[1])
    folder = StateFolder(options)
    folder.prepare(ports)
    programs = []
    for name in names:
        program = _program(name, folder.config_file(name), listeners[name])
        programs.append(program)
    return programs, folder


def _program(name: str, path: Path, sockets: tuple[socket.socket, socket.socket]) -> Program:
    if name == "dsp":
        dsp = load_config(path, DSPConfig)
        return Program(name, dsp, lambda: DSPEmulator(dsp), sockets)
    s1sp = load_config(path, S1SPConfig)
    return Program(name, s1sp, lambda: S1SPEmulator(s1sp), sockets)


def _run(programs: Sequence[Program], folder: StateFolder, stop_when_closes: int | None) -> int:
    lifeline, ours = os.pipe()  # its end tells the emulators that this process is gone
    ready, ready_to_write = os.pipe()
    children: dict[int, str] = {}
    for program in programs:
        process_id = os.fork()
        if process_id == 0:
            os.close(ours)
            os.close(ready)
            for other in programs:
                if other is not program:
                    for listener in other.sockets:
                        listener.close()
            _run_child(program, lifeline, ready_to_write)
        children[process_id] = program.name
    os.close(lifeline)
    os.close(ready_to_write)
    for program in programs:
        for listener in program.sockets:
            listener.close()
    return asyncio.run(_supervise(children, folder, ready, stop_when_closes))


def _run_child(program: Program, lifeline: int, ready: int) -> NoReturn:
    code = 1
    try:
        run_emulator(program.build(), program.config, program.sockets, lifeline, lambda: _tell(ready))
        code = 0
    except (ConfigurationError, DatabaseError) as error:
        print(f"{program.name}: {error}", file=sys.stderr, flush=True)
        code = 2
    except KeyboardInterrupt:
        code = 0
    except Exception:
        logging.getLogger(program.name).exception("%s ended", program.name)
    finally:
        os._exit(code)


def _tell(ready: int) -> None:
    os.write(ready, b"+")
    os.close(ready)


async def _supervise(
    children: dict[int, str], folder: StateFolder, ready: int, stop_when_closes: int | None
) -> int:
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    stopping = False
    all_ready = False
    started = 0
    code = 0

    def stop() -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            for process_id in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGTERM)
        changed.set()

    def input_ended() -> None:
        assert stop_when_closes is not None
        if not os.read(stop_when_closes, 4096):
            loop.remove_reader(stop_when_closes)
            stop()

    def child_ended() -> None:
        nonlocal code
        for process_id, name in tuple(children.items()):
            ended, status = os.waitpid(process_id, os.WNOHANG)
            if not ended:
                continue
            del children[process_id]
            if not stopping:
                code = os.waitstatus_to_exitcode(status)
                how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
                print(f"emulators.up: {name} ended {how}; stopping the others", file=sys.stderr, flush=True)
                code = code if code > 0 else 1
                stop()
        changed.set()

    def some_ready() -> None:
        nonlocal started, all_ready
        started += len(os.read(ready, 16))
        if started >= len(children) or not started:
            loop.remove_reader(ready)
        if started >= len(children) and not stopping:
            all_ready = True
            print(f"ready; {_target_file(folder)}", flush=True)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGCHLD, child_ended)
    loop.add_reader(ready, some_ready)
    if stop_when_closes is not None:
        loop.add_reader(stop_when_closes, input_ended)
    child_ended()  # one may have ended before the handler was there
    deadline = loop.call_later(START_DEADLINE_SECONDS, lambda: None if all_ready else stop())
    while children:
        await changed.wait()
        changed.clear()
    deadline.cancel()
    if not all_ready and not code:
        print("emulators.up: stopped before every emulator was ready", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
