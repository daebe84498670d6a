"""Which test runs where and when with several processes: what shares something costly together, the longest first.

A file's tests run in one process, so that its fixtures exist once, but for files of long tests, which are spread.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

SPREAD = frozenset(
    (
        "tests/pipeline/test_build.py",
        "tests/pipeline/test_final_fit.py",
        "tests/benchmarks/test_benchmarks.py",
        "tests/test_readme.py",
    )
)
SHARED = "hostile_space"
"""A fixture of the whole session that is too costly to have in each process."""

TOGETHER = frozenset(
    f"tests/browser/test_{name}.py" for name in ("accessibility", "catalog", "classify", "galaxy", "selecting", "tabs")
)
"""The files whose tests ask for it: they run in one process."""

BUILDING = 900
"""Seconds that a test may take which waits for the tiny build: half a minute on a quiet machine, shared by all."""


class Scheduling(LoadScopeScheduling):
    """Hands out files, or single tests of `SPREAD`, in the order of `arrange`."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in TOGETHER:
            return SHARED
        return nodeid if file in SPREAD else file


def arrange(items: list[pytest.Item]) -> None:
    """Sort collected tests, in place: slow ones by their length, then files with fixtures of their own, then the rest.

    The many quick tests fill what is left at the end.

    Raises:
        pytest.UsageError: A file asks for the shared fixture and is not one of those that run together.
    """
    for item in items:
        file = item.nodeid.partition("::")[0]
        if SHARED in getattr(item, "fixturenames", ()) and file not in TOGETHER:
            raise pytest.UsageError(f"{file} asks for {SHARED}: name it in TOGETHER of tests/helpers/scheduling.py.")
        if "tiny_run" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(BUILDING))
    costly = {item.path for item in items if _has_fixtures_of_its_file(item)}
    items.sort(key=lambda item: (-_seconds(item), item.path not in costly))


def _seconds(item: pytest.Item) -> float:
    """How long a slow test takes on a quiet machine, 0 for others."""
    slow = item.get_closest_marker("slow")
    return 0.0 if slow is None else float(slow.args[0])


def _has_fixtures_of_its_file(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(name == SHARED or definitions[-1].scope == "module" for name, definitions in fixtures.items())


def shared_folder(factory: pytest.TempPathFactory, config: pytest.Config) -> Path:
    """The session's folder for temporary files, one for all processes."""
    base = factory.getbasetemp()
    return base.parent if hasattr(config, "workerinput") else base
