"""Client of the management planes of the bundled emulators: only for what a `Given` arranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from target.errors import EndpointUnreachable, HarnessError
from target.file import DSP_COMPONENT, TargetFile
from target.gateway import Connections, send

_TIMEOUT_SECONDS = 30.0
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class ManagementClient:
    """The management plane of one emulator.

    Args:
        name: Whose: `DSP`, `S1SP1`, ...
        url: Base URL.
        connections: The sessions to use.
        field: The key of the target file that holds the URL.
    """

    def __init__(self, name: str, url: str, connections: Connections, field: str) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._connections = connections
        self._field = field

    def health(self) -> Mapping[str, Any]:
        """`GET /health`."""
        return self._object("GET", "/health")

    def create_estate(self, estate: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Create an estate; the DSP answers with its devices."""
        return self._object("PUT", f"/estates/{quote(estate)}", content)

    def delete_estate(self, estate: str) -> None:
        """Forget an estate."""
        self._call("DELETE", f"/estates/{quote(estate)}")

    def estate(self, estate: str) -> Mapping[str, Any]:
        """Switches, callbacks and devices of an estate."""
        return self._object("GET", f"/estates/{quote(estate)}")

    def change_estate(self, estate: str, changes: Mapping[str, Any]) -> None:
        """Change switches, callbacks, settings or deviations."""
        self._call("PATCH", f"/estates/{quote(estate)}", changes)

    def registrations(self, estate: str) -> list[dict[str, Any]]:
        """The rows of the Registration Data."""
        return self._rows("GET", f"/estates/{quote(estate)}/registrations", "registrations")

    def put_registrations(self, estate: str, rows: list[dict[str, Any]]) -> None:
        """Replace the Registration Data."""
        self._call("PUT", f"/estates/{quote(estate)}/registrations", rows)

    def put_device(self, estate: str, device_id: str, attributes: Mapping[str, Any]) -> None:
        """Change attributes of a device, such as `device_status`."""
        self._call("PUT", f"/estates/{quote(estate)}/devices/{device_id}", attributes)

    def slot(self, estate: str, device_id: str, remote_party_role: str) -> Mapping[str, Any]:
        """What is in a slot of a device."""
        return self._object("GET", f"/estates/{quote(estate)}/devices/{device_id}/slots/{remote_party_role}")

    def put_slot(
        self, estate: str, device_id: str, remote_party_role: str, content: Mapping[str, Any]
    ) -> None:
        """Place certificates in a slot of a device."""
        self._call("PUT", f"/estates/{quote(estate)}/devices/{device_id}/slots/{remote_party_role}", content)

    def raise_alert(self, estate: str, device_id: str, alert_code: str, description: str) -> None:
        """Have a device raise an alert."""
        content = {"alert_code": alert_code, "description": description}
        self._call("POST", f"/estates/{quote(estate)}/devices/{device_id}/alerts", content)

    def traffic(self, estate: str) -> list[dict[str, Any]]:
        """The recorded messages."""
        return self._rows("GET", f"/estates/{quote(estate)}/traffic", "traffic")

    def add_fault(self, estate: str, fault: Mapping[str, Any]) -> None:
        """Script a fault."""
        self._call("POST", f"/estates/{quote(estate)}/faults", fault)

    def clear_faults(self, estate: str) -> None:
        """Forget all scripted faults."""
        self._call("DELETE", f"/estates/{quote(estate)}/faults")

    def _object(self, method: str, path: str, content: Any = None) -> Mapping[str, Any]:
        answer = self._call(method, path, content)
        if not isinstance(answer, dict):
            raise HarnessError(f"{self._url}{path} did not answer with a JSON object")
        return answer

    def _rows(self, method: str, path: str, key: str) -> list[dict[str, Any]]:
        answer = self._call(method, path)
        rows = answer.get(key) if isinstance(answer, dict) else answer
        if not isinstance(rows, list):
            raise HarnessError(f"{self._url}{path} did not answer with a list")
        return rows

    def _call(self, method: str, path: str, content: Any = None) -> Any:
        url = f"{self._url}{path}"
        try:
            response = self._request(method, url, content)
        except EndpointUnreachable:
            # A connection kept open may belong to an emulator that was started anew since.
            if method not in _IDEMPOTENT:
                raise
            response = self._request(method, url, content)
        if not response.ok:
            raise HarnessError(f"{method} {url}: HTTP {response.status_code}: {response.text[:500].strip()}")
        if not response.content:
            return {}
        try:
            return response.json()
        except ValueError:
            raise HarnessError(f"{method} {url}: the answer is not JSON") from None

    def _request(self, method: str, url: str, content: Any) -> requests.Response:
        try:
            return send(
                lambda: self._connections.session(None).request(
                    method, url, json=content, timeout=_TIMEOUT_SECONDS, allow_redirects=False
                ),
                url,
                self._field,
            )
        except requests.exceptions.ReadTimeout:
            raise HarnessError(f"{method} {url}: no answer within {_TIMEOUT_SECONDS:g} s") from None


def management_planes(target: TargetFile, connections: Connections) -> dict[str, ManagementClient]:
    """The management planes of the emulated systems of a target, by component."""
    urls = {DSP_COMPONENT: (target.dsp.management, "dsp.management")} | {
        name: (s1sp.management, f"s1sp.{name}.management") for name, s1sp in target.s1sp.items()
    }
    return {
        name: ManagementClient(name, url, connections, field)
        for name, (url, field) in urls.items()
        if url is not None
    }
