"""The Service Reference Variants: whether critical, who may send them, and the element of their body.

Names, criticality and eligible roles are those of the official table of Service Reference Variants [SRV];
body elements and Command Variants are those of the schema [XSD].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from duis.roles import UserRole

SMETS1_COMMAND_VARIANT: Final = 1
"""Command Variant of a SMETS1 request, a critical one included: there is no Transform step [ASSUMED]."""
NON_DEVICE_COMMAND_VARIANT: Final = 8
"""Command Variant of a Non-Device request [XSD]."""


@dataclass(frozen=True, slots=True)
class ServiceReferenceVariant:
    """One row of the table.

    Attributes:
        srv: the variant, such as `6.15.1`.
        service_reference: the Service Reference it belongs to, such as `6.15`.
        name: its name.
        critical: whether it is a Critical Service Request.
        non_device: whether the DSP answers it itself.
        future_dated: who holds a future-dated request back: `Device`, `DSP`, `DSP & Device` or `No` one.
        eligible_user_roles: who may send it.
        body_element: local name of the element of its body.
        command_variants_smets2: Command Variants a SMETS2 request may have.
        source: source tag.
    """

    srv: str
    service_reference: str
    name: str
    critical: bool
    non_device: bool
    future_dated: str
    eligible_user_roles: frozenset[UserRole]
    body_element: str
    command_variants_smets2: tuple[int, ...]
    source: str = "SRV, XSD"


# Variant, name, body element, kind (C critical, N Non-Device, O ordinary), future dated by, roles.
# fmt: off
_TABLE: Final = (
    ("1.1.1", "Update Import Tariff (Primary Element)",
     "UpdateImportTariffPrimaryElement", "C", "Device", "IS GS"),
    ("1.1.2", "Update Import Tariff (Secondary Element)",
     "UpdateImportTariffSecondaryElement", "C", "Device", "IS"),
    ("1.2.1", "Update Price (Primary Element)", "UpdatePricePrimaryElement", "C", "Device", "IS GS"),
    ("1.2.2", "Update Price (Secondary Element)", "UpdatePriceSecondaryElement", "C", "Device", "IS"),
    ("1.5", "Update Meter Balance", "UpdateMeterBalance", "C", "No", "IS GS"),
    ("1.6", "Update Payment Mode", "UpdatePaymentMode", "C", "Device", "IS GS"),
    ("1.7", "Reset Tariff Block Counter Matrix", "ResetTariffBlockCounterMatrix", "C", "No", "IS"),
    ("2.1", "Update Prepay Configuration", "UpdatePrepayConfiguration", "C", "Device", "IS GS"),
    ("2.2", "Top Up Device", "TopUpDevice", "O", "No", "IS GS"),
    ("2.3", "Update Debt", "UpdateDebt", "C", "No", "IS GS"),
    ("2.5", "Activate Emergency Credit", "ActivateEmergencyCredit", "C", "No", "IS GS"),
    ("3.1", "Display Message", "DisplayMessage", "O", "DSP", "IS GS"),
    ("3.2", "Restrict Access For Change Of Tenancy", "RestrictAccessForChangeOfTenancy", "O", "DSP", "IS GS"),
    ("3.3", "Clear Event Log", "ClearEventLog", "O", "No", "IS GS"),
    ("3.4", "Update Supplier Name", "UpdateSupplierName", "O", "DSP", "IS GS"),
    ("3.5", "Disable Privacy PIN", "DisablePrivacyPIN", "O", "No", "IS GS"),
    ("4.1.1", "Read Instantaneous Import Registers",
     "ReadInstantaneousImportRegisters", "O", "DSP", "IS GS ED GT"),
    ("4.1.2", "Read Instantaneous Import TOU Matrices",
     "ReadInstantaneousImportTOUMatrices", "O", "DSP", "IS GS ED GT"),
    ("4.1.3", "Read Instantaneous Import TOU With Blocks Matrices",
     "ReadInstantaneousImportTOUWithBlocksMatrices", "O", "DSP", "IS ED"),
    ("4.1.4", "Read Instantaneous Import Block Counters",
     "ReadInstantaneousImportBlockCounters", "O", "DSP", "GS"),
    ("4.2", "Read Instantaneous Export Registers", "ReadInstantaneousExportRegisters", "O", "DSP", "ES ED"),
    ("4.3", "Read Instantaneous Prepay Values", "ReadInstantaneousPrepayValues", "O", "DSP", "IS GS"),
    ("4.4.2", "Retrieve Change Of Mode / Tariff Triggered Billing Data Log",
     "RetrieveCoMOrTariffTriggeredBillingDataLog", "O", "DSP", "IS GS"),
    ("4.4.3", "Retrieve Billing Calendar Triggered Billing Data Log",
     "RetrieveBillingCalendarTriggeredBillingDataLog", "O", "DSP", "IS GS"),
    ("4.4.4", "Retrieve Billing Data Log (Payment Based Debt Payments)",
     "RetrieveBillingDataLogDebtPayments", "O", "DSP", "GS IS"),
    ("4.4.5", "Retrieve Billing Data Log (Prepayment Credits)",
     "RetrieveBillingDataLogPrepaymentCredits", "O", "DSP", "GS IS"),
    ("4.6.1", "Retrieve Import Daily Read Log", "RetrieveImportDailyReadLog", "O", "DSP", "IS GS"),
    ("4.6.2", "Retrieve Export Daily Read Log", "RetrieveExportDailyReadLog", "O", "DSP", "ES"),
    ("4.8.1", "Read Active Import Profile Data", "ReadActiveImportProfileData", "O", "DSP", "IS GS ED GT OU"),
    ("4.8.2", "Read Reactive Import Profile Data", "ReadReactiveImportProfileData", "O", "DSP", "IS ED OU"),
    ("4.8.3", "Read Export Profile Data", "ReadExportProfileData", "O", "DSP", "ES ED OU"),
    ("4.10", "Read Network Data", "ReadNetworkData", "O", "DSP", "IS GS ED GT"),
    ("4.11.1", "Read Tariff (Primary Element)", "ReadTariffPrimaryElement", "O", "No", "IS GS OU"),
    ("4.11.2", "Read Tariff (Secondary Element)", "ReadTariffSecondaryElement", "O", "No", "IS OU"),
    ("4.12.1", "Read Maximum Demand Import Registers",
     "ReadMaximumDemandImportRegisters", "O", "DSP", "IS ED"),
    ("4.12.2", "Read Maximum Demand Export Registers",
     "ReadMaximumDemandExportRegisters", "O", "DSP", "ES ED"),
    ("4.13", "Read Prepayment Configuration", "ReadPrepaymentConfiguration", "O", "DSP", "IS GS"),
    ("4.14", "Read Prepayment Daily Read Log", "ReadPrepaymentDailyReadLog", "O", "DSP", "IS GS"),
    ("4.15", "Read Load Limit Data", "ReadLoadLimitData", "O", "DSP", "IS ED"),
    ("4.16", "Read Active Power Import", "ReadActivePowerImport", "O", "No", "IS ED"),
    ("4.17", "Retrieve Daily Consumption Log", "RetrieveDailyConsumptionLog", "O", "DSP", "IS GS ED GT OU"),
    ("4.18", "Read Meter Balance", "ReadMeterBalance", "O", "DSP", "IS GS"),
    ("5.1", "Create Schedule", "CreateSchedule", "N", "No", "IS ES GS ED GT OU"),
    ("5.2", "Read Schedule", "ReadSchedule", "N", "No", "IS ES GS ED GT OU"),
    ("5.3", "Delete Schedule", "DeleteSchedule", "N", "No", "IS ES GS ED GT OU"),
    ("6.2.1", "Read Device Configuration (Voltage)",
     "ReadDeviceConfigurationVoltage", "O", "No", "IS RSA ED"),
    ("6.2.2", "Read Device Configuration (Randomisation)",
     "ReadDeviceConfigurationRandomisation", "O", "No", "IS RSA ED"),
    ("6.2.3", "Read Device Configuration (Billing Calendar)",
     "ReadDeviceConfigurationBillingCalendar", "O", "No", "IS RSA GS"),
    ("6.2.4", "Read Device Configuration (Identity Exc MPxN)",
     "ReadDeviceConfigurationIdentityExcMPxN", "O", "No", "IS ES GS RSA ED GT OU"),
    ("6.2.5", "Read Device Configuration (Instantaneous Power Thresholds)",
     "ReadDeviceConfigurationInstantaneousPowerThresholds", "O", "No", "IS RSA"),
    ("6.2.7", "Read Device Configuration (MPxN)",
     "ReadDeviceConfigurationMPxN", "O", "No", "IS ES GS RSA ED GT OU"),
    ("6.2.8", "Read Device Configuration (Gas)", "ReadDeviceConfigurationGas", "O", "No", "GS RSA GT"),
    ("6.2.9", "Read Device Configuration (Payment Mode)",
     "ReadDeviceConfigurationPaymentMode", "O", "No", "IS GS RSA"),
    ("6.2.10", "Read Device Configuration (Event and Alert Behaviours)",
     "ReadDeviceConfigurationEventAndAlertBehaviours", "O", "No", "IS GS ED"),
    ("6.4.1", "Update Device Configuration (Load Limiting General Settings)",
     "UpdateDeviceConfigurationLoadLimitingGeneralSettings", "C", "Device", "IS"),
    ("6.4.2", "Update Device Configuration (Load Limiting Counter Reset)",
     "UpdateDeviceConfigurationLoadLimitingCounterReset", "O", "DSP", "IS"),
    ("6.5", "Update Device Configuration (Voltage)", "UpdateDeviceConfigurationVoltage", "O", "DSP", "ED"),
    ("6.6", "Update Device Configuration (Gas Conversion)",
     "UpdateDeviceConfigurationGasConversion", "C", "No", "GS"),
    ("6.7", "Update Device Configuration (Gas Flow)", "UpdateDeviceConfigurationGasFlow", "C", "No", "GS"),
    ("6.8", "Update Device Configuration (Billing Calendar)",
     "UpdateDeviceConfigurationBillingCalendar", "C", "No", "IS GS"),
    ("6.11", "Synchronise Clock", "SynchroniseClock", "C", "No", "IS GS"),
    ("6.12", "Update Device Configuration (Instantaneous Power Threshold)",
     "UpdateDeviceConfigurationInstantaneousPowerThreshold", "O", "DSP", "IS"),
    ("6.13", "Read Event Or Security Log", "ReadEventOrSecurityLog", "O", "No", "IS GS ED GT RSA"),
    ("6.14.1", "Update Device Configuration (Auxiliary Load Control Description)",
     "UpdateDeviceConfigurationALCDescriptions", "C", "No", "IS"),
    ("6.14.2", "Update Device Configuration (Auxiliary Load Control Scheduler)",
     "UpdateDeviceConfigurationALCScheduler", "C", "Device", "IS"),
    ("6.14.3", "Update Device Configuration (Auxiliary Controller Scheduler)",
     "UpdateDeviceConfigurationAuxiliaryControllerScheduler", "C", "Device", "IS"),
    ("6.15.1", "Update Security Credentials (KRP)",
     "UpdateSecurityCredentialsKRP", "C", "Device", "IS GS ED GT"),
    ("6.15.2", "Update Security Credentials (Device)", "UpdateSecurityCredentialsDevice", "C", "No", "IS GS"),
    ("6.17", "Issue Security Credentials", "IssueSecurityCredentials", "C", "No", "IS GS"),
    ("6.18.1", "Set Maximum Demand Configurable Time Period",
     "SetMaximumDemandConfigurableTimePeriod", "O", "DSP", "ED"),
    ("6.18.2", "Reset Maximum Demand Registers", "ResetMaximumDemandRegisters", "O", "DSP", "ED"),
    ("6.20.1", "Set Device Configuration (Import MPxN)",
     "SetDeviceConfigurationImportMPxN", "O", "DSP", "IS GS"),
    ("6.20.2", "Set Device Configuration (Export MPAN)",
     "SetDeviceConfigurationExportMPAN", "O", "DSP", "ES"),
    ("6.21", "Request Handover Of DCC Controlled Device",
     "RequestHandoverOfDCCControlledDevice", "O", "DSP", "IS GS"),
    ("6.22", "Configure Alert Behaviour", "ConfigureAlertBehaviour", "O", "No", "IS GS ED"),
    ("6.23", "Update Security Credentials (CoS)",
     "UpdateSecurityCredentialsCoS", "O", "DSP & Device", "IS GS"),
    ("6.24.1", "Retrieve Device Security Credentials (KRP)",
     "RetrieveDeviceSecurityCredentialsKRP", "O", "No", "IS GS ED GT"),
    ("6.24.2", "Retrieve Device Security Credentials (Device)",
     "RetrieveDeviceSecurityCredentialsDevice", "C", "No", "IS GS"),
    ("6.25", "Set Electricity Supply Tamper State", "SetElectricitySupplyTamperState", "C", "No", "IS"),
    ("6.26", "Update Device Configuration (daily resetting of Tariff Block Counter Matrix)",
     "UpdateDeviceConfigurationDailyResettingOfTariffBlockCounterMatrix", "C", "No", "IS"),
    ("6.27", "Update Device Configuration (RMS Voltage Counter Reset)",
     "UpdateDeviceConfigurationRMSVoltageCounterReset", "O", "DSP", "ED"),
    ("6.28", "Set CHF Sub GHz Configuration", "SetCHFSubGHzConfiguration", "O", "No", "IS GS"),
    ("6.29", "Request CHF Sub GHz Channel Scan", "RequestCHFSubGHzChannelScan", "O", "No", "IS GS"),
    ("6.30", "Read CHF Sub GHz Configuration", "ReadCHFSubGHzConfiguration", "O", "No", "IS GS RSA"),
    ("6.31", "Read CHF Sub GHz Channel", "ReadCHFSubGHzChannel", "O", "No", "IS GS RSA"),
    ("6.32", "Read CHF Sub GHz Channel Log", "ReadCHFSubGHzChannelLog", "O", "No", "IS GS RSA"),
    ("7.1", "Enable Supply", "EnableSupply", "C", "No", "IS"),
    ("7.2", "Disable Supply", "DisableSupply", "C", "No", "IS GS"),
    ("7.3", "Arm Supply", "ArmSupply", "C", "No", "IS GS"),
    ("7.4", "Read Supply Status", "ReadSupplyStatus", "O", "No", "IS ES GS RSA ED GT"),
    ("7.5", "Activate Auxiliary Load", "ActivateAuxiliaryLoad", "C", "No", "IS"),
    ("7.6", "Deactivate Auxiliary Load", "DeactivateAuxiliaryLoad", "C", "No", "IS"),
    ("7.7", "Read Auxiliary Load Switch Data", "ReadALCSData", "O", "DSP", "IS ED OU"),
    ("7.8", "Reset Auxiliary Load", "ResetAuxiliaryLoad", "C", "No", "IS"),
    ("7.9", "Add Auxiliary Load To Boost Button", "AddAuxiliaryLoadToBoostButton", "O", "DSP", "IS"),
    ("7.10", "Remove Auxiliary Load From Boost Button",
     "RemoveAuxiliaryLoadFromBoostButton", "O", "DSP", "IS"),
    ("7.11", "Read Boost Button Details", "ReadBoostButtonDetails", "O", "DSP", "IS OU"),
    ("7.12", "Set Randomised Offset Limit", "SetRandomisedOffsetLimit", "C", "No", "IS"),
    ("7.13", "Set Auxiliary Controller State", "SetAuxiliaryControllerState", "C", "No", "IS"),
    ("7.14", "Read Auxiliary Controller Configuration Data",
     "ReadAuxiliaryControllerConfigurationData", "O", "DSP", "IS ED OU"),
    ("7.15", "Read Auxiliary Controller Operational Data",
     "ReadAuxiliaryControllerOperationalData", "O", "DSP", "IS ED OU"),
    ("7.16", "Limit APC Level", "LimitAPCLevel", "C", "No", ""),
    ("8.1.1", "Commission Device", "CommissionDeviceSynchroniseClock", "C", "No", "IS GS"),
    ("8.2", "Read Inventory", "ReadInventory", "N", "No", "IS ES GS RSA ED GT OU"),
    ("8.3", "Decommission Device", "DecommissionDevice", "N", "No", "IS GS"),
    ("8.4", "Update Inventory", "UpdateInventory", "N", "No", "IS ES GS RSA ED GT OU"),
    ("8.5", "Service Opt Out", "ServiceOptOut", "O", "DSP", ""),
    ("8.6", "Service Opt In", "ServiceOptIn", "N", "No", ""),
    ("8.7.1", "Join Service (Critical)", "JoinServiceCritical", "C", "No", "IS GS"),
    ("8.7.2", "Join Service (Non-Critical)", "JoinServiceNonCritical", "O", "No", "IS GS OU"),
    ("8.8.1", "Unjoin Service (Critical)", "UnjoinServiceCritical", "C", "No", "IS GS"),
    ("8.8.2", "Unjoin Service (Non-Critical)", "UnjoinServiceNonCritical", "O", "No", "IS GS OU"),
    ("8.9", "Read Device Log", "ReadDeviceLog", "O", "DSP", "IS GS OU"),
    ("8.11", "Update HAN Device Log", "UpdateHANDeviceLog", "O", "DSP", "IS GS OU"),
    ("8.12.1", "Restore HAN Device Log", "RestoreHANDeviceLog", "O", "No", "IS GS"),
    ("8.12.2", "Restore Gas Proxy Function Device Log", "RestoreGPFDeviceLog", "O", "No", "IS GS"),
    ("8.13", "Return Local Command Response", "ReturnLocalCommandResponse", "N", "No", "IS GS"),
    ("8.14.1", "Communications Hub Status Update - Install Success",
     "CHFInstallSuccessSMWAN", "N", "No", "IS GS"),
    ("8.14.2", "Communications Hub Status Update - Install No SM WAN",
     "CHFInstallSuccessNoSMWAN", "N", "No", "IS GS"),
    ("8.14.3", "Communications Hub Status Update - Fault Return", "CHFFaultReturn", "N", "No", "IS GS"),
    ("8.14.4", "Communications Hub Status Update - No Fault Return", "CHFNoFaultReturn", "N", "No", "IS GS"),
    ("9.1", "Request Customer Identification Number", "RequestCustomerIdentificationNumber", "O", "No", "OU"),
    ("11.1", "Update Firmware", "UpdateFirmware", "N", "No", "IS GS"),
    ("11.2", "Read Firmware Version", "ReadFirmwareVersion", "O", "DSP", "IS ES GS RSA ED GT OU"),
    ("11.3", "Activate Firmware", "ActivateFirmware", "C", "Device", "IS GS"),
    ("11.4", "Update PPMID Firmware", "UpdatePPMIDFirmware", "N", "No", "IS GS"),
    ("12.1", "Request WAN Matrix", "RequestWANMatrix", "N", "No", "IS ES GS RSA ED GT OU"),
    ("12.2", "Device Pre-notification", "DevicePrenotification", "N", "No", "IS ES GS RSA ED GT OU"),
    ("14.1", "Record Network Data (GAS)", "RecordNetworkDataGAS", "O", "No", "GT"),
)
# fmt: on

_COMMAND_VARIANTS: Final = {"C": (4, 5, 6, 7), "N": (8,), "O": (1, 2, 3)}
_COMMAND_VARIANT_EXCEPTIONS: Final = {
    "7.12": (1, 2, 3),
    "7.13": (1, 2, 3),
    "7.14": (4, 5, 6, 7),
    "7.15": (4, 5, 6, 7),
    "8.1.1": (4, 5),
    "8.5": (1,),
}
"""Where the schema remarks on other variants than the kind has; 7.12 to 7.15 contradict the table [XSD]."""


def _variant(
    srv: str, name: str, element: str, kind: str, future_dated: str, roles: str
) -> ServiceReferenceVariant:
    return ServiceReferenceVariant(
        srv=srv,
        service_reference=".".join(srv.split(".")[:2]),
        name=name,
        critical=kind == "C",
        non_device=kind == "N",
        future_dated=future_dated,
        eligible_user_roles=frozenset(map(UserRole, roles.split())),
        body_element=element,
        command_variants_smets2=_COMMAND_VARIANT_EXCEPTIONS.get(srv, _COMMAND_VARIANTS[kind]),
    )


SERVICE_REFERENCE_VARIANTS: Mapping[str, ServiceReferenceVariant] = MappingProxyType(
    {row[0]: _variant(*row) for row in _TABLE}
)
"""Every Service Reference Variant, by its number."""
