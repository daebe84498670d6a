"""How much a bundle accepts at which precision, in words: the headline of its calibration."""

from __future__ import annotations

from pipeline.bundle.calibration import CERTAINTY, PRECISIONS, Calibration

HEADLINE_PRECISIONS = (0.9, 0.95, 0.99)
"""Target precisions that the headline names."""


def coverage_headline(calibration: Calibration) -> str:
    """One sentence: accepted shares of every level at each of `HEADLINE_PRECISIONS`; "" where nothing was measured."""
    if not calibration.coverage or not calibration.rows:
        return ""
    shares = []
    for precision in HEADLINE_PRECISIONS:
        by_level = calibration.coverage[PRECISIONS.index(precision)]
        listed = " / ".join(f"{100 * share:.0f}" for share in by_level)
        shares.append(f"{listed} % at {100 * precision:.0f} %")
    return (
        f"Accepted, from the top level down: {'; '.join(shares)} right, each with {100 * CERTAINTY:.0f} % certainty on "
        f"products like these: {measured_on(calibration)}."
    )


def measured_on(calibration: Calibration) -> str:
    """The products of a calibration in words."""
    if calibration.sources:
        of = "a source" if calibration.sources == 1 else f"{calibration.sources} sources"
        return f"{calibration.rows:,} products of {of} and of categories that training had nothing of"
    return f"{calibration.rows:,} products that training did not have, of sources that it had"
