"""The adapter: takes requests of the DSP, gives jobs to the vendor's system, sends what comes of them."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from typing import Any, Final

import aiohttp
from aiohttp import web

from duis.identifiers import EUI64
from examples.s1sp_adapter.answers import answer, device_alert
from examples.s1sp_adapter.config import Config
from examples.s1sp_adapter.intake import Intake, Refused, read_again
from examples.s1sp_adapter.sender import Sender
from examples.s1sp_adapter.store import Due, Store
from examples.s1sp_adapter.vendor_api import Alert, Outcome, job_of

LOGGER = logging.getLogger(__name__)

_LARGEST_BODY: Final = 1024 * 1024
_BODY_SECONDS: Final = 10.0
_DELIVERY_SECONDS: Final = 10.0


class Adapter:
    """What happens to each message. Nothing is acknowledged before it is stored."""

    def __init__(self, config: Config) -> None:
        """Open everything the configuration names; see `Config` for what can be wrong with it."""
        self._config = config
        self._signer = config.signer()
        self._store = Store(config.folder / config.database)
        dsp_id, s1sp_id = EUI64(config.dsp.entity_identifier), EUI64(config.s1sp.entity_identifier)
        self._intake = Intake(config.trust_store(), dsp_id, s1sp_id)

    async def run(self, stopped: asyncio.Event) -> None:
        """Serve both sides until `stopped` is set."""
        config = self._config
        client_tls = config.tls_context(ssl.PROTOCOL_TLS_CLIENT)
        timeout = aiohttp.ClientTimeout(total=_DELIVERY_SECONDS)
        connector = aiohttp.TCPConnector(ssl=client_tls if client_tls is not None else True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as to_dsp,
            aiohttp.ClientSession(timeout=timeout) as to_vendor,
        ):
            self._jobs = Sender(
                to_vendor, config.vendor.jobs, self._store.next_job, self._job, self._job_taken
            )
            self._documents = Sender(
                to_dsp,
                config.dsp.messages,
                self._store.next_document,
                lambda due: (due.document, "application/xml"),
                self._document_settled,
            )
            of_dsp = web.Application(client_max_size=_LARGEST_BODY)
            of_dsp.router.add_post(config.listen.path, self._take_request)
            of_vendor = web.Application(client_max_size=_LARGEST_BODY)
            of_vendor.router.add_post("/outcomes", self._take_outcome)
            of_vendor.router.add_post("/alerts", self._take_alert)
            runners = [web.AppRunner(each, access_log=None) for each in (of_dsp, of_vendor)]
            for runner in runners:
                await runner.setup()
            server_tls = config.tls_context(ssl.PROTOCOL_TLS_SERVER)
            await web.TCPSite(
                runners[0], config.listen.host, config.listen.port, ssl_context=server_tls
            ).start()
            await web.TCPSite(runners[1], config.vendor.host, config.vendor.port).start()
            print("ready", flush=True)
            work: list[asyncio.Task[Any]] = [
                asyncio.create_task(self._jobs.run()),
                asyncio.create_task(self._documents.run()),
                asyncio.create_task(stopped.wait()),
            ]
            done, others = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            for runner in runners:
                await runner.cleanup()
        self._store.close()
        for task in done:
            task.result()  # a sender that ended by itself ended with an error: show it

    async def _take_request(self, request: web.Request) -> web.Response:
        """POST of the DSP: a Countersigned Service Request."""
        document = await _body(request)
        try:
            taken = self._intake.check(document)
        except Refused as error:
            LOGGER.warning("refused with %s: %s", error.status, error)
            return web.Response(status=error.status, text=str(error))
        request_id = str(taken.request.request_id)
        if self._store.take_over(request_id, document):
            self._jobs.wake()
        else:  # the DSP has not seen our 204: carry nothing out again, but say again what came of it
            self._store.owe_again(request_id)
            self._documents.wake()
        return web.Response(status=204)

    def _job(self, due: Due) -> tuple[bytes, str]:
        return json.dumps(job_of(read_again(due.document))).encode(), "application/json"

    def _job_taken(self, due: Due, status: int, body: bytes) -> None:
        """The vendor's system has answered: with the outcome (200), with a promise (202), or with a no."""
        self._store.handed_over(due.about)
        try:
            if status >= 400:
                reason = body[:200].decode("utf-8", "replace")
                LOGGER.error("%s: the vendor's system refused the job: %s %s", due.about, status, reason)
                self._answer(Outcome(request_id=due.about, outcome="failed", because=reason))
            elif status == 200:
                self._answer(Outcome.model_validate_json(body))
        except ValueError as error:
            LOGGER.error("%s: the outcome of the vendor's system cannot be used: %s", due.about, error)

    async def _take_outcome(self, request: web.Request) -> web.Response:
        """POST of the vendor's system: what became of a job."""
        try:
            outcome = Outcome.model_validate_json(await _body(request))
            if self._store.request(outcome.request_id) is None:
                return web.Response(status=404, text=f"no request {outcome.request_id}")
            self._answer(outcome)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        return web.Response(status=204)

    async def _take_alert(self, request: web.Request) -> web.Response:
        """POST of the vendor's system: a device has raised an alert."""
        try:
            alert = Alert.model_validate_json(await _body(request))
            document = device_alert(alert, self._signer)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        self._store.owe(f"alert {alert.device} {alert.alert_id}", document)
        self._documents.wake()
        return web.Response(status=204)

    def _answer(self, outcome: Outcome) -> None:
        """Sign and store the answer to a request; a second outcome changes nothing.

        Raises:
            ValueError: the outcome does not fit the request.
        """
        countersigned = self._store.request(outcome.request_id)
        if countersigned is None:
            raise ValueError(f"no request {outcome.request_id}")
        self._store.owe(outcome.request_id, answer(read_again(countersigned), outcome, self._signer))
        self._documents.wake()

    def _document_settled(self, due: Due, status: int, body: bytes) -> None:
        if status < 300:
            self._store.settle(due.about, "delivered", "")
            return
        detail = f"HTTP {status}: {body[:200].decode('utf-8', 'replace')}"
        LOGGER.error("%s: the DSP refused the document for good: %s", due.about, detail)
        self._store.settle(due.about, "refused", detail)


async def _body(request: web.Request) -> bytes:
    """The whole body; 413 when it is too large, 408 when it does not come in time."""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not arrive in time") from None
