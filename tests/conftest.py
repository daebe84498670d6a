"""Set for every test: one thread a library, so that tests do not fight over the cores, and no cache of the user's."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["PRODUCT_GALAXY_CACHE"] = ""  # no test leaves anything in the user's cache

import fcntl  # noqa: E402
import shutil  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from playwright.sync_api import Browser, expect, sync_playwright  # noqa: E402

from tests.helpers import scheduling  # noqa: E402
from tests.helpers.factories import write_dataset  # noqa: E402
from tests.helpers.hub import server, state  # noqa: E402
from tests.helpers.space import browsing, in_process  # noqa: E402

pytest_plugins = ["tests.helpers.fixtures"]

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    scheduling.arrange(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> scheduling.Scheduling:
    return scheduling.Scheduling(config, log)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Run folder of a complete build of drawn products with the preset `tiny`, one for all processes.

    Do not write into it. Whoever asks first builds it; the others wait.
    """
    folder = scheduling.shared_folder(tmp_path_factory, pytestconfig) / "tiny"
    built = folder / "built"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not built.exists():
            from pipeline.config.presets import tiny
            from pipeline.config.stages import SourceConfig
            from pipeline.stages.runner import build  # the whole pipeline: only for the process that builds

            shutil.rmtree(folder, ignore_errors=True)
            source = SourceConfig(location=str(write_dataset(folder / "data")))
            build(replace(tiny(), source=source), folder / "run")
            built.touch()
    return folder / "run"


@pytest.fixture
def another_precision() -> Iterator[None]:
    """Lets a test train in a precision of its own: Accelerate has one a process."""
    from accelerate.state import AcceleratorState  # brings torch: only for tests that ask for it

    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def small_space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the Space serves a small catalogue with a bundle without towers, from this process."""
    folder = tmp_path_factory.mktemp("space")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in in_process.variables(folder).items():
            patch.setenv(name, value)
        patch.delenv("SPACE_ID", raising=False)
        blocks = in_process.launch(folder)  # brings gradio: only for tests that ask for it
        yield blocks.local_url.rstrip("/")  # Gradio reads the port but once, when it is imported
        blocks.close(verbose=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; one for all, since Playwright runs once a thread."""
    expect.set_options(timeout=60_000)  # software rendering on a busy machine takes its time
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browsing.CHROMIUM, args=browsing.FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def hostile_space(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where app.py serves the tiny build, every title of which would like to be more than text; see `browsing`."""
    from pipeline.artifacts import RunPaths

    folder, paths = tmp_path_factory.mktemp("hostile"), RunPaths(tiny_run)
    catalog = browsing.write_hostile(paths.catalog, folder / "catalog.parquet")
    with browsing.serving(folder / "app.log", "--catalog", str(catalog), "--model", str(paths.model)) as url:
        yield url


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[state.Hub]:
    """A stand-in for the hub that `huggingface_hub` talks to, with an empty cache and nobody logged in."""
    from huggingface_hub import close_session, constants

    with server.serve() as hub:
        # read from the environment when huggingface_hub is imported, which may have been long ago
        monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "CATALOG_REPO", "MODEL_REPO"):
            monkeypatch.delenv(name, raising=False)
        close_session()  # a client that is there already keeps the proxies of its time
        yield hub
        close_session()
