"""The population a scenario works with: devices, the parties of each, and what can be arranged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from duis.identifiers import EUI64
from duis.roles import NETWORK_OPERATORS, SUPPLIERS, DeviceType, RemotePartyRole, UserRole
from target.arrangement import DCC, Arrangement, DeviceUnderTest, TrafficRecord
from target.data_update import DataUpdate, RehearsedDataUpdate
from target.deadline import listen
from target.errors import NotArrangeable
from target.observations import DeviceAlertSeen
from target.pool.population import Population
from target.service_user import EstateLink, ServiceUser

__all__ = ["DCC", "DeviceUnderTest", "TestEstate", "TrafficRecord"]

_ELECTRICITY = (UserRole.IMPORT_SUPPLIER, UserRole.ELECTRICITY_DISTRIBUTOR)
_GAS = (UserRole.GAS_SUPPLIER, UserRole.GAS_TRANSPORTER)


class TestEstate:
    """Devices and Users of one scenario.

    Correct is the party registered for the MPAN or MPRN of a device, incorrect any other in the same role
    [FIA 3.2]. Which one that is follows from the target file alone, so every run chooses the same.

    Attributes:
        name: Name of the estate.
        users: Every Service User of the target file.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self, link: EstateLink, arrangement: Arrangement, users: Iterable[ServiceUser]) -> None:
        self.name = link.estate
        self.users = tuple(users)
        self._link = link
        self._arrangement = arrangement

    @property
    def devices(self) -> tuple[DeviceUnderTest, ...]:
        """Every device."""
        return self._arrangement.devices

    def device(self, s1sp: str, device_type: DeviceType | str) -> DeviceUnderTest:
        """The first device of a type that an S1SP serves.

        Raises:
            NotArrangeable: The target has none.
        """
        for device in self.devices:
            if device.s1sp == s1sp and device.device_type == device_type:
                return device
        raise NotArrangeable(f"the target has no {device_type} served by {s1sp}")

    def on_same_hub(self, device: DeviceUnderTest, device_type: DeviceType | str) -> DeviceUnderTest:
        """The first device of a type that shares the Communications Hub Function of another.

        It is there to be named in a request, and for who is registered for it: it need not be leased.

        Raises:
            NotArrangeable: The target has none, or does not tell.
        """
        if device.chf_id is None:
            raise NotArrangeable(
                f"the target file does not tell the chf_id of the {device.device_type} {device.device_id}"
            )
        declared = (each.under_test for each in Population.of(self._link.target).devices)
        for other in (*self.devices, *declared):
            if (other.chf_id, other.device_type) == (device.chf_id, device_type):
                return other
        raise NotArrangeable(
            f"the target has no {device_type} with chf_id {device.chf_id}, that of the "
            f"{device.device_type} {device.device_id}"
        )

    # Parties

    def user(self, name: str) -> ServiceUser:
        """The User of that name.

        Raises:
            NotArrangeable: The target file names no such User.
        """
        for user in self.users:
            if user.name == name:
                return user
        raise NotArrangeable(f"the target file names no service user {name}")

    def user_of(self, user_id: EUI64) -> ServiceUser:
        """The User with that User ID.

        Raises:
            NotArrangeable: We cannot act as it.
        """
        for user in self.users:
            if user.user_id == user_id:
                return user
        raise NotArrangeable(f"the target file names no service user with User ID {user_id}")

    def user_in_role(self, role: UserRole, index: int = 0) -> ServiceUser:
        """The first (or a later) User in a role, in the order of the target file.

        Raises:
            NotArrangeable: The target file names none.
        """
        users = [user for user in self.users if role in user.roles]
        return self._one(users, index, f"service user in role {role}")

    def supplier_of(self, device: DeviceUnderTest) -> ServiceUser:
        """The registered Supplier."""
        return self.user_of(self._registered(device, SUPPLIERS)[1])

    def network_operator_of(self, device: DeviceUnderTest) -> ServiceUser:
        """The registered, hence correct, Network Operator."""
        return self.user_of(self._registered(device, NETWORK_OPERATORS)[1])

    def other_network_operator(self, device: DeviceUnderTest, index: int = 0) -> ServiceUser:
        """An incorrect Network Operator: of the same fuel, and not the registered one.

        Raises:
            NotArrangeable: The target file names none.
        """
        return self._other(device, NETWORK_OPERATORS, index)

    def unregistered_supplier(self, device: DeviceUnderTest, index: int = 0) -> ServiceUser:
        """A Supplier of the same fuel that is not the registered one.

        Raises:
            NotArrangeable: The target file names none.
        """
        return self._other(device, SUPPLIERS, index)

    def _registered(self, device: DeviceUnderTest, roles: frozenset[UserRole]) -> tuple[UserRole, EUI64]:
        for role in _GAS if device.is_gas else _ELECTRICITY:
            if role in roles and role in device.registered:
                return role, device.registered[role]
        names = " or ".join(sorted(roles))
        raise NotArrangeable(f"no {names} is registered for the {device.device_type} {device.device_id}")

    def _other(self, device: DeviceUnderTest, roles: frozenset[UserRole], index: int) -> ServiceUser:
        role, registered = self._registered(device, roles)
        others = [user for user in self.users if role in user.roles and user.user_id != registered]
        return self._one(others, index, f"further service user in role {role}")

    @staticmethod
    def _one(users: list[ServiceUser], index: int, what: str) -> ServiceUser:
        if index >= len(users):
            count = "no" if index == 0 else f"not {index + 1}"
            raise NotArrangeable(f"the target file names {count} {what}")
        return users[index]

    # Arrangements: what a Given needs

    def arrange_slot(
        self, device: DeviceUnderTest, role: RemotePartyRole, party: ServiceUser | EUI64 | str
    ) -> None:
        """Put the certificates of a party, or `"ACB"` for the DCC's own, into a slot.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        self._arrangement.put_slot(device, role, party.user_id if isinstance(party, ServiceUser) else party)

    def set_mp107(self, component: str, on: bool) -> None:
        """Switch MP107 at `"DSP"` or at an S1SP such as `"S1SP1"`.

        Raises:
            NotArrangeable: It stands differently, and cannot be switched.
        """
        self._arrangement.set_mp107(component, on)

    def raise_device_alert(self, device: DeviceUnderTest, alert_code: str, description: str) -> None:
        """Have a device raise an alert.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        self._arrangement.raise_device_alert(device, alert_code, description)

    def arrange_registration(
        self,
        device: DeviceUnderTest,
        role: UserRole,
        user: ServiceUser | None,
        effective_from: datetime | None = None,
        effective_to: datetime | None = None,
    ) -> None:
        """Make a User, or nobody, the registered party of a device in a role.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        user_id = user.user_id if user is not None else None
        self._arrangement.register(device, role, user_id, effective_from, effective_to)

    def end_registration(self, device: DeviceUnderTest, role: UserRole) -> None:
        """Have the registration of the party in a role end yesterday, with nobody after it.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self._arrangement.register(device, role, device.registered[role], None, yesterday)

    def arrange_device_status(self, device: DeviceUnderTest, status: str) -> None:
        """Change the device status.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        self._arrangement.set_device_status(device, status)

    def change_settings(self, component: str, settings: Mapping[str, object]) -> None:
        """Change settings of the estate at a component.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        self._arrangement.change_settings(component, settings)

    def add_fault(
        self, component: str, srv: str, action: str, *, delay_seconds: float = 0.0, times: int = 1
    ) -> None:
        """Script a fault at a component: `late`, `drop` or `twice`.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        self._arrangement.add_fault(component, srv, action, delay_seconds, times)

    def traffic(self, component: str) -> tuple[TrafficRecord, ...]:
        """The messages a component recorded: for evidence, never for a verdict.

        Raises:
            NotArrangeable: The target has no management plane.
        """
        return self._arrangement.traffic(component)

    # The database of an S1SP

    def data_update(self, s1sp: str, folder: Path) -> DataUpdate:
        """The data update of an S1SP's database, limited to this population [FIA 4.2.2].

        The Network Operators have shared the certificates that the target file names for them.

        Args:
            s1sp: Whose database.
            folder: An empty folder for its files.

        Raises:
            NotArrangeable: The database cannot be reached.
        """
        database = self._arrangement.slot_database(s1sp)
        if self._link.rehearsed:
            return RehearsedDataUpdate()
        from target.own_data_update import OwnDataUpdate  # takes a quarter of the time to start

        shared = {user.name: user.credentials for user in self.users if NETWORK_OPERATORS & {*user.roles}}
        return OwnDataUpdate(database, shared, self._link.target.trust.anchors, folder)

    # What must not come

    def quiet(self) -> None:
        """Listen for the quiet time of the target: what must not come could still come."""
        if not self._link.rehearsed:
            listen(self._link.target.quiet_seconds)

    def device_alerts_elsewhere(
        self, device: DeviceUnderTest, alert_code: str, receiver: ServiceUser, after: Mapping[str, int]
    ) -> tuple[tuple[ServiceUser, DeviceAlertSeen], ...]:
        """Device alerts that others than the receiver got, after listening for the quiet time.

        Args:
            device: Whose alert.
            alert_code: Which one.
            receiver: Who may get it.
            after: The last message of each mailbox before the alert, by name of the User.
        """
        self.quiet()
        return tuple(
            (user, alert)
            for user in self.users
            if user.user_id != receiver.user_id
            for alert in user.device_alerts(after=after.get(user.name, 0))
            if alert.device_id == device.device_id and alert.alert_code == alert_code
        )
