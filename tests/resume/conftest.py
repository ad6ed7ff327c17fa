"""A vendor's environment that the tests of interrupted runs share; its results come late enough to miss."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.any_target.vendor import Vendor, vendor


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    """Started once: every run leaves the devices as they were."""
    with vendor(
        tmp_path_factory.mktemp("any") / "vendor", ordinary=2, consumables=0, answer_after=0.2, deadline=6.0
    ) as opened:
        yield opened
