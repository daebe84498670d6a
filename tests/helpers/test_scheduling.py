"""Tests that share something costly run in one process, and long tests are spread."""

from types import SimpleNamespace

import pytest

from tests.helpers import ROOT
from tests.helpers.scheduling import SHARED, SPREAD, TOGETHER, Scheduling, arrange


def _unit(nodeid: str) -> str:
    return Scheduling._split_scope(Scheduling.__new__(Scheduling), nodeid)


def test_files_that_share_a_space_run_in_one_process():
    assert _unit("tests/stages/test_ingest.py::test_a[x::y]") == _unit("tests/stages/test_ingest.py::test_b")
    assert _unit("tests/browser/test_tabs.py::test_a") == _unit("tests/browser/test_galaxy.py::test_b")
    assert _unit("tests/ui/test_page.py::test_a") != _unit("tests/ui/test_deep_links.py::test_a")
    assert _unit("tests/pipeline/test_build.py::test_a") != _unit("tests/pipeline/test_build.py::test_b")


def test_the_files_named_exist():
    for file in SPREAD | TOGETHER:
        assert (ROOT / file).is_file(), file


def test_a_file_that_asks_for_the_shared_space_must_be_named():
    item = SimpleNamespace(nodeid="tests/ui/test_page.py::test_a", fixturenames=["page", SHARED])
    with pytest.raises(pytest.UsageError, match=r"test_page\.py asks for hostile_space"):
        arrange([item])  # type: ignore[list-item]


def test_our_scheduler_is_registered_with_xdist(request):
    assert request.config.hook.pytest_xdist_make_scheduler.get_hookimpls()
