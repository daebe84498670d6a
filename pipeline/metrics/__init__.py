"""Figures of merit as pure functions of arrays: ratios with one bootstrap, hierarchical figures, rankings."""
