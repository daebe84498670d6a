"""Texts and photos that are no products, made by code from a seed: the outliers that a bundle learns to refuse.

Outlier exposure after Hendrycks et al. 2019, "Deep anomaly detection with outlier exposure", with made-up outliers.
"""
