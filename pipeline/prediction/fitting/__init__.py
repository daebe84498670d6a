"""Fits a bundle's predictor: settings, calibrations, thresholds with a guarantee, the test for outliers."""
