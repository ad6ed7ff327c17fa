"""What the inbox accepts: schema-valid messages whose every signature verifies [CLIENT]."""

from __future__ import annotations

from duis.schema import Schema, SchemaInvalid
from duis.signature import SignatureError, VerifiedResponse, verify_response
from duis.smki.certificate import OrganisationCertificate
from duis.smki.trust import TrustStore
from duis.xml import MalformedXML, parse
from target.correlation import named_devices, named_request_ids
from target.inbox.config import InboxConfig
from target.inbox.store import Names


class NotAcceptable(Exception):
    """A message the inbox answers 400, with the reason."""


class Acceptance:
    """Judges messages; pure but for the clock."""

    def __init__(self, config: InboxConfig, schema: Schema, trust: TrustStore) -> None:
        self._config = config
        self._schema = schema
        self._trust = trust

    def names(self, document: bytes) -> Names:
        """Check a message.

        Returns:
            What it names.

        Raises:
            NotAcceptable: With the reason.
        """
        try:
            self._schema.validate(parse(document))
            verified = verify_response(document, self._trust)
        except MalformedXML as error:
            raise NotAcceptable(f"not acceptable as XML: {error}") from None
        except SchemaInvalid as error:
            raise NotAcceptable(f"not valid under the DUIS schema: {error}") from None
        except SignatureError as error:
            raise NotAcceptable(f"signature: {error}") from None
        except ValueError as error:
            raise NotAcceptable(f"cannot be read: {error}") from None
        self._check_signers(verified)
        return Names(
            tuple(str(request_id) for request_id in named_request_ids(verified)),
            tuple(str(device_id) for device_id in named_devices(verified)),
        )

    def _check_signers(self, verified: VerifiedResponse) -> None:
        if verified.outer_signer is None:
            if self._config.messages_are_signed:
                raise NotAcceptable("signature: the Response itself is not signed by the DSP")
        else:
            _check_role(verified.outer_signer, self._config.dsp_signer_role, "the Response")
        if verified.inner_signer is not None:
            _check_role(verified.inner_signer, self._config.s1sp_signer_role, "what the S1SP sent")


def _check_role(signer: OrganisationCertificate, role: str, what: str) -> None:
    if signer.role != role:
        raise NotAcceptable(
            f"signature: {what} is signed by {signer.entity_identifier} with a certificate of role "
            f"{signer.role}; expected role {role}"
        )
