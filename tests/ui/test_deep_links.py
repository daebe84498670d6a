"""Links that open a tab with its fields filled."""

from typing import Any

import gradio as gr
import pytest

from tests.helpers.space.hostile_text import HOSTILE
from ui import deep_links, page
from ui.workspace import Workspace, refuse


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Warnings shown to the visitor."""
    sentences: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda sentence, title: sentences.append(sentence))
    return sentences


def _even(number: str) -> list[int]:
    if not number.isdecimal() or int(number) % 2:
        raise refuse("There is no such number.")
    return [int(number)]


@pytest.fixture
def targets() -> list[deep_links.Target]:
    with gr.Blocks():
        text, more, number = gr.Textbox(), gr.Textbox(), gr.Number()
    return [
        deep_links.Target("words", ["q", "more"], deep_links.texts, [text, more], print, [], [], "#x"),
        deep_links.Target("numbers", ["n"], _even, [number], print, [], [], "#x"),
    ]


SKIP = {"__type__": "update"}


@pytest.mark.parametrize(
    ("query", "selected", "rest", "sentences"),
    [
        ({}, None, [SKIP] * 5, 0),
        ({"q": "coat", "__theme": "dark"}, None, [SKIP] * 5, 0),  # without a tab it is no link
        ({"tab": "plain", "q": "coat"}, "plain", [SKIP] * 5, 0),
        ({"tab": "words"}, "words", [SKIP] * 5, 0),
        ({"tab": "words", "q": HOSTILE}, "words", [True, SKIP, HOSTILE, "", SKIP], 0),
        ({"tab": "words", "q": "x" * 5001}, "words", [SKIP] * 5, 1),
        ({"tab": "numbers", "n": "4"}, "numbers", [SKIP, True, SKIP, SKIP, 4], 0),
        ({"tab": "numbers", "n": HOSTILE}, "numbers", [SKIP] * 5, 1),
        ({"tab": HOSTILE, "q": "coat"}, None, [SKIP] * 5, 1),
    ],
)
def test_a_link_opens_a_tab_fills_and_runs_it(
    targets: list[deep_links.Target],
    warnings: list[str],
    query: dict[str, str],
    selected: str | None,
    rest: list[Any],
    sentences: int,
) -> None:
    tabs, *updates = deep_links.resolve(query, ["plain", "words", "numbers"], targets)
    assert (tabs.selected if isinstance(tabs, gr.Tabs) else None) == selected
    assert updates == rest
    assert len(warnings) == sentences
    assert HOSTILE not in warnings


def test_the_page_follows_its_address(workspace: Workspace) -> None:
    blocks = page.build(workspace)
    events = [name for function in blocks.fns.values() for _, name in function.targets]
    assert "load" in events
    assert events.count("change") >= 3  # Classify, Search and Rerank run from a link
