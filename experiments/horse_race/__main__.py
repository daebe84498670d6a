"""The horse race: every system trained and measured on the same rows, in one table.

Run: python -m experiments.horse_race --source SOURCE... --out runs/race [--systems NAME ...] [--rows N] [--epochs N]

SOURCE and the other options of a build say which rows; they are read into OUT as `ingest` reads them, or taken from a
run whose ingest is done (--run). A system that is finished has a file in OUT/systems and is not run again with the same
rows and budget. Writes race.json, race.md and two plots into OUT, and prints the table.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.horse_race import measure, report
from experiments.horse_race.race import Budget, Race
from experiments.horse_race.speed import speed_of
from experiments.horse_race.systems import SYSTEMS
from pipeline.artifacts import RunPaths, write_json
from pipeline.cli.options import parse_config
from pipeline.config.build import Config
from pipeline.errors import UserError
from pipeline.models.feature_store import FeatureStore
from pipeline.provenance import is_complete
from pipeline.stages import ingest
from pipeline.stages.runner import build, make_plans

_LOG = logging.getLogger("horse_race")
_FIGURES = "figures.json"


def run_system(name: str, race: Race, folder: Path) -> dict[str, Any]:
    """Train and measure one system; what OUT has of it with the same rows and budget is taken as it is.

    Returns:
        JSON: `title`, `identity`, `notes`, `train_seconds` (of CPU time; None where nothing is trained), `parameters`,
        `speed` and `splits`; or `title` and `skipped`, the reason why it has no figures.
    """
    system, file = SYSTEMS[name], folder / _FIGURES
    identity = race.identity(trained=system.fit is not None)
    if file.exists():
        known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if known["identity"] == identity:
            _LOG.info("%s: finished before", name)
            return known
    folder.mkdir(parents=True, exist_ok=True)
    if system.fit is not None and not len(race.rows("train")):
        return {"title": system.title, "skipped": "there are no training rows"}
    _LOG.info("%s: started", name)
    try:
        started = time.process_time()
        notes = {} if system.fit is None else system.fit(race, folder)
        seconds = None if system.fit is None else round(time.process_time() - started, 1)
        opened = system.open(race, folder)
        splits = _measured(race, opened)
    except UserError as error:
        _LOG.warning("%s: %s", name, error)
        return {"title": system.title, "skipped": str(error)}
    result = {
        "title": system.title,
        "identity": identity,
        "notes": notes,
        "train_seconds": seconds,
        "parameters": opened.parameters,
        "speed": speed_of(name, race, folder),
        "splits": splits,
    }
    write_json(file, result)
    _LOG.info("%s: took %.0f CPU s", name, time.process_time() - started)
    return result


def _measured(race: Race, opened: Any) -> dict[str, Any]:
    """Figures by split; thresholds are chosen on the validation rows."""
    validation = race.rows("validation")
    thresholds = (
        measure.thresholds_of(opened.answer(validation), validation["category_path"].tolist())
        if len(validation)
        else measure.NO_THRESHOLDS
    )
    return {
        split: measure.figures(opened.answer(rows), rows, thresholds, race.budget)
        for split in opened.splits
        if len(rows := race.rows(split))
    }


def _ingest(config: Config, out: Path) -> None:
    """Read the source into the folder of the race, unless that was done from this very content."""
    plan = make_plans(config, out, ["ingest"])["ingest"]
    if not is_complete(ingest.outputs(RunPaths(out)), plan.fingerprint):
        build(config, out, only="ingest")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the race, write and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the race")
    parser.add_argument("--run", type=Path, help="a run whose ingest is done, in place of --source")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), help="default: all that need no hub")
    parser.add_argument("--bundle", type=Path, help='the model that is "ours" (default: the one that ships)')
    parser.add_argument("--features", type=Path, help="folder of remembered features (default: OUT/features)")
    parser.add_argument("--unmeasured", nargs="*", default=[], help="sources that are learned from and not measured")
    parser.add_argument("--rows", type=int, default=Budget.rows, help="training rows at most (default: all)")
    parser.add_argument("--epochs", type=int, default=Budget.epochs, help="passes over them (default: %(default)s)")
    parser.add_argument("--measured", type=int, default=Budget.measured, help="rows of each split (default: all)")
    options, flags = parser.parse_known_args(arguments)  # the others are those of a build
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    source = ["--source", str(options.run)] if options.run else []
    config = parse_config([*flags, *source, "--out", str(options.out)])
    if options.run is None:
        _ingest(config, options.out)
    race = Race(
        RunPaths(options.run or options.out),
        config,
        Budget(options.rows, options.epochs, options.measured, seed=config.seed),
        tuple(options.unmeasured),
        FeatureStore(options.features or options.out / "features", config.seed),
        options.bundle,
    )
    names = options.systems or [name for name, system in SYSTEMS.items() if not system.needs_hub]
    results = {}
    for name in names:
        results[name] = run_system(name, race, options.out / "systems" / name)
        results = {name: results[name] for name in SYSTEMS if name in results}
        report.write(options.out, race, results)
    print(report.render(race, results))


if __name__ == "__main__":
    main()
