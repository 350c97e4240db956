"""Phantoms: synthetic data sets with known boxes, for demos, tests and teaching; no patient stands behind them."""
