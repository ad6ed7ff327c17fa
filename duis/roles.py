"""Who takes part: user roles, remote parties, devices and certificate types."""

from __future__ import annotations

from enum import StrEnum


class UserRole(StrEnum):
    """A role in which a Service User acts; it follows from the User ID, no message carries it."""

    IMPORT_SUPPLIER = "IS"
    EXPORT_SUPPLIER = "ES"
    GAS_SUPPLIER = "GS"
    REGISTERED_SUPPLIER_AGENT = "RSA"
    ELECTRICITY_DISTRIBUTOR = "ED"
    GAS_TRANSPORTER = "GT"
    OTHER_USER = "OU"


NETWORK_OPERATORS = frozenset({UserRole.ELECTRICITY_DISTRIBUTOR, UserRole.GAS_TRANSPORTER})
"""The roles MP107 calls Network Operators [FIA 1]."""

SUPPLIERS = frozenset({UserRole.IMPORT_SUPPLIER, UserRole.GAS_SUPPLIER})
"""The suppliers that own a Supplier slot; an Export Supplier owns none."""


class RemotePartyRole(StrEnum):
    """A kind of certificate slot of a device [XSD RemotePartyRole]."""

    ACB = "ACB"
    NETWORK_OPERATOR = "NetworkOperator"
    RECOVERY = "Recovery"
    ROOT = "Root"
    SUPPLIER = "Supplier"
    TRANS_COS = "TransCoS"
    LOAD_CONTROLLER = "LoadController"


class DeviceType(StrEnum):
    """A type of device in the Smart Metering Inventory [XSD DeviceType]."""

    ESME = "ESME"
    GSME = "GSME"
    GPF = "GPF"
    CHF = "CHF"
    HCALCS = "HCALCS"
    PPMID = "PPMID"
    IHD = "IHD"
    CAD = "CAD"


class DeviceStatus(StrEnum):
    """The status of a device in the Smart Metering Inventory [XSD DeviceStatus]."""

    PENDING = "Pending"
    WHITELISTED = "Whitelisted"
    INSTALLED_NOT_COMMISSIONED = "InstalledNotCommissioned"
    COMMISSIONED = "Commissioned"
    DECOMMISSIONED = "Decommissioned"
    WITHDRAWN = "Withdrawn"
    SUSPENDED = "Suspended"
    RECOVERY = "Recovery"
    RECOVERED = "Recovered"


class CertificateType(StrEnum):
    """The use of a certificate in a slot [XSD CertificateType, CertificateUsage]."""

    DIGITAL_SIGNING = "DigitalSigning"
    KEY_AGREEMENT = "KeyAgreement"
    KEY_AGREEMENT_TOP_UP = "KeyAgreementTopUp"
    KEY_CERT_SIGN = "KeyCertSign"
