"""The galaxy in a notebook: the widget's script in a browser, its questions answered by Python."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

import ui.galaxy
from pipeline.artifacts import ArtifactError
from tests.helpers.space.browsing import marks
from ui.galaxy import notebook
from ui.workspace import Workspace

GALAXY = "document.querySelector('.galaxy').galaxy"
_PAGE = """async ([script, css]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const el = document.createElement("div");
  document.body.append(el);
  const heard = [];
  const model = {
    on: (name, hear) => heard.push(hear),
    send: async (message) => {
      const { answer, files } = JSON.parse(await window.kernel(JSON.stringify(message)));
      const bytes = files.map((file) => new DataView(Uint8Array.from(atob(file), (one) => one.charCodeAt(0)).buffer));
      for (const hear of heard) hear({ id: message.id, answer }, bytes);
    },
  };
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  await (await import(url)).default.render({ model, el });
}"""


@marks[0]
@marks[1]
def test_the_widget_draws_and_asks_its_kernel(browser: Browser, workspace: Workspace) -> None:
    widget = ui.galaxy.show(workspace.catalog.path)
    known = notebook.answers(workspace.catalog)

    def kernel(message: str) -> str:
        answer, files = notebook.reply(known, json.loads(message))
        return json.dumps({"answer": answer, "files": [base64.b64encode(file).decode() for file in files]})

    page = browser.new_page(viewport={"width": 1000, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
    page.expose_function("kernel", kernel)
    page.evaluate(_PAGE, [str(widget._esm), str(widget._css)])
    expect(page.locator(".galaxy[data-drawn]")).to_be_visible()
    page.evaluate(f"{GALAXY}.choices.product(4)")
    expect(page.locator(".galaxy-panel h3")).to_have_text("tall vase")
    page.evaluate(f"{GALAXY}.choices.product({{ product_id: 'nobody' }})")
    expect(page.locator(".galaxy-alert")).to_contain_text("no such product")
    page.get_by_label("Words in title or brand").fill("shirt")
    expect(page.locator(".galaxy-status")).to_contain_text(f" of {len(workspace.catalog)} products shown")
    page.close()
    assert errors == []


@pytest.mark.parametrize("message", [{}, {"what": "block", "question": "x"}, {"what": "photo", "question": 10**6}])
def test_what_the_script_cannot_ask_is_refused(workspace: Workspace, message: Any) -> None:
    assert "does not have" in notebook.reply(notebook.answers(workspace.catalog), message)[0]["refused"]


def test_every_script_is_in_the_widget_once() -> None:
    modules = notebook.modules()
    assert {"main.js", "view/gl.js", "data/chart.js"} <= set(modules)
    assert '"./' not in "".join(
        line for one in modules.values() for line in one["text"].splitlines() if "import" in line
    )


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="There is no catalogue"):
        ui.galaxy.show(tmp_path / "nothing")
