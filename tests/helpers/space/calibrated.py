"""A workspace on a bundle without towers, whose confidences are measured."""

from dataclasses import replace

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.catalog.catalog import Catalog
from pipeline.types import MODALITIES
from tests.helpers.fakes import FakeBundle
from ui.workspace import Tools, Workspace


def calibrated(
    catalog: Catalog, in_distribution_cosine: float | None = None, ids: dict[str, str] | None = None
) -> Workspace:
    """A workspace whose confidences need 0.6 at any precision up to 0.9 and 0.99 above, at every level."""
    needed = tuple((0.6 if precision <= 0.9 else 0.99,) * 3 for precision in PRECISIONS)
    bundle = FakeBundle()
    bundle.category_ids = ids or {}
    setting = replace(
        Calibration(inverse_temperature=0.5, thresholds=needed), in_distribution_cosine=in_distribution_cosine
    )
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, setting)})
    return Workspace(catalog, lambda: Tools.of(catalog, bundle))
