"""Two CPU processes: the queue is gathered, gradients agree with those of one process over the whole batch."""

import socket

import numpy as np
import torch
import torch.multiprocessing as multiprocessing
from torch import nn

from pipeline.model.losses import PairQueue
from pipeline.model.matching import gather_others
from pipeline.model.training import make_accelerator


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _work(rank: int, port: int, folder: str) -> None:
    import os

    os.environ.update(
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE="2",
        ACCELERATE_USE_CPU="true",
    )
    accelerator = make_accelerator("no")
    own = torch.full((3, 2), float(rank))
    ids = torch.arange(3) + 10 * rank
    others = gather_others(accelerator, {"products": own, "ids": ids})
    queue = PairQueue(10, 2)
    queue.push(accelerator.gather(own), accelerator.gather(own), accelerator.gather(ids))
    torch.manual_seed(0)
    layer = accelerator.prepare(nn.Linear(2, 1))
    layer(own + 1).sum().backward()
    gradient = next(layer.parameters()).grad
    np.savez(
        f"{folder}/{rank}.npz",
        world=accelerator.num_processes,
        others=others["ids"].numpy(),
        queue=queue.ids.numpy(),
        gradient=gradient.numpy(),
    )
    accelerator.end_training()


def test_two_processes_share_queue_and_gradients(tmp_path):
    multiprocessing.start_processes(_work, args=(_free_port(), str(tmp_path)), nprocs=2, start_method="spawn")
    first, second = (dict(np.load(tmp_path / f"{rank}.npz")) for rank in (0, 1))
    assert int(first["world"]) == 2
    assert first["others"].tolist() == [10, 11, 12]
    assert second["others"].tolist() == [0, 1, 2]
    assert first["queue"].tolist() == second["queue"].tolist() == [0, 1, 2, 10, 11, 12]
    # mean over the processes of sums over 3 rows: (3 * 1 + 3 * 2) / 2
    assert first["gradient"].tolist() == second["gradient"].tolist() == [[4.5, 4.5]]
