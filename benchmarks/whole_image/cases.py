"""The cases of the page: an image beside what its model depended on and where its network spoke."""

import io
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Bitmap

from spinedet.benchmarks.pointing import Mask
from spinedet.benchmarks.whole_image.looking import Case, choose_cases, lesion, path_of
from spinedet.benchmarks.whole_image.outcomes import Outcome
from spinedet.benchmarks.whole_image.run import called, errors
from spinedet.benchmarks.whole_image.summary import WholeImageFigures
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import Image, read_image
from spinedet.datasets.pages import Card, Picture
from spinedet.datasets.tasks import Task
from spinedet.detect.occlusion import occlusion_maps
from spinedet.detect.overlay import overlay
from spinedet.detect.runtime import Model
from spinedet.detect.score_maps import score_maps

WIDEST = 560
"""Longest side of a picture in its own pixels: two for one of the page."""

QUALITY = 82
"""Of the JPEG files that the page carries."""

LESION = (240, 228, 66)
"""Colour of a lesion's outline, seen on grey and on the maps' dark end."""

SHARE = 33.0
"""Per cent of the page that a picture takes."""


def draw_cases(
    outcome: Outcome, figures: WholeImageFigures, dataset: Dataset, task: Task, numbers: Mapping[str, float] | None
) -> list[Card]:
    """Three cards a case: the image (with the lesion's outline, where it is known), occlusion map, score map.

    Args:
        outcome: What the detector has finished.
        figures: Its figures, with the operating points.
        dataset: With images.
        task: What was asked.
        numbers: The true number of each image, where one was asked.

    Raises:
        InputError: An image or a model cannot be read.
    """
    calls = called(outcome.table, figures.image, task)
    off = errors(outcome.table, task, numbers) if task.kind == "number" else None
    chosen = choose_cases(outcome.table, task, calls, off)
    return [card for case in chosen for card in _cards(case, outcome, dataset)]


def _cards(case: Case, outcome: Outcome, dataset: Dataset) -> list[Card]:
    path, classes = path_of(dataset, case.image), outcome.table.classes
    model, image = Model.load(outcome.models[case.fold]), read_image(path)
    maps = {"occlusion": occlusion_maps(model, path)[case.label], "score map": score_maps(model, path)[case.label]}
    label = classes[case.label]
    overlays = {
        name: overlay(image, _shown(scores), top=None if name == "occlusion" else 1.0) for name, scores in maps.items()
    }
    first = Card(
        _picture(_outlined(image, lesion(dataset, case.image)), case.image),
        case.image,
        _words(case, outcome),
        case.kind,
    )
    flat = {name for name, scores in maps.items() if scores.min() == scores.max()}
    return [first, *(_map_card(name, label, one, flat=name in flat) for name, one in overlays.items())]


def _shown(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map; one that is the same everywhere would only tint the image, and stays dark."""
    return np.zeros_like(scores) if scores.min() == scores.max() else scores


def _map_card(name: str, label: str, picture: Image, *, flat: bool) -> Card:
    words = "the same everywhere: it points nowhere" if flat else ""
    return Card(_picture(picture, f"{name} of {label}"), f"{name}, {label}", words)


def _words(case: Case, outcome: Outcome) -> str:
    table = outcome.table
    row = table.images.index(case.image)
    order = np.argsort(-table.scores[row], kind="stable")[:3]
    said = ", ".join(f"{table.classes[place]} {table.scores[row, place]:.2f}" for place in order)
    return f"truth {table.classes[table.truth[row]]}; said {said}\nfold {case.fold}"


def _outlined(image: Image, mask: Mask | None) -> Image:
    """The image, enlarged as the overlays are, with the outline of its lesion."""
    scale = max(1, -(-480 // max(image.shape[:2])))
    size = image.shape[1] * scale, image.shape[0] * scale
    large = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    if mask is not None and mask.shape == image.shape[:2]:
        wide = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        edges, _ = cv2.findContours(wide, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(large, edges, -1, LESION, max(1, max(size) // 400))
    return large


def _picture(pixels: NDArray[np.uint8], alt: str) -> Picture:
    bitmap = Bitmap.fromarray(pixels)
    bitmap.thumbnail((WIDEST, WIDEST))
    buffer = io.BytesIO()
    bitmap.save(buffer, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return Picture.of("image/jpeg", buffer.getvalue(), SHARE, alt)
