"""The stages of a build: their order, what each requires and their fingerprints follow from one table.

A stage is complete when its outputs were made with the settings, from the content and by the stages that it would be
run with now (`Stage`); a build skips those. A stage that is run alone refuses what other stages made otherwise.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import errors
from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.config.build import Config
from pipeline.data.schema import read_table
from pipeline.provenance import (
    Provenance,
    discard_provenance,
    fingerprint,
    is_complete,
    read_provenance,
    require_artifact,
    write_provenance,
)
from pipeline.stages import (
    analyze,
    cluster,
    embed,
    fit_predictor,
    ingest,
    layout,
    measure,
    predict,
    publish,
    train,
)

_LOG = logging.getLogger("pipeline")


def _nothing_from_outside(config: Config, run_dir: Path) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Stage:
    """One stage of a build.

    Attributes:
        name: As on the command line.
        needs: The stages whose outputs it reads; they stand before it in the table.
        config: Fields of `Config` that it depends on beside those of the stages that it needs.
        outputs: The artifacts that it writes.
        run: Does the work: reads what it needs from the run folder, writes its outputs there.
        content: Describes what it reads from outside of the run folder (`provenance.content_of`), by a name.
    """

    name: str
    needs: tuple[str, ...]
    config: tuple[str, ...]
    outputs: Callable[[RunPaths], list[Path]]
    run: Callable[[Config, Path], None]
    content: Callable[[Config, Path], dict[str, str]] = _nothing_from_outside


_PREDICTED = ("ingest", "embed", "fit-predictor")
_LAID_OUT = ("ingest", "embed", "layout")

STAGES = (
    Stage("ingest", (), ("seed", "source", "ingest"), ingest.outputs, ingest.run, ingest.content),
    Stage("train", ("ingest",), ("preset", "model", "train"), train.outputs, train.run, train.content),
    Stage("embed", ("ingest", "train"), (), embed.outputs, embed.run),
    Stage("fit-predictor", ("ingest", "train", "embed"), ("predictor",), fit_predictor.outputs, fit_predictor.run),
    Stage("predict", _PREDICTED, (), predict.outputs, predict.run),
    Stage("layout", ("ingest", "embed"), ("layout",), layout.outputs, layout.run),
    Stage("cluster", _LAID_OUT, ("cluster",), cluster.outputs, cluster.run),
    Stage("analyze", ("ingest", "embed", "cluster"), (), analyze.outputs, analyze.run),
    Stage("measure", _PREDICTED, ("evaluation",), measure.outputs, measure.run),
    Stage(
        "publish",
        ("ingest", "embed", "fit-predictor", "predict", "measure", "layout", "cluster", "analyze"),
        ("publish",),
        publish.outputs,
        publish.run,
    ),
)
"""Every stage, in the order of work."""


@dataclass(frozen=True)
class Plan:
    """Identity of the outputs that a stage would write now.

    Attributes:
        fingerprint: Of its outputs.
        content: What it reads from outside of the run folder.
    """

    fingerprint: str
    content: dict[str, str]


def make_plans(config: Config, run_dir: Path, upto: Sequence[str] | None = None) -> dict[str, Plan]:
    """Work out the fingerprints of stages; reads the sources and other files that they depend on.

    Args:
        config: The whole configuration.
        run_dir: Run folder, which is no source of itself.
        upto: Only these stages and all that they need; None for every stage.
    """
    wanted = {stage.name for stage in STAGES} if upto is None else set(upto)
    for stage in reversed(STAGES):
        if stage.name in wanted:
            wanted.update(stage.needs)
    plans: dict[str, Plan] = {}
    for stage in STAGES:
        if stage.name in wanted:
            content = stage.content(config, run_dir)
            needed = {name: plans[name].fingerprint for name in stage.needs}
            plans[stage.name] = Plan(fingerprint(config.parts(stage.config), content, needed), content)
    return plans


def build(config: Config, run_dir: Path, only: str | None = None) -> None:
    """Run the stages of a build in order.

    Args:
        config: The whole configuration.
        run_dir: Run folder; what it holds of this very content and configuration is not made again.
        only: Run just that stage, complete or not.

    Raises:
        ArtifactError: If `only` needs what another stage has not made, or made from other content.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    paths = RunPaths(run_dir)
    with _logged_in(paths.log), _without_leftovers(run_dir):
        plans = make_plans(config, run_dir, None if only is None else [only])
        for stage in STAGES:
            if only is not None and stage.name != only:
                continue
            if only is None and is_complete(stage.outputs(paths), plans[stage.name].fingerprint, _product_ids(paths)):
                _LOG.info("%s: complete, skipped", stage.name)
                continue
            started = time.perf_counter()
            _LOG.info("%s: started", stage.name)
            run_stage(stage, config, run_dir, plans)
            _LOG.info("%s: took %.1f s", stage.name, time.perf_counter() - started)


def run_stage(stage: Stage, config: Config, run_dir: Path, plans: Mapping[str, Plan]) -> None:
    """Check what a stage needs, run it, and say beside each output where it came from.

    Under `accelerate launch`, which runs every process through here, the first one writes that.

    Raises:
        ArtifactError: If something that it needs is missing or of other content; names the stage to run.
    """
    paths = RunPaths(run_dir)
    stages = {each.name: each for each in STAGES}
    for name in stage.needs:
        for path in stages[name].outputs(paths):
            require_artifact(path, name, plans[name].fingerprint, _product_ids(paths))
    first_process = os.environ.get("RANK", "0") == "0"
    if first_process:
        discard_provenance(stage.outputs(paths))
    stage.run(config, run_dir)
    if first_process:
        product_ids = read_table(paths.products, ["product_id"])["product_id"].to_pylist()
        plan = plans[stage.name]
        provenance = Provenance.of(config, stage.name, plan.fingerprint, product_ids)
        for path in stage.outputs(paths):
            write_provenance(path, provenance, plan.content)


def _product_ids(paths: RunPaths) -> str | None:
    """Hash of the ids of the products that the run folder holds, None where it holds none, or half-written ones."""
    try:
        return read_provenance(paths.products).product_ids
    except ArtifactError:
        return None


class _LogFile(logging.FileHandler):
    """A log whose disk may be full: that ends the build as any other file does, and is not a traceback a line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        error = sys.exception()
        if isinstance(error, OSError):
            error.filename = error.filename or self.baseFilename
            raise error
        super().handleError(record)


@contextlib.contextmanager
def _logged_in(path: Path) -> Iterator[None]:
    """Write what is logged within the block to a file too."""
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    _LOG.setLevel(logging.INFO)
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def _without_leftovers(run_dir: Path) -> Iterator[None]:
    """Delete unfinished folders when the block fails."""
    try:
        yield
    except BaseException as error:
        for unfinished in run_dir.glob(".*.tmp"):
            if unfinished.is_dir():
                shutil.rmtree(unfinished, ignore_errors=True)
        of_system = errors.of_rust(error, run_dir)
        if of_system is not None:
            raise of_system from error
        raise
