import inspect

import gradio as gr
import pytest

from pipeline.artifacts import ArtifactError
from tests.helpers.fakes import FakeBundle
from ui.components.cards import percent
from ui.tabs import search
from ui.workspace import Tools, Workspace, bind


def test_the_model_is_loaded_when_first_needed_and_once(workspace: Workspace) -> None:
    loads: list[int] = []

    def load() -> Tools:
        loads.append(1)
        return Tools.of(workspace.catalog, FakeBundle())

    lazy = Workspace(workspace.catalog, load)
    assert not loads
    lazy.warm_up().join()
    assert lazy.tools is lazy.tools
    assert loads == [1]


def test_a_model_that_does_not_load_is_an_error_message_every_time(workspace: Workspace) -> None:
    def load() -> Tools:
        raise ArtifactError("The weights are damaged.")

    broken = Workspace(workspace.catalog, load)
    broken.warm_up().join()
    for _ in range(2):
        with pytest.raises(gr.Error, match="weights are damaged"):
            bind(search.search, broken)("vase")


def test_a_bound_handler_shows_programs_its_own_parameters(workspace: Workspace) -> None:
    bound = bind(search.search, workspace)
    assert list(inspect.signature(bound).parameters) == list(inspect.signature(search.search).parameters)[1:]
    assert bound.__name__ == "search"
    assert bound.__doc__ == search.search.__doc__
    assert bound("red shirt")[0]["title"] == "red shirt"


@pytest.mark.parametrize(("share", "text"), [(1, "100%"), (0.0996, "10%"), (0.031, "3.1%"), (1e-5, "< 0.1%")])
def test_shares_are_formatted_for_visitors(share: float, text: str) -> None:
    assert percent(share) == text
