"""What an image's class depends on: how much its odds fall when one place after the other is blurred away.

Zeiler and Fergus 2014 (arXiv 1311.2901, section 4.2), for any exported detector. A cell of a whole-image head that was
trained without `evidence` (`spinedet.detect.training.evidence`) answers for the whole box wherever it lies, so its
score map says which cells speak, not what they look at. Of 40 made images with one lesion anywhere, the peak of
`score_maps` lay in the lesion in 1 to 5, that of these maps in 35 to 39 (yolov3, yolov5 and ppyolov2, which had 40, 40
and 38 of them right). What such a model looked at is seen by taking places away. This costs a run of the network for
each place, so it is meant for the images of a report, not for every prediction; for models of many objects
`spinedet.detect.score_maps` is right.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.detect.image_scores import shares
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.runtime import Model, Source
from spinedet.detect.score_maps import spread

Floats = NDArray[np.float32]

PLACES = 7
"""Places a row, and rows: 49 runs of the network."""

WINDOW = 0.6
"""Standard deviation of the soft window through which a place is blurred, in distances between places."""

BLUR = 0.1
"""Standard deviation of the blur as a share of the input's side: no lesion keeps its texture or its edge, and no new
edge arises, as a grey patch would give."""

BATCH = 16
"""Images in one run of the network."""


def occlusion_maps(model: Model, image: Source, places: int = PLACES) -> Floats:
    """How much the odds of each class fall when a place is blurred.

    The odds of a class are its best score over the sum of the others' best (`spinedet.detect.image_scores`). The map
    holds the logarithm of odds as they are over odds without the place; where blurring raises the odds, it is 0.

    Args:
        model: An exported model of two classes or more.
        image: One image.
        places: Places a row, and rows. More of them find smaller lesions, and cost their square.

    Returns:
        (C, H, W) float32, 0 or more, at the size of the image, bilinear between places.

    Raises:
        InputError: The image cannot be read, or there is one class only, which has no odds.
        ValueError: There is not one place.
    """
    check_odds(model.card)
    if places < 1:
        raise ValueError("occlusion needs a place or more")
    planes, fit = model.prepared(image)
    before = log_odds(_best(model, planes[None]))  # (1, C)
    windows = _windows(places, model.card.image_size)  # (places * places, S, S)
    blurred = _blurred(planes)
    after = np.concatenate(
        [
            log_odds(_best(model, planes + (blurred - planes) * part[:, None]))  # (3, S, S) and (b, 1, S, S)
            for part in np.array_split(windows, -(-len(windows) // BATCH))
        ]
    )  # (places * places, C)
    fall = np.maximum(before - after, 0).T.reshape(-1, places, places).astype(np.float32)  # (C, rows, columns)
    return spread(fall, model.card.image_size / places, fit)


def check_odds(card: ModelCard) -> None:
    """Refuse a model of one class, which has no odds.

    Raises:
        InputError: It has one class.
    """
    if len(card.classes) < 2:
        raise InputError(
            "Occlusion asks which class an image has, and this model knows one only.",
            expected="two classes or more",
            found=card.classes[0],
            todo="ask for `maps` instead",
        )


def log_odds(best: NDArray[np.floating]) -> NDArray[np.float64]:
    """Best scores (..., C) to the logarithm of each class's share over the rest's, (..., C); always finite."""
    share = shares(best)
    rest = share.sum(axis=-1, keepdims=True) - share  # exact enough: no share is below the floor
    return np.asarray(np.log(share) - np.log(rest))


def _best(model: Model, batch: Floats) -> Floats:
    """Best score of each class in each image of a batch (B, 3, S, S): (B, C)."""
    return np.asarray(model.raw(batch)[1].max(axis=1))


def _blurred(planes: Floats) -> Floats:
    """A prepared image (3, S, S), blurred."""
    return np.stack([cv2.GaussianBlur(plane, (0, 0), BLUR * plane.shape[0]) for plane in planes])


def _windows(places: int, side: int) -> Floats:
    """(places * places, S, S), row by row: 1 in the middle of a place, falling off as a Gaussian."""
    step = side / places
    middles = (np.arange(places) + 0.5) * step
    away = np.arange(side) + 0.5 - middles[:, None]  # (places, S)
    fall = np.exp(-((away / (WINDOW * step)) ** 2) / 2).astype(np.float32)
    return np.asarray((fall[:, None, :, None] * fall[None, :, None, :]).reshape(-1, side, side))
