import gzip
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.helpers.space.blocks import unpack
from tests.helpers.space.hostile_text import HOSTILE
from ui.galaxy import routes
from ui.workspace import Workspace


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes.routes(workspace.catalog))) as client_of_routes:
        yield client_of_routes


def test_only_what_the_galaxy_needs_is_served(client: TestClient, workspace: Workspace) -> None:
    assert client.get("/galaxy/scripts/main.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/galaxy/scripts/view/gl.js").text.startswith("//")
    assert client.get("/galaxy/data/points").headers["content-encoding"] == "gzip"
    for path in (
        *(
            "scripts/nothing.js",
            "scripts/..%2Fspace.css",
            "scripts/%2Fetc%2Fpasswd",
            "scripts/view/..%2F..%2Froutes.py",
        ),
        *("scripts/view", "scripts/galaxy.css", "data/nothing", "data/plotly.min.js", "data/"),
    ):
        assert client.get(f"/galaxy/{path}").status_code == 404
    for row in (len(workspace.catalog), -1, "x"):
        assert client.get(f"/galaxy/thumbnail/{row}").status_code == 404


def test_a_cached_block_is_answered_not_modified(client: TestClient) -> None:
    tag = client.get("/galaxy/data/points").headers["etag"]
    again = client.get("/galaxy/data/points", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_thumbnails_and_titles_are_those_of_the_row(client: TestClient, workspace: Workspace) -> None:
    products = workspace.catalog.products
    titles = [client.get(f"/galaxy/title/{row}").json()["title"] for row in range(len(products))]
    assert titles == products["title"].tolist()
    assert HOSTILE in titles
    for row, product_id in enumerate(products["product_id"]):
        photo = workspace.catalog.thumbnail(product_id)
        answer = client.get(f"/galaxy/thumbnail/{row}")
        assert (answer.status_code, answer.content) == ((200, photo) if photo else (204, b""))


def test_another_catalogue_has_other_addresses(workspace: Workspace) -> None:
    before = routes.version(workspace.catalog)
    workspace.catalog.meta["provenance"] = {"commit": "another"}
    assert routes.version(workspace.catalog) != before


def test_a_served_block_is_complete(client: TestClient, workspace: Workspace) -> None:
    block = gzip.compress(client.get("/galaxy/data/pca").content)  # the client has decompressed it
    assert set(unpack(block)[1]) == {"x", "y", "z"}
