"""Kappa over boxes and over images, with resampled intervals.

What kappa over boxes means: the unit is a group of boxes that show one thing, the category is the class, or "none" for
an annotator who drew nothing there. Where nobody drew there is no group, so the units on which all agree that there is
nothing are missing (there are no true negatives), and kappa comes out lower than the agreement that a person sees: with
one class alone it is never above 0, whatever the agreement. Beside it stand therefore kappa over matched boxes (do they
call the same thing by the same name?) and over images (does this image have such a finding?), where that does not
happen. Kappa of one class counts every other category, "none" included, as "not this class".
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.figures import Analytic, KappaFigure, Kappas
from spinedet.benchmarks.agreement.kappa import (
    Kappa,
    agreeing,
    cohen,
    cohen_values,
    fleiss,
    fleiss_values,
)
from spinedet.benchmarks.agreement.panel import Groups
from spinedet.benchmarks.agreement.resampling import FloatArray, IntArray, Resamples, value_and_interval

Measure = Callable[[Resamples, IntArray, IntArray, int], KappaFigure]
"""Resamples, the image of each unit (U,), the categories that the annotators gave it (U, K), number of categories."""

YES, NO = 0, 1
"""Categories where it is about one class: this class, or not."""


def kappas(groups: Groups, resamples: Resamples, label: int | None, measure: Measure) -> Kappas:
    """The three kappas of a class by its number, or of all boxes.

    Args:
        groups: Groups of the annotators' boxes.
        resamples: How often each patient counts.
        label: The class; None for all boxes.
        measure: `cohen_figure` for two annotators, `fleiss_figure` for two or more.
    """
    given, categories = groups.labels, len(groups.classes) + 1
    if label is not None:
        given, categories = np.where(groups.labels == label, YES, NO), 2
    matched = groups.matched
    has = groups.by_image(groups.drawn if label is None else groups.labels == label) > 0  # (I, K)
    return Kappas(
        boxes=measure(resamples, groups.image, given, categories),
        matched=measure(resamples, groups.image[matched], given[matched], categories),
        images=measure(resamples, np.arange(groups.images), np.where(has, YES, NO), 2),
    )


def cohen_figure(resamples: Resamples, image: IntArray, given: IntArray, categories: int) -> KappaFigure:
    """Cohen's kappa of the first two annotators."""
    cells = given[:, 0] * categories + given[:, 1]  # (U,)
    sums = resamples.sums(image, [cells == cell for cell in range(categories**2)])  # (categories squared, 1 + R)
    tables = sums.T.reshape(-1, categories, categories)
    return kappa_figure(cohen(tables[0]), cohen_values(tables))


def fleiss_figure(resamples: Resamples, image: IntArray, given: IntArray, categories: int) -> KappaFigure:
    """Fleiss' kappa of all annotators."""
    counts = _counts(given, categories)
    sums = resamples.sums(image, [agreeing(counts), *counts.T])  # (1 + categories, 1 + R)
    return kappa_figure(fleiss(counts), fleiss_values(sums[0], sums[1:].T, given.shape[1]))


def _counts(given: IntArray, categories: int) -> NDArray[np.int64]:
    """How many annotators gave each unit each category, (U, K) to (U, categories)."""
    return np.stack([(given == category).sum(axis=1) for category in range(categories)], axis=1)


def kappa_figure(found: Kappa, values: FloatArray) -> KappaFigure:
    """A kappa with the interval of its resamples (1 + R,), the first of which is the kappa itself."""
    return KappaFigure(
        value=found.value,
        ci95=value_and_interval(values)[1],
        analytic=Analytic(se=found.se, ci95=found.ci95, z=found.z),
        of=found.n,
        observed=found.observed,
        expected=found.expected,
        why=found.why,
    )
