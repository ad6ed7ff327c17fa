"""The evidence bundle: what a run leaves behind as one signed file, and the check that it is whole."""

from reports.bundle.contents import Contents
from reports.bundle.errors import BundleError, NotABundle
from reports.bundle.redaction import Redaction
from reports.bundle.signing import SigningKey, VerificationKey
from reports.bundle.verify import Finding, Verification, verify_bundle
from reports.bundle.write import write_bundle

__all__ = [
    "BundleError",
    "Contents",
    "Finding",
    "NotABundle",
    "Redaction",
    "SigningKey",
    "Verification",
    "VerificationKey",
    "verify_bundle",
    "write_bundle",
]
