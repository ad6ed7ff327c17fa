"""The device pool of a target with endpoints: who uses which device, and what became of it."""

from target.pool.ledger import Ledger
from target.pool.population import PoolDevice, Population
from target.pool.records import Consumed, Lease, Leased, Quarantined
from target.pool.request import DeviceNeed, LeaseRequest
from target.pool.waiting import PoolWaitOver

__all__ = [
    "Consumed",
    "DeviceNeed",
    "Lease",
    "LeaseRequest",
    "Leased",
    "Ledger",
    "PoolDevice",
    "PoolWaitOver",
    "Population",
    "Quarantined",
]
