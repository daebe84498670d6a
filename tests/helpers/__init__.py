"""Shared by the tests: made data, fakes, damage, and a Space to send requests to."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
SHARED = ROOT.parent / "shared"
"""Data that is there for developers, not for users: tests that need it skip without it."""
