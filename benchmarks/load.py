"""Many clients at once through the real queue: python -m benchmarks.load [--clients 50 --seconds 60].

Each client is a gradio_client of its own that asks again as soon as it is answered: a search by text, the neighbors
of a product, a rerank, a classification by photo and text, in turn. Printed: answers and errors, and the time that
95 of 100 answers take, over that of one client alone in the same run. Without an address, app.py is started with the
demo's catalogue.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from benchmarks.startup import running_app

ROOT = Path(__file__).parents[1]
TEXTS = ("a warm coat for rainy days", "blue ceramic vase", "toy robot", "running shoes", "oak table", "guitar strings")
KINDS = 4  # of questions


@dataclass
class Tally:
    """Answers and errors that clients got.

    Attributes:
        seconds: Of each answer, from the question to the answer.
        errors: What was said or raised in place of an answer.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def slow(self) -> float:
        """The time that 95 of 100 answers take, in seconds."""
        return float(np.percentile(self.seconds, 95))


def questions(products: Sequence[str], photo: Path, seed: int) -> Iterator[dict[str, Any]]:
    """Questions of one client, without end: arguments of `Client.predict`.

    Args:
        products: Ids of products that bring candidates.
        photo: A file.
        seed: Where in the texts and products this client begins.
    """
    for turn in itertools.count(seed):
        text, product = TEXTS[turn % len(TEXTS)], products[turn % len(products)]
        yield {"api_name": "/search", "text": text}
        yield {"api_name": "/neighbors", "product_id": product}
        yield {"api_name": "/rerank", "product_id": product}
        yield {"api_name": "/classify", "title": text, "photo": handle_file(photo)}


def ask(address: str, clients: int, seconds: float, photo: Path) -> Tally:
    """Let clients ask at once for a while.

    Args:
        address: Of the running app.
        clients: How many, each on a thread of its own.
        seconds: For how long new questions are asked.
        photo: A file.
    """
    tally = Tally()
    opened = [Client(address, verbose=False, download_files=False) for _ in range(clients)]
    products = [product["product_id"] for product in opened[0].predict(text="", api_name="/products")]
    for first in itertools.islice(questions(products, photo, 0), KINDS):
        opened[0].predict(**first)  # not measured: the model may have to be loaded
    together = threading.Barrier(clients)

    def run(client: Client, seed: int) -> None:
        questions_asked = questions(products, photo, seed)
        together.wait()
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            try:
                client.predict(**next(questions_asked))
                tally.seconds.append(time.perf_counter() - start)
            except (AppError, ValueError, OSError, httpx.HTTPError) as error:
                tally.errors.append(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(run, client, seed) for seed, client in enumerate(opened)]:
            done.result()
    for client in opened:
        client.close()
    return tally


def compare(address: str, clients: int, seconds: float, photo: Path) -> Tally:
    """Print what many clients see over what one sees; returns what the many saw."""
    alone, many = ask(address, 1, seconds, photo), ask(address, clients, seconds, photo)
    print(f"1 client: {len(alone.seconds)} answers, {len(alone.errors)} errors in {seconds:g} s")
    print(f"{clients} clients: {len(many.seconds)} answers, {len(many.errors)} errors in {seconds:g} s")
    for error in sorted(set(many.errors))[:5]:
        print(f"  {error[:200]}")
    print(f"95th percentile of {clients} clients: {many.slow / alone.slow:.1f} x a client alone")
    print(f"answers a second: {len(many.seconds) / len(alone.seconds):.2f} x a client alone")
    return many


def main() -> int:
    """Measure and print; returns 1 if there was an error among the answers."""
    parser = argparse.ArgumentParser(description="Many clients at once.")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--address", help="of a running app (default: one started here)")
    chosen = parser.parse_args()
    photo = ROOT / "assets" / "examples" / "robot-003.jpg"
    with contextlib.nullcontext((0, chosen.address)) if chosen.address else running_app() as (_, address):
        return int(bool(compare(address, chosen.clients, chosen.seconds, photo).errors))


if __name__ == "__main__":
    sys.exit(main())
