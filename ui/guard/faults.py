"""Errors as visitors read them: one sentence; for an error of ours, with an id of the traceback in the log."""

from __future__ import annotations

import logging
import uuid

import gradio as gr

_LOG = logging.getLogger(__name__)


def refuse(sentence: str) -> gr.Error:
    """Build the error that tells a visitor or a program why something cannot be done; raise it."""
    return gr.Error(sentence, title="Not possible", duration=10, print_exception=False)


def report(error: BaseException) -> gr.Error:
    """Log an error with its traceback and build the error that replaces it; raise that."""
    return refuse(reported(error))


def reported(error: BaseException) -> str:
    """Log an error with its traceback and return the sentence for the visitor."""
    name = uuid.uuid4().hex[:8]
    _LOG.error("reported to a visitor as %s", name, exc_info=error)
    return f"Something went wrong on our side. If it happens again, report it as {name}."
