"""Set for every test: one thread a library, so that tests do not fight over the cores."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

from tests.factories import write_dataset  # noqa: E402


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a complete build of drawn products with the preset `tiny`; do not write into it."""
    from pipeline.__main__ import build  # the whole pipeline: only for tests that ask for it
    from pipeline.config import SourceConfig
    from pipeline.presets import tiny

    folder = tmp_path_factory.mktemp("tiny")
    source = SourceConfig(location=str(write_dataset(folder / "data")))
    build(replace(tiny(), source=source), folder / "run")
    return folder / "run"
