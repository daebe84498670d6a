"""The shipped model on real products; skipped where the shared data is not there."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import RunPaths
from pipeline.model.bundle import load_bundle
from pipeline.serving.measure import evaluate_command

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "catalogue" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real products are not beside this checkout")


@pytest.mark.slow(30)
def test_the_shipped_model_ranks_real_products(tmp_path):
    """240 test rows spread over the file and all of categories never seen, bounds well below the README's figures."""
    table = pq.read_table(next(DATA.glob("test-*.parquet")))
    bundle = load_bundle(RunPaths(ROOT / "assets").model)
    truths = table["ground_truth_category"].to_pylist()
    unseen = {row for row, truth in enumerate(truths) if not bundle.was_seen(truth)}
    rows = tmp_path / "rows.parquet"
    pq.write_table(table.take(sorted(unseen | set(range(0, len(table), len(table) // 240)))), rows)
    figures = evaluate_command(RunPaths(ROOT / "assets").model, str(rows), split=None)["rerank"]
    assert figures["seen"]["fused"]["acc1"]["value"] > 0.85
    assert figures["seen"]["image"]["acc1"]["value"] > 0.7
    assert figures["unseen"]["fused"]["acc1"]["value"] > figures["unseen"]["zero_shot"]["acc1"]["value"] - 0.05
    assert figures["seen"]["zero_shot"]["acc1"]["value"] > 2 * figures["random"]["acc1"]["value"]
