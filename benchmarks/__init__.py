"""Comparisons: one evaluator, cross-validation, statistics, and reports."""
