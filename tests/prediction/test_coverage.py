from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.prediction.coverage import coverage_headline


def test_the_headline_names_shares_targets_and_products():
    coverage = tuple((1.5 - precision, 0.5) for precision in PRECISIONS)
    calibration = Calibration(platt_slopes=(1, 1), platt_intercepts=(0, 0), coverage=coverage, rows=1_234, sources=3)
    line = coverage_headline(calibration)
    assert "60 / 50 % at 90 %; 55 / 50 % at 95 %; 51 / 50 % at 99 % right" in line
    assert "95 % certainty" in line
    assert line.endswith("1,234 products of 3 sources and of categories that training had nothing of.")
    assert coverage_headline(Calibration()) == ""
    assert coverage_headline(Calibration(coverage=coverage)) == "", "a bundle that did not count its rows"
