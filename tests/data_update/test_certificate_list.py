"""The certificate list: which certificates go into a slot, or why there are none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from data_update.certificate_list import Pair, Unusable, load_certificate_list
from data_update.errors import DataUpdateError
from data_update.reasons import Reason
from duis.identifiers import EUI64
from duis.smki.certificate import OrganisationCertificate
from duis.smki.issuing import Validity
from duis.smki.testpki import TestPKI, mint
from tests.data_update.pki import (
    AGREEMENT,
    AT,
    DAY,
    EXPIRED,
    NEWER,
    NORTH,
    NOT_YET_VALID,
    SIGNING,
    SOUTH,
    VALID,
    Smki,
    csv_row,
    list_of_test_pki,
    write_csv,
    write_csv_of_north,
    write_folder,
    write_pem,
)


@pytest.fixture(scope="module")
def smki() -> Smki:
    return Smki()


@pytest.fixture(scope="module")
def pair(smki: Smki) -> tuple[OrganisationCertificate, OrganisationCertificate]:
    return smki.pair(NORTH)


@pytest.fixture
def listed(tmp_path: Path, smki: Smki, pair: tuple[OrganisationCertificate, OrganisationCertificate]) -> Path:
    return write_csv_of_north(tmp_path, smki, *pair)


def replacement(folder: Path, smki: Smki, *certificates: OrganisationCertificate) -> Pair | Unusable:
    """What a folder with those certificates and the authorities offers for the party in the north."""
    write_folder(folder, [*smki.authorities, *certificates])
    return load_certificate_list(folder, at=AT).replacement(NORTH)


class TestReplacement:
    def test_a_folder(self, tmp_path: Path, smki: Smki) -> None:
        signing, agreement = smki.pair(NORTH, name="North Networks")
        write_pem(tmp_path / "deep" / "smki.pem", *smki.authorities)
        write_pem(tmp_path / "north.pem", signing)
        (tmp_path / "north.CER").write_bytes(agreement.der)
        (tmp_path / "readme.txt").write_text("no certificate")
        (tmp_path / "folder.pem").mkdir()
        found = load_certificate_list(tmp_path, at=AT)
        assert found.replacement(NORTH) == Pair(signing, agreement)
        assert list(found.usable()) == [Pair(signing, agreement)]
        assert found.parties[NORTH].name == "North Networks"

    def test_a_test_pki(self, tmp_path: Path) -> None:
        pki: TestPKI = mint(tmp_path / "pki", AT)
        folder = list_of_test_pki(pki, tmp_path / "list", without=["gt-south"])
        found = load_certificate_list(folder, at=AT, trust=pki.directory / "smki")
        assert [pair.party for pair in found.usable()] == [
            pki.party(name).entity_identifier for name in ("ed-north", "ed-central", "ed-south", "gt-north")
        ]
        missing = found.replacement(pki.party("gt-south").entity_identifier)
        assert isinstance(missing, Unusable)
        assert missing.reason is Reason.NO_CERTIFICATE_SHARED

    def test_a_csv_names_a_party_both_ways(
        self, listed: Path, pair: tuple[OrganisationCertificate, OrganisationCertificate]
    ) -> None:
        found = load_certificate_list(listed, at=AT)
        for name in (NORTH, NORTH.lower(), "NRTH", "nrth"):
            assert found.replacement(name) == Pair(*pair)
            assert found.entity_identifier(name) == NORTH
        assert found.parties[NORTH].market_participant_id == "NRTH"
        assert found.entity_identifier(SOUTH) == SOUTH
        assert found.entity_identifier("STHN") is None

    def test_a_csv_as_a_spreadsheet_saves_it(self, listed: Path) -> None:
        text = listed.read_text(encoding="utf-8")
        listed.write_text(
            "\ufeff" + text.replace("\n", "\r\n\r\n") + ",,,,\r\n", encoding="utf-8", newline=""
        )
        assert isinstance(load_certificate_list(listed, at=AT).replacement(NORTH), Pair)

    def test_a_csv_without_the_optional_column(self, listed: Path) -> None:
        columns = ("network_operator", "entity_identifier", "digital_signing", "key_agreement")
        write_csv(listed, [{name: csv_row()[name] for name in columns}], columns)
        assert isinstance(load_certificate_list(listed, at=AT).replacement(NORTH), Pair)

    def test_the_certificate_that_started_last_wins(self, tmp_path: Path, smki: Smki) -> None:
        newer = smki.pair(NORTH, NEWER)
        others = [*smki.pair(NORTH, VALID), *smki.pair(NORTH, EXPIRED), *smki.pair(NORTH, NOT_YET_VALID)]
        assert replacement(tmp_path, smki, *others, *newer) == Pair(*newer)

    def test_a_newer_certificate_that_is_not_trusted_does_not_win(self, tmp_path: Path, smki: Smki) -> None:
        signing, agreement = smki.pair(NORTH)
        stranger = Smki().certificate(NORTH, SIGNING, NEWER)
        assert replacement(tmp_path, smki, stranger, signing, agreement) == Pair(signing, agreement)

    def test_a_certificate_that_is_there_twice_is_one(self, tmp_path: Path, smki: Smki) -> None:
        pair = smki.pair(NORTH)
        assert replacement(tmp_path, smki, *pair, *pair) == Pair(*pair)

    def test_a_pem_file_of_a_csv_may_hold_several(self, listed: Path, smki: Smki) -> None:
        newer = smki.certificate(NORTH, SIGNING, NEWER)
        old = smki.certificate(NORTH, SIGNING, EXPIRED)
        write_pem(listed.parent / "north" / "ds.pem", old, newer, smki.issuing.certificate)
        found = load_certificate_list(listed, at=AT).replacement("NRTH")
        assert isinstance(found, Pair)
        assert found.digital_signing == newer

    def test_validity_includes_both_ends(self, tmp_path: Path, smki: Smki) -> None:
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH)])
        second = timedelta(seconds=1)
        for at, usable in (
            (VALID.not_before - second, False),
            (VALID.not_before, True),
            (VALID.not_after, True),
            (VALID.not_after + second, False),
        ):
            found = load_certificate_list(tmp_path, at=at).replacement(NORTH)
            assert isinstance(found, Pair) is usable


class TestUnusable:
    def unusable(
        self, folder: Path, smki: Smki, *certificates: OrganisationCertificate
    ) -> tuple[Reason, str]:
        found = replacement(folder, smki, *certificates)
        assert isinstance(found, Unusable)
        return found.reason, found.detail

    def test_two_with_the_same_start(self, tmp_path: Path, smki: Smki) -> None:
        first, second = (smki.certificate(NORTH, AGREEMENT) for _ in range(2))
        signing = smki.certificate(NORTH, SIGNING)
        reason, detail = self.unusable(tmp_path, smki, first, signing, second)
        assert reason is Reason.AMBIGUOUS
        assert "2 key agreement certificates with the same start" in detail
        assert str(first.serial) in detail
        assert str(second.serial) in detail

    def test_expired_and_not_yet_valid(self, tmp_path: Path, smki: Smki) -> None:
        old, coming = (
            smki.certificate(NORTH, SIGNING, EXPIRED),
            smki.certificate(NORTH, SIGNING, NOT_YET_VALID),
        )
        reason, detail = self.unusable(tmp_path, smki, old, coming, smki.certificate(NORTH, AGREEMENT))
        assert reason is Reason.CERTIFICATE_EXPIRED
        assert "no digital signing certificate that is valid at 2026-03-01T12:00:00" in detail
        assert f"serial {old.serial}, 2025-08-13T12:00:00Z to 2026-02-28T12:00:00Z" in detail
        assert f"serial {coming.serial}" in detail

    def test_untrusted(self, tmp_path: Path, smki: Smki) -> None:
        stranger = Smki().certificate(NORTH, SIGNING, name="North Networks")
        reason, detail = self.unusable(tmp_path, smki, stranger, smki.certificate(NORTH, AGREEMENT))
        assert reason is Reason.CERTIFICATE_UNTRUSTED
        assert detail.startswith(f"North Networks ({NORTH}) shared no trusted digital signing certificate")
        assert str(stranger.serial) in detail

    def test_under_an_expired_authority(self, tmp_path: Path, smki: Smki) -> None:
        late = smki.root.certificate.not_after + DAY
        outlives = Validity(VALID.not_before, late + DAY)
        write_folder(tmp_path, [*smki.authorities, *smki.pair(NORTH, outlives)])
        found = load_certificate_list(tmp_path, at=late).replacement(NORTH)
        assert isinstance(found, Unusable)
        assert found.reason is Reason.CERTIFICATE_UNTRUSTED
        assert "expired: certificate CN=Z" in found.detail

    @pytest.mark.parametrize(("use", "words"), [(SIGNING, "key agreement"), (AGREEMENT, "digital signing")])
    def test_one_use_missing(self, tmp_path: Path, smki: Smki, use: str, words: str) -> None:
        certificate = smki.certificate(NORTH, type(SIGNING)(use))
        reason, detail = self.unusable(tmp_path, smki, certificate)
        assert reason is Reason.NO_CERTIFICATE_SHARED
        assert detail.endswith(f"shared no {words} certificate")

    def test_not_in_the_list(self, listed: Path) -> None:
        for name in (SOUTH, "STHN", "no identifier at all"):
            assert load_certificate_list(listed, at=AT).replacement(name) == Unusable(
                Reason.NO_CERTIFICATE_SHARED, f"{name} is not in the certificate list"
            )

    def test_no_smki_presence_and_nothing_shared(self, listed: Path) -> None:
        nothing = {"digital_signing": "", "key_agreement": ""}
        south = csv_row(
            network_operator="South", market_participant_id="STHN", entity_identifier="", **nothing
        )
        east = csv_row(
            network_operator="East", market_participant_id="EAST", entity_identifier=SOUTH, **nothing
        )
        write_csv(listed, [csv_row(), south, east])
        found = load_certificate_list(listed, at=AT)
        assert found.replacement("STHN") == Unusable(
            Reason.NO_SMKI_PRESENCE, "South (STHN) has no Entity Identifier in the list"
        )
        assert found.entity_identifier("STHN") is None
        east_found = found.replacement("EAST")
        assert isinstance(east_found, Unusable)
        assert east_found.reason is Reason.NO_CERTIFICATE_SHARED
        assert [each.party for each in found.usable()] == [NORTH]


class TestAnchors:
    def test_the_roots_in_the_list(self, listed: Path, smki: Smki) -> None:
        found = load_certificate_list(listed, at=AT)
        assert found.anchors.startswith("the roots in the list itself: certificate CN=ZA,OU=00")
        assert smki.root.certificate.sha256.hex() in found.anchors

    def test_given_roots_take_the_place_of_those_in_the_list(self, listed: Path, smki: Smki) -> None:
        own = write_pem(listed.parent / "trust" / "root.pem", smki.root.certificate)
        found = load_certificate_list(listed, at=AT, trust=own)
        assert found.anchors.startswith(f"from {own}: ")
        assert isinstance(found.replacement(NORTH), Pair)
        stranger = write_pem(listed.parent / "stranger.txt", Smki().root.certificate)
        other = load_certificate_list(listed, at=AT, trust=stranger).replacement(NORTH)
        assert isinstance(other, Unusable)
        assert other.reason is Reason.CERTIFICATE_UNTRUSTED


class TestDigest:
    def test_it_depends_on_neither_order_nor_file_names(self, tmp_path: Path, smki: Smki) -> None:
        certificates = [*smki.authorities, *smki.pair(NORTH), *smki.pair(SOUTH)]
        first = load_certificate_list(write_folder(tmp_path / "one", certificates), at=AT)
        again = load_certificate_list(write_folder(tmp_path / "two", certificates[::-1]), at=AT)
        bundle = load_certificate_list(write_pem(tmp_path / "three" / "all.pem", *certificates).parent, at=AT)
        assert first.digest == again.digest == bundle.digest
        assert list(first.usable()) == list(again.usable())
        fewer = load_certificate_list(write_folder(tmp_path / "four", certificates[:-1]), at=AT)
        assert fewer.digest != first.digest

    def test_rows_of_a_csv_in_any_order(self, listed: Path) -> None:
        south = csv_row(
            entity_identifier="", market_participant_id="STHN", digital_signing="", key_agreement=""
        )
        digests = set()
        for rows in ([csv_row(), south], [south, csv_row()]):
            digests.add(load_certificate_list(write_csv(listed, rows), at=AT).digest)
        assert len(digests) == 1
        for changed in ({"network_operator": "Renamed"}, {"market_participant_id": "NEWN"}):
            digests.add(load_certificate_list(write_csv(listed, [csv_row(**changed), south]), at=AT).digest)
        assert len(digests) == 3


def test_parties_are_in_the_order_of_their_identifiers(tmp_path: Path, smki: Smki) -> None:
    write_folder(tmp_path, [*smki.authorities, *smki.pair(SOUTH), *smki.pair(NORTH)])
    found = load_certificate_list(tmp_path, at=AT)
    assert list(found.parties) == [EUI64(NORTH), EUI64(SOUTH)]
    assert [pair.party for pair in found.usable()] == [NORTH, SOUTH]


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(folder: Path, onerror: Callable[[OSError], None]) -> Iterator[tuple[str, list[str], list[str]]]:
        onerror(PermissionError(13, "Permission denied", f"{folder}/north"))
        yield str(folder), ["north"], []

    monkeypatch.setattr(os, "walk", walk)  # the superuser may look into any folder
    with pytest.raises(
        DataUpdateError, match="north: cannot be looked into: Permission denied; see its perm"
    ):
        load_certificate_list(tmp_path, at=AT)
