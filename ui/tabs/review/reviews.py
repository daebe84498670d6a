"""The reviews that are open, each under a key that nobody can guess; the operator's own is for everybody."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.artifacts import CATEGORY_NAMES
from pipeline.data.sources import Layout
from pipeline.errors import UserError
from pipeline.review.records import Decider
from pipeline.review.review import Review
from pipeline.review.store import Store
from pipeline.search.query import QueryEncoder
from pipeline.search.words.category_search import CategorySearch
from pipeline.taxonomy.category_texts import read_category_texts
from ui.guard.faults import refuse
from ui.guard.limits import MAX_REVIEWS
from ui.tabs.catalog.folders import new_folder, without_folders
from ui.tabs.catalog.jobs import Job
from ui.workspace import Workspace

SHARED = "shared"
"""Key of the operator's review."""
GONE = "This review is no longer here: reviews are deleted an hour after they were last looked at. Open it again."
NONE_SHARED = "There is no review of this name here; open one in the tab Review, and give the key that it shows."
_FILE = "reviews.sqlite"


@dataclass
class Desk:
    """An open review with where it lies.

    Attributes:
        key: Names it.
        review: Itself.
        folder: Of all its files among the uploads, None for the operator's.
        layout: Of the file that was classified, where that is still open.
        name: Of that file, or of the catalogue.
    """

    key: str
    review: Review
    folder: Path | None
    layout: Layout | None
    name: str
    _search: CategorySearch | None = None

    def search(self, encoder: QueryEncoder) -> CategorySearch:
        """Finds categories of its taxonomy; made when it is first asked for."""
        if self._search is None:
            taxonomy = self.review.taxonomy
            self._search = CategorySearch(taxonomy, read_category_texts([str(CATEGORY_NAMES)], taxonomy), encoder)
        return self._search

    def see(self) -> None:
        """Note that somebody looks at it: it is kept for another hour."""
        for file in [] if self.folder is None else self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                os.utime(file)

    def said(self, sentence: str) -> str:
        """A sentence that names no folder of the server."""
        return (
            sentence if self.folder is None else without_folders(sentence.replace(f"{self.folder}/", ""), self.folder)
        )


class Reviews:
    """The reviews that are open.

    Args:
        workspace: Whose model and catalogue they are of.
        shared: File of the operator's review; made of the catalogue if it is not there. None: there is none.
    """

    def __init__(self, workspace: Workspace, shared: Path | None = None) -> None:
        self.workspace = workspace
        self.shared = shared
        self._desks: OrderedDict[str, Desk] = OrderedDict()
        self._of_jobs: dict[str, tuple[str, int]] = {}
        self._lock = threading.RLock()

    def of_job(self, job: Job, precision: float) -> Desk:
        """The review of a file of the tab Catalog, as far as that is classified; made when it is first asked for."""
        from pipeline.prediction.batch import FinishedFile  # imports torch: not before the page is open
        from pipeline.review.filling import review_of_file

        if job.work is None or not job.work.done:
            raise refuse("Nothing is classified yet.")
        if job.state == "running":
            raise refuse("The file is being classified; wait until it is done, or stop it.")
        with self._lock:
            key, done = self._of_jobs.get(job.key, ("", 0))
            before = self._desks.get(key)
            if before is not None and done == job.work.done and before.review.store.path.exists():
                return before
            finished = FinishedFile(job.work.batches, self.workspace.tools.predictor, job.recognized.config)
            key, folder = new_folder()
            review = Review(review_of_file(folder / _FILE, finished, precision, knows_source=False))
            if before is not None:
                review.take_over(before.review)
            self._of_jobs[job.key] = key, job.work.done
            return self._add(Desk(key, review, folder, job.recognized.layout, job.recognized.path.name))

    def of_catalog(self) -> Desk:
        """A new review of the catalogue: its wrong and unsure products."""
        from pipeline.review.filling import review_of_catalog

        key, folder = new_folder()
        store = review_of_catalog(folder / _FILE, self.workspace.catalog, self.workspace.tools.predictor)
        return self._add(Desk(key, Review(store), folder, None, self.workspace.name))

    def find(self, key: str) -> Desk:
        """The review of a key; "" and `SHARED` mean the operator's.

        Raises:
            gr.Error: If there is none, or it was deleted.
            ReviewError: If the operator's cannot be opened.
        """
        with self._lock:
            if key in ("", SHARED) and self.shared is not None and SHARED not in self._desks:
                self._add(self._open_shared(self.shared))
            desk = self._desks.get(key or SHARED)
            if desk is None:
                raise refuse(GONE if len(key) == 64 else NONE_SHARED)
            if not desk.review.store.path.exists():
                self.forget(desk.key)
                raise refuse(GONE)
            self._desks.move_to_end(desk.key)
        desk.see()
        return desk

    def forget(self, key: str) -> None:
        """Close a review, and delete it unless it is the operator's."""
        with self._lock:
            desk = self._desks.pop(key, None)
        if desk is not None:
            desk.review.close()
            if desk.folder is not None:
                shutil.rmtree(desk.folder, ignore_errors=True)

    def _open_shared(self, path: Path) -> Desk:
        from pipeline.review.export import layout_of_review
        from pipeline.review.filling import review_of_catalog

        if path.exists():
            store = Store.open(path)
        else:
            store = review_of_catalog(path, self.workspace.catalog, self.workspace.tools.predictor)
        review = Review(store)
        return Desk(SHARED, review, None, layout_of_review(review), path.name)

    def _add(self, desk: Desk) -> Desk:
        with self._lock:
            self._desks[desk.key] = desk
            of_visitors = [key for key, one in self._desks.items() if one.folder is not None]
        for key in of_visitors[: max(0, len(of_visitors) - MAX_REVIEWS)]:
            self.forget(key)
        return desk


def new_reviewer() -> Decider:
    """A person, under a name that says nothing of them."""
    return Decider(f"visitor {secrets.token_hex(3)}")


def reviewer(key: str) -> tuple[str, Decider]:
    """Key of a review, and who reviews there, of what the page remembers: "KEY NAME".

    Raises:
        gr.Error: If it is none.
    """
    key, _, name = key.partition(" ")
    if not name.startswith("visitor ") or len(name) > 20:
        raise refuse(GONE)
    return key, Decider(name)


@contextlib.contextmanager
def said(desk: Desk) -> Iterator[None]:
    """Let errors of a review be sentences that name no folder."""
    try:
        yield
    except UserError as error:
        raise refuse(desk.said(str(error))) from error
