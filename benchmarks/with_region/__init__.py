"""The same detectors on the same folds with a region of interest and without: how regions are found, and one table.

`asking` is what is wanted, `drawn` the boxes that a region model learns, `found` what it finds where it is tested,
`arms` the datasets and folds, `measuring` the figures, `page` the outcome on one page.
"""
