"""Two CPU processes train together: the queue is gathered, both end with the same weights."""

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch.multiprocessing as multiprocessing

from pipeline.artifacts import RunPaths
from pipeline.config.presets import tiny
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import read_products
from pipeline.training.tasks.matching import MatchingTask
from pipeline.training.trainer import Trainer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _train(rank: int, port: int, run: str, location: str, out: str) -> None:
    process = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2}
    os.environ.update({name: str(value) for name, value in process.items()}, ACCELERATE_USE_CPU="true")
    config = replace(tiny(), source=SourceConfig(location=location))
    stage = replace(config.train.stages[1], epochs=1, batch_size=4)
    config = replace(config, train=replace(config.train, stages=(stage,)))
    queues: list[np.ndarray] = []
    checkpointed = MatchingTask.validate

    def validate(task: MatchingTask) -> dict[str, float]:
        queues.append(task.queue.ids.numpy().copy())
        return checkpointed(task)

    MatchingTask.validate = validate  # type: ignore[method-assign]
    paths = RunPaths(Path(run))
    products = read_products(paths.products)
    trainer = Trainer(config, paths, products)
    trainer.train(stage)
    trainer.finish()
    np.savez(
        f"{out}/{rank}.npz",
        processes=trainer.accelerator.num_processes,
        queue=queues[-1],
        weight=trainer.model.image_head.contract.weight.detach().numpy(),
    )
    trainer.accelerator.end_training()


@pytest.mark.slow(12)
def test_two_processes_share_queue_and_weights(tiny_run, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    tiny_paths = RunPaths(tiny_run)
    for path in (tiny_paths.products, tiny_paths.images, tiny_paths.taxonomy):
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, run)
    arguments = (_free_port(), str(run), str(tiny_run.parent / "data"), str(tmp_path))
    multiprocessing.start_processes(_train, args=arguments, nprocs=2, start_method="spawn")
    first, second = (dict(np.load(tmp_path / f"{rank}.npz")) for rank in (0, 1))
    assert int(first["processes"]) == 2
    assert np.array_equal(first["queue"], second["queue"])
    trained = len(read_products(RunPaths(run).products).query("split == 'train' and category_path.notna()"))
    assert len(first["queue"]) == min(64, trained // 8 * 8)  # 4 products from each of the 2 processes a step
    assert np.array_equal(first["weight"], second["weight"])
    assert RunPaths(run).trained.is_dir()  # both chose its alpha together, one wrote it
