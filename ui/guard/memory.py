"""Keeps the memory of a long-running server small: few heaps, and no record of every past call."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

import gradio as gr
from gradio.utils import LRUCache

from ui.guard.limits import MAX_CALLERS

_EVENTS = "GRADIO_ANALYTICS_MAX_EVENTS"
_KEPT_EVENTS = "200"  # instead of 10,000, which Gradio summarizes again after every call
_ARENAS = 2
_M_ARENA_MAX = -8  # malloc.h
_SECONDS = 30


def keep_heaps_few() -> None:
    """Let all threads share two heaps: by default glibc gives each its own, and cannot share freed memory.

    Call it before threads start and before a page is built.
    """
    os.environ.setdefault(_EVENTS, _KEPT_EVENTS)
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has no mallopt and one heap
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENAS)


def return_freed_memory() -> None:
    """Give the system back what was freed: a model that was loaded leaves a quarter of a gigabyte of it.

    glibc keeps freed pieces of a heap until something frees the end of it.
    """
    if sys.platform == "linux":
        malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if malloc_trim is not None:
            malloc_trim(0)


def keep_returning_memory() -> None:
    """Return freed memory twice a minute from now on: answers leave some, the more the larger the catalogue."""

    def keep() -> None:
        while True:
            time.sleep(_SECONDS)
            return_freed_memory()

    threading.Thread(target=keep, daemon=True, name="return freed memory").start()


def forget_callers(page: gr.Blocks) -> None:
    """Let a page's queue drop old sessions: Gradio keeps a set for every session there ever was."""
    queue = page._queue
    queue.pending_messages_per_session = LRUCache(MAX_CALLERS)
    queue.pending_event_ids_session = LRUCache(MAX_CALLERS)
