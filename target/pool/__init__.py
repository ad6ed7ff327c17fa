"""The device pool of a target with endpoints: who uses which device, and what became of it."""

from target.pool.request import DeviceNeed, LeaseRequest

__all__ = ["DeviceNeed", "LeaseRequest"]
