"""Folders for the files of visitors, among the uploads and under names that nobody can guess."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from gradio.utils import get_upload_folder

from ui.guard.faults import refuse

GONE = "This file is no longer here: files are deleted after an hour, or when there are too many. Drop it again."


def new_folder() -> tuple[str, Path]:
    """A name that nobody can guess, and the folder of it among the uploads, which does not exist yet."""
    name = secrets.token_hex(32)
    return name, Path(get_upload_folder()).resolve() / name


def linked(upload: Path, folder: Path, name: str = "") -> Path:
    """A name of its own for an upload, which lives on when the upload is deleted; no copy where that is possible.

    Args:
        upload: The file.
        folder: Where its new name lies.
        name: The new name, that of the upload by default.

    Raises:
        gr.Error: If the upload was deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (name or upload.name)
    try:
        os.link(upload, target)
    except FileNotFoundError as error:
        raise refuse(GONE) from error
    except OSError:  # a file system without links
        shutil.copyfile(upload, target)
    return target


def without_folders(sentence: str, folder: Path) -> str:
    """A sentence that names the files of a folder as their visitor does."""
    for inner in ("file", "photos"):
        sentence = sentence.replace(f"{folder / inner}{os.sep}", "")
    return sentence
