"""What a server that runs for weeks would gather: heaps of freed memory, and a line for every call that ever was."""

from __future__ import annotations

import ctypes
import os
import sys

import gradio as gr
from gradio.utils import LRUCache

from ui.guard.limits import MAX_CALLERS

_EVENTS = "GRADIO_ANALYTICS_MAX_EVENTS"
_KEPT_EVENTS = "200"  # of 10,000 by default, which Gradio sums up anew after every call
_ARENAS = 2
_M_ARENA_MAX = -8  # malloc.h


def keep_heaps_few() -> None:
    """Let all threads share two heaps: glibc gives each its own, and freed memory of one is of no use to another.

    Call it before there are threads, and before a page is built.
    """
    os.environ.setdefault(_EVENTS, _KEPT_EVENTS)
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and one heap
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENAS)


def forget_callers(page: gr.Blocks) -> None:
    """Let a page's queue forget whose calls it answered long ago: Gradio keeps a set for every session there was."""
    queue = page._queue
    queue.pending_messages_per_session = LRUCache(MAX_CALLERS)
    queue.pending_event_ids_session = LRUCache(MAX_CALLERS)
