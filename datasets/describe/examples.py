"""Which boxes and images are shown: typical ones, the rarest classes, and what lies furthest from the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.datasets.describe.census import Census, Floats, Ints
from spinedet.datasets.describe.words import TIMES, figure

CARDS = 24
"""Typical boxes on the page, all classes together, as long as each class has one."""

EACH = 4
"""Boxes of one class, and of one kind of odd case: a row of the page."""

CLASSES = 30
"""Classes with typical boxes, the most frequent."""

RARE_IMAGES = 12
"""A class on more images than this is not rare."""

RARE_CLASSES = 3
"""Rare classes whose images are shown, the rarest."""


ALIKE = 1.02
"""Ratios up to this are rounding, not oddity."""


@dataclass(frozen=True, slots=True)
class Found:
    """A box that is worth looking at, and why.

    Attributes:
        box: Its place in the census.
        words: What is special, for the line beneath its picture.
    """

    box: int
    words: str


def typical(census: Census) -> dict[str, list[int]]:
    """Boxes of each class nearest to its median size, of different images as far as there are, by class.

    Nearness is the distance of the logarithms of width and height: twice as wide is as far as half as wide.
    """
    labels = sorted(census.classes_by_boxes()[:CLASSES])
    each = int(np.clip(CARDS // max(len(labels), 1), 1, EACH))
    return {census.dataset.classes[label]: _nearest(census, label, each) for label in labels}


def _nearest(census: Census, label: int, each: int) -> list[int]:
    mine = np.flatnonzero(census.label == label)
    sides = np.log(census.sides[mine])
    order = mine[np.argsort(np.hypot(*(sides - np.median(sides, axis=0)).T), kind="stable")]
    return _different(census, order, each)


def _different(census: Census, order: Ints, each: int) -> list[int]:
    """The first boxes of an order, of different patients (or images) first."""
    first = _first_of_each(census.owner[census.item[order]])  # places in `order`
    again = np.setdiff1d(np.arange(len(order)), first)
    return [int(order[place]) for place in (*first, *again)[:each]]


def rare(census: Census) -> dict[str, list[int]]:
    """The rarest classes, and the images (places in the dataset) each is on; none where there is but one class.

    A class on more than `RARE_IMAGES` images is not rare.
    """
    if len(census.classes_by_boxes()) < 2:
        return {}
    order = [label for label in reversed(census.classes_by_boxes()) if census.images_of[label] <= RARE_IMAGES]
    order = sorted(order, key=lambda label: (census.patients_of[label], census.images_of[label]))[:RARE_CLASSES]
    items = {label: census.item[census.label == label] for label in order}
    return {census.dataset.classes[label]: np.unique(places).tolist() for label, places in items.items()}


def odd(census: Census) -> dict[str, list[Found]]:
    """Boxes furthest from the median of their class: the largest, the smallest, and those of the oddest shape."""
    area = census.sides.prod(axis=1)
    larger, wider = _against_median(census, area), _against_median(census, census.aspect)
    names = [census.dataset.classes[label] for label in census.label]
    sizes = [f"{name}: {figure(ratio)}{TIMES}median area" for name, ratio in zip(names, larger, strict=True)]
    triples = zip(names, census.aspect, wider, strict=True)
    shapes = [f"{name}: aspect {figure(one)}, median {figure(one / ratio)}" for name, one, ratio in triples]
    kinds = {
        "Largest for their class": _extreme(census, larger, sizes),
        "Smallest for their class": _extreme(census, 1 / larger, sizes),
        "Oddest shape for their class": _extreme(census, np.maximum(wider, 1 / wider), shapes),
    }
    return {kind: found for kind, found in kinds.items() if found}


def _extreme(census: Census, ratio: Floats, words: Sequence[str]) -> list[Found]:
    """The boxes with the largest ratios over 1, each of another patient (or on another image)."""
    order = np.argsort(-ratio, kind="stable")
    order = order[ratio[order] > ALIKE]
    first = _first_of_each(census.owner[census.item[order]])[:EACH]
    return [Found(int(box), words[box]) for box in order[first]]


def _first_of_each(owners: Ints) -> Ints:
    """Where each owner comes first."""
    return np.sort(np.unique(owners, return_index=True)[1])


def _against_median(census: Census, values: Floats) -> Floats:
    """(N,) each value over the median of its class."""
    medians = np.ones(len(census.dataset.classes))
    for label in census.classes_by_boxes():
        medians[label] = np.median(values[census.label == label])
    return np.asarray(values / medians[census.label])


def crowded(census: Census) -> list[int]:
    """Images (places in the dataset) with the most boxes, one a patient, where they have more than the median image."""
    order = np.argsort(-census.per_image, kind="stable")
    order = order[census.per_image[order] > np.median(census.per_image)]
    return [int(place) for place in order[_first_of_each(census.owner[order])[:EACH]]]
