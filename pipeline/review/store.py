"""The decisions of a review: written at once, never changed, undone by further ones.

Each decision names how many others about its product its decider knew of. The file allows each number once, so of two
who decide the same product at the same time the second one is told, and nothing of the first is lost.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.vectors import unit
from pipeline.errors import InputError
from pipeline.review.database import Database
from pipeline.review.records import MAX_WHY, Action, Choice, ConflictError, Decider, Decision, Reviewed

_COLUMNS = "number, product, version, step, at, name, role, action, before, after, why"
_ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class Products:
    """The products of a review; all sequences have n entries, and a product's number is its place.

    Attributes:
        ids: Of the products.
        titles: "" for none.
        paths: Predicted.
        confidences: float64 [n], of the last level.
        is_accepted: bool [n], accepted without review.
        is_strange: bool [n], unlike the products that the model knows.
        clusters: int [n], products of one number are alike.
        vectors: float32 [n, d], of length 1.
    """

    ids: Sequence[str]
    titles: Sequence[str]
    paths: Sequence[str]
    confidences: np.ndarray
    is_accepted: np.ndarray
    is_strange: np.ndarray
    clusters: np.ndarray
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def and_more(self, others: Products) -> Products:
        """These, and others behind them."""
        return Products(
            (*self.ids, *others.ids),
            (*self.titles, *others.titles),
            (*self.paths, *others.paths),
            *(
                np.concatenate([getattr(self, name), getattr(others, name)])
                for name in ("confidences", "is_accepted", "is_strange", "clusters", "vectors")
            ),
        )


@dataclass(frozen=True)
class Details:
    """What is read of a product only when it is shown: its text, its record of `PREDICTIONS`, its photo as WebP."""

    text: str
    record: Mapping[str, object]
    photo: bytes | None


class Store:
    """A review's file.

    Args:
        database: Its file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def create(cls, path: Path, about: Mapping[str, object]) -> Store:
        """Make an empty review.

        Args:
            path: Of the new file.
            about: What it is of, as JSON values by name.

        Raises:
            ReviewError: In one sentence, if that cannot be.
        """
        store = cls(Database(path, create=True))
        with store._database.change() as connection:
            rows = [(name, json.dumps(value, ensure_ascii=False)) for name, value in about.items()]
            connection.executemany("INSERT INTO about VALUES (?, ?)", rows)
        return store

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a review as it was left.

        Raises:
            ReviewError: In one sentence, if it is damaged or none.
        """
        return cls(Database(path))

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._database.path

    def about(self) -> dict[str, object]:
        """What it is of."""
        return {name: json.loads(value) for name, value in self._database.read("SELECT name, value FROM about")}

    def add(self, products: Iterable[Reviewed], clusters: Iterable[int]) -> None:
        """Add products behind those that are there, each with the number of its group."""
        with self._database.change() as connection:
            [(first,)] = connection.execute("SELECT coalesce(max(number) + 1, 0) FROM products")
            for number, (one, cluster) in enumerate(zip(products, clusters, strict=True), start=first):
                vector = np.asarray(one.vector, dtype=np.float16).tobytes()
                strange = None if one.in_distribution is None else int(one.in_distribution)
                row = (number, one.product_id, one.title, one.text, one.path, float(one.confidence))
                connection.execute(
                    "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, int(one.is_accepted), strange, int(cluster), vector),
                )
                runners = json.dumps([[path, round(float(mass), 6)] for path, mass in one.runners], ensure_ascii=False)
                connection.execute("INSERT INTO details VALUES (?, ?, ?, ?)", (number, one.record, runners, one.photo))

    def products(self, start: int = 0) -> Products:
        """The products from a number on."""
        rows = self._database.read(
            "SELECT product_id, title, path, confidence, is_accepted, in_distribution, cluster, vector FROM products "
            "WHERE number >= ? ORDER BY number",
            start,
        )
        ids, titles, paths, confidences, accepted, known, clusters, vectors = (
            zip(*rows, strict=True) if rows else [()] * 8
        )
        flat = np.frombuffer(b"".join(vectors), dtype=np.float16).astype(np.float32)
        return Products(
            ids,
            titles,
            paths,
            np.array(confidences, dtype=np.float64),
            np.array(accepted, dtype=bool),
            np.array([one == 0 for one in known], dtype=bool),
            np.array(clusters, dtype=np.int64),
            unit(flat.reshape(len(rows), -1) if rows else np.zeros((0, 1), np.float32)),
        )

    def runners(self, start: int = 0) -> list[list[tuple[str, float]]]:
        """The paths that each product could be, with leaf probabilities, of the products from a number on."""
        rows = self._database.read("SELECT runners FROM details WHERE number >= ? ORDER BY number", start)
        return [[(path, mass) for path, mass in json.loads(text)] for (text,) in rows]

    def details(self, product: int) -> Details:
        """What is shown of a product.

        Raises:
            InputError: If there is none of this number.
        """
        rows = self._database.read(
            "SELECT body, record, photo FROM products JOIN details USING (number) WHERE number = ?", product
        )
        if not rows:
            raise InputError(f"This review has no product {product}.")
        text, record, photo = rows[0]
        return Details(text, json.loads(record or "{}"), photo)

    def records(self) -> list[str]:
        """The JSON records of all products, in their order."""
        return [text for (text,) in self._database.read("SELECT record FROM details ORDER BY number")]

    def decisions(self, after: int = 0, product: int | None = None) -> list[Decision]:
        """The decisions behind one, in their order; those of other processes too.

        Args:
            after: Number of the last one that is known.
            product: Only of this product; None: of all.
        """
        which, values = ("", (after,)) if product is None else (" AND product = ?", (after, product))
        rows = self._database.read(f"SELECT {_COLUMNS} FROM decisions WHERE number > ?{which} ORDER BY number", *values)
        return [
            Decision(number, about, version, step, at, Decider(name, role), action, before, then, why)
            for number, about, version, step, at, name, role, action, before, then, why in rows
        ]

    def decide(
        self, choices: Sequence[Choice], action: Action, decider: Decider, why: str = "", at: float | None = None
    ) -> list[Decision]:
        """Write decisions down, all of them or none; they are on the disk when this returns.

        Args:
            choices: One a product.
            action: What was done.
            decider: Who did it.
            why: In their words, at most `MAX_WHY` characters.
            at: Seconds since 1970; None: now.

        Raises:
            ConflictError: If somebody decided one of the products in the meantime.
            InputError: If the reason is too long.
            ReviewError: If it cannot be written: then nothing was.
        """
        if len(why) > MAX_WHY:
            raise InputError(f"The reason has {len(why):,} characters; at most {MAX_WHY} are kept.")
        now = time.time() if at is None else at
        written: list[Decision] = []
        try:
            with self._database.change() as connection:
                [(last,)] = connection.execute("SELECT coalesce(max(number), 0) FROM decisions")
                for number, choice in enumerate(choices, start=last + 1):
                    before = _before(connection, choice)
                    one = Decision(
                        *(number, choice.product, choice.version + 1, last + 1, now, decider, action),
                        *(before, choice.path, why),
                    )
                    who = (decider.name, decider.role)
                    connection.execute(
                        f"INSERT INTO decisions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (number, one.product, one.version, one.step, now, *who, action, before, one.after, why),
                    )
                    written.append(one)
        except sqlite3.IntegrityError as error:
            raise InputError("There is no such product in this review.") from error
        return written

    def looks(self) -> list[tuple[int, list[int], int]]:
        """The second looks: number, the products of the sample, and of how many accepted ones it was drawn."""
        rows = self._database.read("SELECT number, products, accepted FROM looks ORDER BY number")
        return [(number, json.loads(products), accepted) for number, products, accepted in rows]

    def add_look(self, products: Sequence[int], accepted: int) -> None:
        """Note a sample that is to be looked at."""
        with self._database.change() as connection:
            values = (json.dumps(list(products)), accepted, time.time())
            connection.execute("INSERT INTO looks (products, accepted, at) VALUES (?, ?, ?)", values)

    def back_up(self) -> Path:
        """Keep a copy of the file as it is; see `Database.back_up`."""
        return self._database.back_up()

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _before(connection: sqlite3.Connection, choice: Choice) -> str | None:
    """What is decided of a product; a `ConflictError` if that is not what its decider knew."""
    row = connection.execute(
        "SELECT version, after, name FROM decisions WHERE product = ? ORDER BY version DESC LIMIT 1", (choice.product,)
    ).fetchone()
    version, after, name = row or (0, None, "")
    if version != choice.version:
        what = f"decided it to be '{after}'" if after is not None else "left it open"
        raise ConflictError(
            f"In the meantime {name or 'somebody'} {what}: nothing of that was changed; look at it again."
        )
    return after
