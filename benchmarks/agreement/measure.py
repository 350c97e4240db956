"""From what annotators drew to every figure of the report."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.figures import Agreement, EveryoneRow, Pair
from spinedet.benchmarks.agreement.kappas import fleiss_figure, kappas
from spinedet.benchmarks.agreement.pairs import compare, share
from spinedet.benchmarks.agreement.panel import Groups, Panel
from spinedet.benchmarks.agreement.ranking import rank
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.datasets.dataset import Dataset


def measure(
    panel: Panel,
    *,
    iou: float = 0.5,
    resamples: int = 2000,
    seed: int = 0,
    reference: tuple[str, Dataset] | None = None,
) -> Agreement:
    """Measure how far annotators agree; no image is read.

    Args:
        panel: The annotators.
        iou: Least overlap of two boxes that show the same thing, above 0 and at most 1.
        resamples: How many times the patients are drawn anew for the intervals; 0 for none.
        seed: Seeds the draws.
        reference: Name and boxes of what each is compared with as well, on the images that it has.

    Raises:
        InputError: `iou` or `resamples` is out of range, or the reference shares no image with the annotators.
    """
    drawn = Resamples.draw(panel.units(), resamples, seed)
    groups = Groups.of(panel, iou)
    two = [Groups.of(panel.only(*names), iou) for names in combinations(panel.annotators, 2)]
    return Agreement(
        dataset=panel.datasets[0].name,
        annotators=panel.annotators,
        classes=panel.classes,
        images=len(panel.images),
        patients=len(panel.patients) or None,
        left_out=panel.left_out,
        iou=iou,
        resamples=len(drawn.weights) - 1,
        seed=seed,
        resampled="patient" if panel.patients else "image",
        boxes=_columns(groups.drawn),
        groups=len(groups.image),
        pairs=tuple(compare(one, drawn) for one in two),
        everyone=_everyone(groups, drawn),
        reference=_against(panel, reference, iou, resamples, seed) if reference else (),
        ranking=rank(panel, two),
    )


def _everyone(groups: Groups, resamples: Resamples) -> tuple[EveryoneRow, ...]:
    return tuple(_everyone_row(groups, resamples, label) for label in (None, *range(len(groups.classes))))


def _everyone_row(groups: Groups, resamples: Resamples, label: int | None) -> EveryoneRow:
    given = groups.drawn if label is None else groups.labels == label  # (G, K)
    anybody = np.asarray(given.any(axis=1))
    same = np.asarray(given.all(axis=1) & (groups.labels == groups.labels[:, :1]).all(axis=1))
    number, drawn, alike = resamples.sums(groups.image, [anybody, anybody & groups.matched, same])
    return EveryoneRow(
        label=None if label is None else groups.classes[label],
        boxes=_columns(given),
        drawn_by_all=share(drawn, number),
        same_by_all=share(alike, number),
        kappa=kappas(groups, resamples, label, fleiss_figure),
    )


def _columns(chosen: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(count) for count in chosen.sum(axis=0))


def _against(panel: Panel, reference: tuple[str, Dataset], iou: float, resamples: int, seed: int) -> tuple[Pair, ...]:
    """Each annotator against the reference, on the images that all annotators and the reference have."""
    name, dataset = reference
    known = dict(zip(panel.annotators, panel.datasets, strict=True))
    return tuple(
        _pair(Panel.of({annotator: drawn, name: _shared(dataset, panel.images)}), iou, resamples, seed)
        for annotator, drawn in known.items()
        if annotator != name
    )


def _shared(dataset: Dataset, images: Sequence[str]) -> Dataset:
    return dataset.subset(image for image in images if image in dataset)


def _pair(panel: Panel, iou: float, resamples: int, seed: int) -> Pair:
    return compare(Groups.of(panel, iou), Resamples.draw(panel.units(), resamples, seed))
