"""The files that visitors have open, each under a key that nobody can guess; a thread classifies batches in turn."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.config.stages import ANY_SOURCE, SourceConfig
from pipeline.errors import UserError
from pipeline.prediction.bulk.recognized import Recognized, recognize
from ui.guard.faults import refuse, reported
from ui.guard.limits import MAX_JOBS, MAX_JOBS_AT_WORK, MAX_JSON, MAX_ROWS, SECONDS_UNWATCHED
from ui.guard.memory import return_freed_memory
from ui.tabs.catalog.folders import GONE, linked, new_folder, without_folders
from ui.tabs.catalog.readings import Readings
from ui.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.prediction.batch_classifier import BatchClassifier
    from pipeline.prediction.bulk.job import FileJob, Progress

State = Literal["ready", "too-large", "running", "stopped", "done", "failed"]
"""What a file waits for, is in, or has come to: `ready` to be started, `stopped` to go on."""

_BUSY = "Too many files are being classified at the moment; try again in a few minutes."


@dataclass
class Job:
    """A visitor's file; one thread at a time changes it.

    Attributes:
        key: Names it, and its folder.
        folder: With all of its files, in the folder of uploads.
        recognized: The file.
        state: See `State`.
        work: Its classification, None before it was started.
        sentence: Why it failed.
        at_work: Whether a step of it is running or waits for its turn, which a stopped file may have for a moment.
    """

    key: str
    folder: Path
    recognized: Recognized
    state: State = "ready"
    work: FileJob | None = None
    sentence: str = ""
    at_work: bool = False
    _steps: Generator[int] | None = None
    _fresh: int = 0
    _started: float = 0.0
    _seconds: float = 0.0
    _seen: float = field(default_factory=time.monotonic)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        from pipeline.prediction.bulk.job import Progress

        done = 0 if self.work is None else self.work.done
        seconds = time.monotonic() - self._started if self.state == "running" else self._seconds
        return Progress(done, self.recognized.rows, self._fresh, seconds)

    @functools.cached_property
    def formats(self) -> dict[str, str]:
        """Formats of its result, with the reason why one cannot be written, as `FileJob.formats`."""
        assert self.work is not None
        return self.work.formats()

    def see(self) -> None:
        """Note that somebody looks at it: it is kept for another hour."""
        self._seen = time.monotonic()
        self._keep()

    def go_on(self, classifier: BatchClassifier) -> None:
        """Begin with the next step, or go on after the last one."""
        assert self.work is not None
        self._steps, self._fresh, self._started = self.work.run(classifier), 0, time.monotonic()
        self.state = "running"

    def step(self) -> None:
        """Classify a batch, unless it was stopped or nobody looks."""
        if time.monotonic() - self._seen > SECONDS_UNWATCHED:
            self.stop()
        if self.state != "running" or self._steps is None:
            return
        try:
            self._fresh += next(self._steps)
        except StopIteration:
            self._seconds, self.state = time.monotonic() - self._started, "done"
        self._keep()

    def stop(self) -> None:
        """Let the batch that is being classified be the last one."""
        if self.state == "running":
            self._seconds, self.state = time.monotonic() - self._started, "stopped"

    def fail(self, error: BaseException) -> None:
        """End with a sentence; an error of ours is in the log."""
        gone = isinstance(error, FileNotFoundError)
        self.sentence = GONE if gone else self.said(str(error)) if isinstance(error, UserError) else reported(error)
        self.state = "failed"

    def said(self, sentence: str) -> str:
        """A sentence that names the files as their visitor does."""
        return without_folders(sentence, self.folder)

    def close(self) -> None:
        """Close the file that is read."""
        if self._steps is not None:
            self._steps.close()
        self._steps = None

    def _keep(self) -> None:
        """Let its files be of now, so that they are not deleted as old ones."""
        for parent, _, names in os.walk(self.folder):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # just written to its final name
                    os.utime(Path(parent, name))


class Jobs:
    """The files that are open.

    Args:
        workspace: Whose model classifies them.

    Attributes:
        readings: The files that programs read a part at a time.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # one file is read through at a time
        self.readings = Readings(functools.partial(self.recognize, reading=ANY_SOURCE))
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="catalog")

    @functools.cached_property
    def classifier(self) -> BatchClassifier:
        """The classifier of all files: that of `classify-file` without further options."""
        from pipeline.prediction.batch_classifier import BatchClassifier  # imports torch: not before the page is open
        from pipeline.prediction.predictor import PredictionRequest

        tools = self.workspace.tools
        return BatchClassifier(tools.bundle, tools.predictor, PredictionRequest(), None, for_review=True)

    def open(self, file: str, photos: str | None, reading: SourceConfig = ANY_SOURCE) -> Job:
        """Take an uploaded file and say what it is.

        Args:
            file: Path of the upload.
            photos: Path of an uploaded zip, None without one.
            reading: How the file is read, where that is not to be found out.

        Raises:
            gr.Error: In one sentence, if it cannot be read.
        """
        key, folder = new_folder()
        try:
            table = linked(Path(file), folder / "file")
            zipped = None if photos is None else linked(Path(photos), folder / "photos")
            recognized = self.recognize(folder, table, zipped, reading)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        job = Job(key, folder, recognized, "too-large" if recognized.rows > MAX_ROWS else "ready")
        with self._lock:
            self._jobs[key] = job
            idle = [one for one in self._jobs.values() if one.state != "running"]
            surplus = idle[: max(0, len(self._jobs) - MAX_JOBS)]
        for one in surplus:
            self.forget(one.key)
        return job

    def recognize(self, folder: Path, table: Path, photos: Path | None, reading: SourceConfig) -> Recognized:
        """Say what a file is.

        Args:
            folder: In which it lies; no error names it.
            table: The file.
            photos: Zip or folder of them, None without.
            reading: As in `open`.

        Raises:
            gr.Error: In one sentence, if it cannot be read.
        """
        located = replace(reading, location=str(table), images=None if photos is None else str(photos))
        try:
            with self._reading:
                return recognize(located, MAX_JSON)
        except UserError as error:
            raise refuse(without_folders(str(error), folder)) from error

    def find(self, key: str) -> Job:
        """The file of a key.

        Raises:
            gr.Error: If there is none, or it was deleted.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is not None:
                self._jobs.move_to_end(key)
        if job is None or not job.recognized.path.exists():
            self.forget(key)
            raise refuse(GONE)
        job.see()
        return job

    def forget(self, key: str) -> None:
        """Stop a file and delete all of it, if there is one of this key."""
        with self._lock:
            job = self._jobs.pop(key, None)
        if job is not None:
            job.stop()
            shutil.rmtree(job.folder, ignore_errors=True)

    def start(self, job: Job) -> None:
        """Classify a file, or what is left of it.

        Raises:
            gr.Error: If there are too many at work.
            ArtifactError: If the model cannot be loaded.
        """
        if job.state not in ("ready", "stopped"):
            return
        from pipeline.prediction.bulk.job import FileJob
        from pipeline.prediction.bulk.judge import Judge

        classifier = self.classifier
        with self._lock:
            if sum(one.state == "running" for one in self._jobs.values()) >= MAX_JOBS_AT_WORK:
                raise refuse(_BUSY)
            if job.work is None:
                job.work = FileJob(job.folder, job.recognized, Judge.of(classifier.predictor))
            if job.at_work:  # stopped a moment ago, and the batch of then is not done
                job.state = "running"
                return
            job.go_on(classifier)
            job.at_work = True
        self._submit(job)

    def _submit(self, job: Job) -> None:
        with contextlib.suppress(RuntimeError):  # the server is going down
            self._worker.submit(job.step).add_done_callback(functools.partial(self._stepped, job))

    def _stepped(self, job: Job, step: Future[None]) -> None:
        """Go on with a file behind all that wait."""
        if (error := step.exception()) is not None:
            job.fail(error)
        with self._lock:
            job.at_work = job.state == "running"
            forgotten = job.key not in self._jobs
        if job.at_work:
            self._submit(job)
            return
        job.close()
        if forgotten:
            shutil.rmtree(job.folder, ignore_errors=True)
        return_freed_memory()
