"""Rows a CPU second and resident memory of a system that answers, in a process of its own."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.isolated import STATUS, stream
from experiments.horse_race.race import MEASURED, Race

ASKED = 128
"""Rows that are timed, texts and photos encoded anew, behind as many that are not."""
_AT_A_TIME = 32
_SECONDS = 1800


def speed_of(name: str, race: Race, folder: Path) -> dict[str, float]:
    """`rows_per_second` of CPU time, by one thread in batches of 32, and `resident_mb`, of a system that was fitted.

    The memory is what a process with the libraries and these rows grows by, until the system has answered. Texts and
    photos go through the towers; reading and shrinking the photos was done before.
    """
    drawn = {split: race.rows(split)[: 2 * ASKED].reset_index(drop=True) for split in MEASURED}
    bare = Race(race.run, race.config, race.budget, race.unmeasured, None, race.bundle, drawn)
    results = dict(stream(_measure, (name, bare, folder), _SECONDS))
    return {key: round(value, 1) for key, value in results.items()}


def _measure(name: str, race: Race, folder: Path) -> Iterator[tuple[str, float]]:
    from experiments.horse_race.systems import SYSTEMS

    torch.set_num_threads(1)
    rows = next(rows for split in MEASURED if len(rows := race.rows(split)))
    before = _resident()
    opened = SYSTEMS[name].open(race, folder)
    batches = [rows[start : start + _AT_A_TIME] for start in range(0, len(rows), _AT_A_TIME)]
    half = max(1, len(batches) // 2)
    for batch in batches[:half]:
        opened.answer(batch.reset_index(drop=True))
    timed = batches[half:] or batches
    started = time.process_time()
    for batch in timed:
        opened.answer(batch.reset_index(drop=True))
    yield "rows_per_second", sum(map(len, timed)) / (time.process_time() - started)
    yield "resident_mb", _resident() - before


def _resident() -> float:
    """Megabytes of this process that are in memory."""
    gc.collect()
    match = re.search(r"^VmRSS:\s*(\d+) kB", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return int(match[1]) / 1000 if match else float("nan")
