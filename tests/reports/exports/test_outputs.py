"""Everything that is made from results is made together, at the end of a run and again at any time."""

from __future__ import annotations

from reports.outputs import write_outputs
from reports.results import Status
from reports.results_folder import OUTPUT_FILES
from tests.reports.exports.conftest import Folder, row


def test_every_output_file_is_written(folder: Folder) -> None:
    folder.written(lambda directory, run, results: directory, [row(0), row(1, Status.FAILED)])
    assert [path.name for path in write_outputs(folder.output)] == list(OUTPUT_FILES)
    assert all((folder.output / name).stat().st_size for name in OUTPUT_FILES)


def test_they_are_made_anew_the_same(folder: Folder) -> None:
    """Whoever keeps them can tell by comparing whether the results have changed."""
    folder.written(lambda directory, run, results: directory, [row(0), row(1, Status.FAILED)])
    first = {path.name: path.read_bytes() for path in write_outputs(folder.output)[1:]}
    assert {path.name: path.read_bytes() for path in write_outputs(folder.output)[1:]} == first
