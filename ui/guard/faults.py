"""What a visitor reads of an error that is not theirs: one sentence, with an id for the traceback in the log."""

from __future__ import annotations

import logging
import uuid

import gradio as gr

_log = logging.getLogger(__name__)


def refuse(sentence: str) -> gr.Error:
    """The error that shows a visitor (and tells a program) why something was not done; raise it."""
    return gr.Error(sentence, title="Not possible", duration=10, print_exception=False)


def report(error: BaseException) -> gr.Error:
    """Log an error with its traceback, and make the sentence that stands for it; raise that."""
    return refuse(reported(error))


def reported(error: BaseException) -> str:
    """The same, as text."""
    name = uuid.uuid4().hex[:8]
    _log.error("reported to a visitor as %s", name, exc_info=error)
    return f"Something went wrong on our side. If it happens again, report it as {name}."
