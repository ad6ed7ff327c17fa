"""The management plane: what a tester may look at and arrange. It takes no part in the protocol.

Bodies are JSON. An answer other than 2xx is `{"error": "..."}`. With mutual TLS only the identity
`management` is let in.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from duis.identifiers import EUI64
from emulators.config import EstateOptions
from emulators.deviations import DEVIATIONS
from emulators.emulator import EmulatorBase
from emulators.estate_rows import device_as_json, device_from_json
from emulators.estate_settings import EstateSettings
from emulators.estates import Estate
from emulators.faults import Fault
from emulators.registration import Registration
from emulators.urls import MAIN_ESTATE

RulesT = TypeVar("RulesT")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MANAGEMENT_IDENTITY = "management"


class ClockOffset(BaseModel):
    """How far the emulator's clock is ahead of the system's, in seconds."""

    model_config = ConfigDict(extra="forbid")

    offset_seconds: float


class ManagementPlane(Generic[RulesT]):
    """The calls that the DSP and the S1SPs have in common."""

    def __init__(self, emulator: EmulatorBase[RulesT]) -> None:
        self._emulator = emulator

    def application(self) -> web.Application:
        """Return the application to serve on the management port."""
        application = web.Application(middlewares=[_answer_errors], client_max_size=16 * 1024 * 1024)
        application.add_routes(self.routes())
        return application

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/health", self.health),
            web.get("/deviations", self.deviations),
            web.get("/clock", self.get_clock),
            web.put("/clock", self.put_clock),
            web.put("/estates/{estate}", self.put_estate),
            web.get("/estates/{estate}", self.get_estate),
            web.patch("/estates/{estate}", self.patch_estate),
            web.delete("/estates/{estate}", self.delete_estate),
            web.get("/estates/{estate}/registrations", self.get_registrations),
            web.put("/estates/{estate}/registrations", self.put_registrations),
            web.get("/estates/{estate}/devices/{device}", self.get_device),
            web.put("/estates/{estate}/devices/{device}", self.put_device),
            web.get("/estates/{estate}/traffic", self.get_traffic),
            web.get("/estates/{estate}/faults", self.get_faults),
            web.post("/estates/{estate}/faults", self.post_fault),
            web.delete("/estates/{estate}/faults", self.delete_faults),
        ]

    def estate_as_json(self, estate: Estate[EstateSettings, RulesT]) -> dict[str, Any]:
        """Return what the plane shows of an estate."""
        options = estate.options.model_dump(mode="json")
        return {"name": estate.name, **options, "devices": self._devices_as_json(estate)}

    async def health(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Say that the emulator is there."""
        return web.json_response({"status": "ok", "name": self._emulator.name})

    async def deviations(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """List the deviations that an estate may be given."""
        return web.json_response([each.as_json() for each in DEVIATIONS.values()])

    async def get_clock(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Return the time and the offset of the emulator's clock."""
        clock = self._emulator.clock
        return web.json_response({"now": clock.now().isoformat(), "offset_seconds": clock.offset_seconds})

    async def put_clock(self, request: web.Request) -> web.Response:
        """Move the emulator's clock."""
        wanted = ClockOffset.model_validate(await json_of(request))
        self._emulator.clock.offset_seconds = wanted.offset_seconds
        self._emulator.clock_changed()
        return await self.get_clock(request)

    async def put_estate(self, request: web.Request) -> web.Response:
        """Create or replace an estate."""
        options = EstateOptions.model_validate(await json_of(request))
        if options.population is not None:
            raise ValueError("population: a file can be named in a configuration, not here")
        settings = {**self._emulator.common_settings, **options.settings}
        options = options.model_copy(update={"settings": settings})
        estate = self._emulator.create_estate(request.match_info["estate"], options)
        return web.json_response(self.estate_as_json(estate))

    async def get_estate(self, request: web.Request) -> web.Response:
        """Return an estate."""
        return web.json_response(self.estate_as_json(self._estate(request)))

    async def patch_estate(self, request: web.Request) -> web.Response:
        """Change switches, callbacks, settings or deviations; what is not named stays."""
        estate = self._estate(request)
        changes = await json_of(request)
        if not isinstance(changes, dict) or not changes.keys() <= {
            "mp107",
            "callbacks",
            "settings",
            "deviations",
        }:
            raise ValueError("mp107, callbacks, settings and deviations can be changed, nothing else")
        options = EstateOptions.model_validate(estate.options.model_dump() | changes)
        with self._emulator.database.transaction() as transaction:
            self._emulator.estates.change_options(transaction, estate, options)
        self._emulator.outbox.wake()
        return web.json_response(self.estate_as_json(estate))

    async def delete_estate(self, request: web.Request) -> web.Response:
        """Forget an estate."""
        name = request.match_info["estate"]
        if name == MAIN_ESTATE:
            raise ValueError("the main estate cannot be deleted; it can be replaced")
        self._emulator.forget_estate(name)
        return web.Response(status=204)

    async def get_registrations(self, request: web.Request) -> web.Response:
        """Return the Registration Data of an estate."""
        return web.json_response([row.as_json() for row in self._estate(request).registration_data])

    async def put_registrations(self, request: web.Request) -> web.Response:
        """Replace the Registration Data of an estate."""
        estate = self._estate(request)
        rows = [Registration.from_json(row) for row in _list(await json_of(request))]
        with self._emulator.database.transaction() as transaction:
            self._emulator.estates.change_registrations(transaction, estate, rows)
        return await self.get_registrations(request)

    async def get_device(self, request: web.Request) -> web.Response:
        """Return the attributes of a device."""
        device = self._estate(request).device(device_id_of(request))
        return web.json_response(device_as_json(device))

    async def put_device(self, request: web.Request) -> web.Response:
        """Change attributes of a device; what is not named stays."""
        estate = self._estate(request)
        device = estate.device(device_id_of(request))
        changes = await json_of(request)
        if not isinstance(changes, dict) or changes.get("device_id", device.device_id) != device.device_id:
            raise ValueError("attributes of this device are expected, by name")
        changed = device_from_json(device_as_json(device) | changes)
        with self._emulator.database.transaction() as transaction:
            self._emulator.estates.change_device(transaction, estate, changed)
        return web.json_response(device_as_json(changed))

    async def get_traffic(self, request: web.Request) -> web.Response:
        """Return the recorded messages of an estate, oldest first; `?request_id=` picks those of one."""
        messages = self._emulator.traffic.of(self._estate(request).name)
        wanted = request.query.get("request_id")
        return web.json_response(
            [each.as_json() for each in messages if wanted is None or each.request_id == wanted]
        )

    async def get_faults(self, request: web.Request) -> web.Response:
        """Return the faults still to come."""
        faults = self._emulator.faults.of(self._estate(request).name)
        return web.json_response([fault.model_dump() for fault in faults])

    async def post_fault(self, request: web.Request) -> web.Response:
        """Script a fault."""
        fault = Fault.model_validate(await json_of(request))
        self._emulator.faults.add(self._estate(request).name, fault)
        return await self.get_faults(request)

    async def delete_faults(self, request: web.Request) -> web.Response:
        """Forget the faults of an estate."""
        self._emulator.faults.clear(self._estate(request).name)
        return web.Response(status=204)

    def _estate(self, request: web.Request) -> Estate[EstateSettings, RulesT]:
        with self._emulator.database.transaction() as transaction:
            return self._emulator.estates.get(transaction, request.match_info["estate"])

    def _devices_as_json(self, estate: Estate[EstateSettings, RulesT]) -> list[dict[str, Any]]:
        now = self._emulator.clock.now()
        registered: dict[str, dict[str, str]] = {}
        for row in estate.registration_data:
            if row.covers(now):
                registered.setdefault(row.mpxn, {})[row.role] = row.user_id
        return [
            {
                "device_id": device.device_id,
                "device_type": device.device_type,
                "device_status": device.device_status,
                "s1sp": device.s1sp,
                "mpxn": device.mpxn,
                "set": device.set_id,
                "chf_id": device.chf_id,
                "registered": registered.get(device.mpxn or "", {}),
            }
            for device in estate.devices.values()
        ]


async def json_of(request: web.Request) -> Any:
    """Return the body of a call.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from None


def _list(document: Any) -> list[Any]:
    if not isinstance(document, list):
        raise ValueError("a list is expected")  # noqa: TRY004
    return document


def device_id_of(request: web.Request) -> EUI64:
    """Return the device a call is about."""
    return EUI64(request.match_info["device"])


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in whoever may come, and answer mistakes with one line instead of a traceback."""
    certificate = request.transport.get_extra_info("peercert") if request.transport is not None else None
    if certificate and not _is_management(certificate):
        return web.json_response({"error": "this port is for the identity `management`"}, status=403)
    try:
        return await handler(request)
    except ValidationError as error:
        lines = (
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)
        )
        return web.json_response({"error": "; ".join(lines)}, status=400)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    except LookupError as error:
        return web.json_response({"error": str(error.args[0] if error.args else error)}, status=404)


def _is_management(certificate: Any) -> bool:
    return any(
        attribute == ("commonName", MANAGEMENT_IDENTITY)
        for relative_name in certificate.get("subject", ())
        for attribute in relative_name
    )
