"""The page and a photo, for the tests of all tabs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.factories import draw, encode
from tests.helpers.space.browsing import guarded


@pytest.fixture
def page(browser: Browser, hostile_space: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, opened."""
    with guarded(browser, hostile_space, request) as opened:
        opened.goto(hostile_space)
        expect(opened.get_by_role("heading", name="Product Galaxy")).to_be_visible()
        yield opened


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a blue vase."""
    path = tmp_path_factory.mktemp("photo") / "vase.jpg"
    path.write_bytes(encode(draw("hourglass", (40, 70, 200), np.random.default_rng(5), size=240)))
    return path
