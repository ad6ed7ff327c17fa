"""Whether the systems of a target file can work together: who is started, by whom, and who must know whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from duis.smki.certificate import CertificateUnreadable, OrganisationCertificate, load
from duis.smki.keys import PassphraseNeeded, load_private_key
from target.file_keys import TLSFiles
from target.file_positions import KeyPath
from target.file_systems import DSP, S1SP, EmulatorSection

if TYPE_CHECKING:
    from target.file import TargetFile

Finding = tuple[KeyPath, str]


def system_findings(target: TargetFile) -> Iterator[Finding]:
    """What does not fit together among the DSP and the S1SPs."""
    components: list[tuple[KeyPath, str, DSP | S1SP]] = [(("dsp",), "DSP", target.dsp)]
    components += [(("s1sp", name), name, s1sp) for name, s1sp in target.s1sp.items()]
    for name in target.s1sp:
        if name.upper() == "DSP":
            yield ("s1sp", name), f"{name!r} is the name of the DSP; expected another name for an S1SP"
        elif not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", name):
            yield ("s1sp", name), f"expected a name of letters, digits, '-' and '_', found {name!r}"
    if "DSP" in target.s1sp:
        return
    urls: dict[str, str] = {}
    for place, name, component in components:
        yield from _management(target, place, name, component)
        if component.management is not None:
            first = urls.setdefault(component.management, name)
            if first != name:
                message = f"expected a URL of its own, found the one of {first}"
                yield (*place, _management_key(component)), message
    yield from _half_a_client("dsp", target.dsp.tls)
    yield from _half_a_client("management", target.management.tls)
    yield from _neighbours(target)
    yield from _signers(target)
    for place, name, component in components:
        if component.emulator is not None:
            yield from _names(target, name)
            yield from _plain_keys((*place, "emulator"), component.emulator)


def _management(target: TargetFile, place: KeyPath, name: str, component: DSP | S1SP) -> Iterator[Finding]:
    if target.kind_of(name) == "endpoint":
        for key in ("management", "emulator"):
            # An emulator has a management URL derived from it: said once, of the emulator.
            if getattr(component, key) is not None and not (key == "management" and component.emulator):
                said = 'kind = "endpoint"' if component.kind else 'kind = "endpoint", the one of the DSP'
                yield (*place, key), f'{said}, has none; remove it, or say kind = "emulated" for the {name}'
        return
    if component.management is None:
        yield (
            place,
            'needs management, the URL of its management plane, because it is "emulated"; or a table '
            f"[{'.'.join(str(part) for part in place)}.emulator], for the run to start it",
        )
    elif component.management.startswith("https:") and target.management.tls is None:
        yield (
            (*place, _management_key(component)),
            "an https management plane needs [management.tls] with ca, certificate and key",
        )
    if component.emulator is not None and target.isolated:
        yield (
            (*place, "emulator"),
            "a run starts emulators one by one only beside an endpoint, and here everything is emulated; "
            "run without a target file, or start the emulators yourself and name their management planes",
        )


def _management_key(component: DSP | S1SP) -> str:
    return "management" if component.emulator is None else "emulator"


def _half_a_client(table: str, tls: TLSFiles | None) -> Iterator[Finding]:
    if tls is not None and (tls.certificate is None) != (tls.key is None):
        given, missing = ("certificate", "key") if tls.key is None else ("key", "certificate")
        yield (
            (table, "tls", given),
            f"needs {missing} beside it; or leave both out",
        )


def _names(target: TargetFile, component: str) -> Iterator[Finding]:
    """The folder of an emulator has a sub-folder for each party."""
    for index, user in enumerate(target.service_user):
        if user.name.lower() == component.lower():
            yield ("service_user", index, "name"), f"{user.name!r} is the name of an emulator of this file"


def _plain_keys(place: KeyPath, emulator: EmulatorSection) -> Iterator[Finding]:
    """An emulator that the run starts has test keys, and nobody to ask for a passphrase."""
    keys = {"signing": emulator.signing.key, "tls": emulator.tls.key if emulator.tls is not None else None}
    for table, key in keys.items():
        if key is None:
            continue
        if not isinstance(key, Path):
            yield (*place, table, "key"), "expected the file of a key: an emulator opens no PKCS#11 token"
            continue
        try:
            load_private_key(key.read_bytes())
        except PassphraseNeeded:
            yield (*place, table, "key"), f"{key} is encrypted; expected a key that is not, for an emulator"


def _neighbours(target: TargetFile) -> Iterator[Finding]:
    """An emulator that the run starts must know its neighbours."""
    if target.isolated:
        return
    dsp = target.dsp
    started = [name for name, s1sp in target.s1sp.items() if s1sp.emulator is not None]
    if started and dsp.s1sp_messages is None:
        names = ", ".join(started)
        yield ("dsp",), f"needs s1sp_messages, the URL the run's emulators of S1SPs ({names}) post results to"
    for name, s1sp in target.s1sp.items():
        if dsp.emulator is not None and s1sp.emulator is None:
            why = "because the run starts the DSP emulator in front of it"
            if s1sp.service_requests is None:
                message = f"needs service_requests, the URL it takes Countersigned Service Requests at, {why}"
                yield ("s1sp", name), message
            if s1sp.signer is None:
                yield ("s1sp", name), f"needs signer, the certificate it signs its messages with, {why}"
        if dsp.emulator is not None and dsp.emulator.tls is None and _is_https(s1sp.service_requests):
            message = f"posts to {s1sp.service_requests}, which needs [dsp.emulator.tls]"
            yield ("dsp", "emulator"), message
        if s1sp.emulator is not None and s1sp.emulator.tls is None and _is_https(dsp.s1sp_messages):
            message = f"posts to {dsp.s1sp_messages}, which needs [s1sp.{name}.emulator.tls]"
            yield ("s1sp", name, "emulator"), message


def _signers(target: TargetFile) -> Iterator[Finding]:
    """Who signs is told by the certificate: an Entity Identifier, and a role code."""
    dsp, assumptions = target.dsp, target.assumptions
    owners: dict[str, str] = {}
    if dsp.emulator is not None:
        place: KeyPath = ("dsp", "emulator", "signing")
        entity_identifier = dsp.entity_identifier
        for finding in _signer(
            dsp.emulator.signing.certificate, assumptions.dsp_signer_role, "dsp_signer_role"
        ):
            yield place, finding
        certificate = _loaded(dsp.emulator.signing.certificate)
        if certificate is not None and certificate.entity_identifier != entity_identifier:
            yield (
                place,
                f"the certificate is that of {certificate.entity_identifier}, and dsp.entity_identifier is "
                f"{entity_identifier}; one of the two is wrong",
            )
    for name, s1sp in target.s1sp.items():
        place, file = ("s1sp", name, "signer"), s1sp.signer
        if s1sp.emulator is not None:
            place, file = ("s1sp", name, "emulator", "signing"), s1sp.emulator.signing.certificate
        if file is None:
            continue
        for finding in _signer(file, assumptions.s1sp_signer_role, "s1sp_signer_role"):
            yield place, finding
        certificate = _loaded(file)
        if certificate is None or certificate.entity_identifier is None:
            continue
        owner = owners.setdefault(certificate.entity_identifier, name)
        if owner != name:
            yield place, f"expected a certificate of {name}, found one of {owner}"


def _signer(file: Path, role: str, assumption: str) -> Iterator[str]:
    certificate = _loaded(file)
    if certificate is None or certificate.entity_identifier is None:
        yield f"{file} is no SMKI organisation certificate: it names no Entity Identifier; name another"
    elif certificate.role != role:
        yield (
            f"the certificate in {file} has role code {certificate.role or 'none'}, and expected is {role}; "
            f"name another, or correct assumptions.{assumption}"
        )


def _loaded(file: Path) -> OrganisationCertificate | None:
    try:
        return load(file.read_bytes())
    except (OSError, CertificateUnreadable):
        return None


def _is_https(url: str | None) -> bool:
    return url is not None and url.startswith("https:")
