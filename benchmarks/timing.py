"""Timing of several ways of the same work, turn by turn, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(ways: Mapping[str, Callable[[], object]], rounds: int, *, warmup: int = 1) -> dict[str, float]:
    """Median seconds of each way.

    Args:
        ways: Name -> the work, callable any number of times.
        rounds: Times each way is measured; the order turns from round to round.
        warmup: Rounds run before, not counted.
    """
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(warmup + rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            start = time.perf_counter()
            ways[name]()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def line(what: str, ours: float, other: float, against: str) -> str:
    """One line of a report: the time `ours` as a multiple of the time `other`, both in seconds."""
    return f"{what:<34} {ours / other:7.3g} x {against} ({ours * 1e3:.1f} ms over {other * 1e3:.1f} ms)"
