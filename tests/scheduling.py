"""Which test runs where and when with several processes: what shares something costly together, the longest first.

`--dist=loadgroup` keeps a group in one process, and `--no-loadscope-reorder` hands work out in the order given here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

BUILDING = 900
"""Seconds that a test may take which waits for the tiny build: half a minute on a quiet machine, shared by all."""

SHARED = ("hostile_space",)
"""Fixtures for the whole session that are too costly to have in each process."""


def arrange(items: list[pytest.Item]) -> None:
    """Group and sort collected tests, in place.

    Tests of a module with fixtures of its own make a group, and so do those that share one of `SHARED`. Slow tests
    come first, the longest of them ahead; groups follow; the many quick tests fill what is left at the end.
    """
    for item in items:
        if "tiny_run" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(BUILDING))
        group = _group(item)
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: (-_seconds(item), item.get_closest_marker("xdist_group") is None))


def _seconds(item: pytest.Item) -> float:
    """How long a slow test takes on a quiet machine, 0 for others and for those of a group."""
    slow = item.get_closest_marker("slow")
    alone = slow is not None and item.get_closest_marker("xdist_group") is None
    return float(slow.args[0]) if slow is not None and alone else 0.0


def _group(item: pytest.Item) -> str | None:
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    for name in SHARED:
        if name in fixtures:
            return name
    scopes = {found[-1].scope for found in fixtures.values()}
    return Path(item.path).stem if "module" in scopes else None


def shared_folder(factory: pytest.TempPathFactory, config: pytest.Config) -> Path:
    """The session's folder for temporary files, one for all processes."""
    base = factory.getbasetemp()
    return base.parent if hasattr(config, "workerinput") else base
