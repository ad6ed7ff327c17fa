"""A certificate list that is a CSV file: one row for each Network Operator, naming its certificate files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_update.certificate_files import Material, Party, certificates_in, faults, in_order, is_authority
from data_update.certificate_folder import certificate_files
from data_update.csv_columns import NOT_UTF_8, fields_problem, header_problems, not_csv
from data_update.errors import DataUpdateError
from data_update.party_names import market_participant_id
from duis.identifiers import EUI64
from duis.roles import CertificateType
from duis.smki.certificate import OrganisationCertificate

COLUMNS = ("network_operator", "entity_identifier", "digital_signing", "key_agreement")
OPTIONAL_COLUMNS = ("market_participant_id",)
USES = {
    "digital_signing": CertificateType.DIGITAL_SIGNING,
    "key_agreement": CertificateType.KEY_AGREEMENT,
}


def read_csv(file: Path) -> Material:
    """Read the list, the files it names, and the authorities beside them."""
    reader = _Reader(file)
    try:
        reader.read()
    except DataUpdateError as error:
        reader.material.problems.append(str(error))
    reader.read_authorities()
    return reader.material


def _text(file: Path) -> str:
    """The whole file.

    Raises:
        DataUpdateError: it cannot be read, or is not UTF-8.
    """
    try:
        data = file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise DataUpdateError(f"{file}: cannot be read: {error.strerror}; give a CSV file") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataUpdateError(f"{file}:{line}: {NOT_UTF_8}") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of the list, for messages."""

    file: Path
    line: int
    column: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.column}"


class _Reader:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.material = Material()
        self._lines: dict[str, int] = {}
        self._files: set[Path] = set()

    def read(self) -> None:
        """Read all rows; those without any text are left out.

        Raises:
            DataUpdateError: the file cannot be read, or not as CSV with these columns.
        """
        reader = csv.reader(io.StringIO(_text(self.file), newline=""), strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if problems := list(header_problems(header, COLUMNS, OPTIONAL_COLUMNS)):
                raise DataUpdateError("\n".join(f"{self.file}:1: {problem}" for problem in problems))
            for values in reader:
                row = [value.strip() for value in values]
                if len(row) == len(header):
                    if any(row):
                        self._read_row(reader.line_num, dict(zip(header, row, strict=True)))
                elif any(row):
                    self.material.problems.append(
                        f"{self.file}:{reader.line_num}: {fields_problem(row, header)}"
                    )
        except csv.Error as error:
            raise DataUpdateError(f"{self.file}:{reader.line_num}: {not_csv(error)}") from error

    def _read_row(self, line: int, row: dict[str, str]) -> None:
        before = len(self.material.problems)
        if not row["network_operator"]:
            self._problem(_Place(self.file, line, "network_operator"), "empty; give the party's name")
        entity = self._entity_identifier(_Place(self.file, line, "entity_identifier"), row)
        participant = self._participant(_Place(self.file, line, "market_participant_id"), row)
        for column, identifier in (("entity_identifier", entity), ("market_participant_id", participant)):
            self._check_once(_Place(self.file, line, column), identifier)
        shared: list[OrganisationCertificate] = []
        for column, use in USES.items():
            if row[column]:
                shared += self._certificates(_Place(self.file, line, column), row[column], entity, use)
        if len(self.material.problems) == before:
            party = Party(row["network_operator"], entity, participant, in_order(shared))
            self.material.parties.append(party)

    def read_authorities(self) -> None:
        """Take the roots and issuing authorities in the folders of the list and of its certificates."""
        for folder in sorted({self.file.parent, *(file.parent for file in self._files)}):
            for file in certificate_files(folder.iterdir() if folder.is_dir() else ()):
                if file in self._files:
                    continue
                try:
                    certificates = certificates_in(file)
                except DataUpdateError:
                    continue  # not named by the list, so it may be anything
                self.material.authorities.update(each for each in certificates if is_authority(each))

    def _problem(self, place: _Place, text: str) -> None:
        self.material.problems.append(f"{place}: {text}")

    def _entity_identifier(self, place: _Place, row: dict[str, str]) -> EUI64 | None:
        text = row[place.column]
        if text:
            try:
                return EUI64(text)
            except ValueError:
                self._problem(place, f"expected an EUI-64 such as 02-01-00-00-00-00-00-01, found {text!r}")
        elif any(row[column] for column in USES):
            self._problem(place, "empty although certificates are given; give the one in the certificates")
        elif not row.get("market_participant_id"):
            self._problem(place, "empty; without it (no SMKI presence) the row needs a market_participant_id")
        return None

    def _participant(self, place: _Place, row: dict[str, str]) -> str | None:
        text = row.get(place.column)
        if not text:
            return None
        try:
            return market_participant_id(text)
        except ValueError:
            self._problem(place, f"expected two to eight letters or digits such as EELC, found {text!r}")
            return None

    def _check_once(self, place: _Place, identifier: str | None) -> None:
        if identifier is None:
            return
        first = self._lines.setdefault(identifier, place.line)
        if first != place.line:
            self._problem(
                place,
                f"{identifier} is listed twice, first in line {first}; keep one row, and put further "
                "certificates of the party into the PEM file it names",
            )

    def _certificates(
        self, place: _Place, name: str, entity: EUI64 | None, use: CertificateType
    ) -> list[OrganisationCertificate]:
        file = self.file.parent / name
        self._files.add(file)
        try:
            found = certificates_in(file)
        except DataUpdateError as error:
            self._problem(place, f"{error} (paths are relative to the folder of the list)")
            return []
        self.material.authorities.update(each for each in found if is_authority(each))
        own = [each for each in found if not is_authority(each)]
        if not own:
            self._problem(
                place, f"{file}: holds no certificate of a Network Operator; name the file that does"
            )
        for certificate in own:
            for problem in self._faults(certificate, entity, use):
                self._problem(place, f"{file}: {problem}")
        return own

    @staticmethod
    def _faults(
        certificate: OrganisationCertificate, entity: EUI64 | None, use: CertificateType
    ) -> Iterator[str]:
        found = list(faults(certificate))
        yield from found
        if found:
            return
        if certificate.usage != use:
            other = next(name for name, usage in USES.items() if usage != use)
            yield f"a {certificate.usage} certificate, expected {use}; it belongs in the column {other}"
        if entity is not None and certificate.entity_identifier != entity:
            yield (
                f"the certificate of {certificate.entity_identifier}, but the row is that of {entity}; "
                "correct the entity_identifier or the file name"
            )
