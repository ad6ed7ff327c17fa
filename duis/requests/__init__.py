"""The bodies of Service Requests: one module per Service Reference Variant."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from duis.requests.body import Body, UnknownBody, sr
from duis.requests.credentials import ReplacementBody
from duis.requests.join_service import JoinServiceCriticalBody, JoinServiceNonCriticalBody
from duis.requests.read_instantaneous_import_registers import ReadInstantaneousImportRegistersBody
from duis.requests.read_inventory import PropertyFilter, ReadInventoryBody
from duis.requests.read_network_data import ReadNetworkDataBody
from duis.requests.request_handover_of_dcc_controlled_device import RequestHandoverOfDCCControlledDeviceBody
from duis.requests.restore_gpf_device_log import RestoreGPFDeviceLogBody
from duis.requests.retrieve_device_security_credentials_krp import RetrieveDeviceSecurityCredentialsKRPBody
from duis.requests.update_security_credentials_krp import UpdateSecurityCredentialsKRPBody

__all__ = [
    "BODIES",
    "Body",
    "JoinServiceCriticalBody",
    "JoinServiceNonCriticalBody",
    "PropertyFilter",
    "ReadInstantaneousImportRegistersBody",
    "ReadInventoryBody",
    "ReadNetworkDataBody",
    "ReplacementBody",
    "RequestHandoverOfDCCControlledDeviceBody",
    "RestoreGPFDeviceLogBody",
    "RetrieveDeviceSecurityCredentialsKRPBody",
    "UnknownBody",
    "UpdateSecurityCredentialsKRPBody",
]

BODIES: Mapping[str, type[Body]] = MappingProxyType(
    {
        sr(body.ELEMENT): body
        for body in (
            UpdateSecurityCredentialsKRPBody,
            RequestHandoverOfDCCControlledDeviceBody,
            RetrieveDeviceSecurityCredentialsKRPBody,
            ReadInventoryBody,
            ReadInstantaneousImportRegistersBody,
            ReadNetworkDataBody,
            JoinServiceCriticalBody,
            JoinServiceNonCriticalBody,
            RestoreGPFDeviceLogBody,
        )
    }
)
"""The body types this package knows, by the qualified name of their element."""
