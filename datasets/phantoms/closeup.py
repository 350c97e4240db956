"""What the phantoms of one joint or one level share: a small image, a person's own shape, a coil that lies close."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinedet.datasets.phantoms.bends import Bends
from spinedet.datasets.phantoms.canvas import Canvas, View
from spinedet.datasets.phantoms.imaging import textured
from spinedet.datasets.phantoms.outlines import Points, rounded
from spinedet.datasets.phantoms.scanner import Scanner, log_uniform, uneven

BIAS_SIZE = 90.0
"""Size of the bright and dark parts of the coil's field, in pixels."""

WANDER = 0.06
"""Standard deviation of a sign between neighbouring images of one patient, as a fraction."""


Knots = tuple[tuple[float, float], ...]
"""Places, rising, and the values of a curve there."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the images of a setting are taken.

    Attributes:
        bias: Strength of the coil's uneven field, as the logarithm's standard deviation.
        noise: Least and greatest standard deviation of the noise, where full signal is 1.
    """

    bias: float
    noise: tuple[float, float]


GOOD, POOR = Quality(0.06, (0.008, 0.025)), Quality(0.16, (0.02, 0.06))
"""Of the easy settings and of the hard ones."""


def sample_scanner(quality: Quality, rng: np.random.Generator) -> Scanner:
    """A scanner with a coil around the knee or below the back."""
    return Scanner(
        matrix=rng.uniform(0.8, 1.0),
        blur=rng.uniform(0.4, 0.65),
        noise=log_uniform(quality.noise, rng),
        bias=quality.bias,
        gain=rng.uniform(0.95, 1.25),
        gamma=rng.uniform(0.85, 1.1),
    )


def acquire(
    canvas: Canvas, glow: NDArray[np.uint8] | None, scanner: Scanner, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a painted canvas, with signal to add (H, W) where something glows."""
    added = np.zeros(canvas.pixels.shape[:2], np.uint8) if glow is None else glow
    signal = textured(canvas.pixels, added, rng)
    field = np.exp(scanner.bias * uneven(canvas.view, BIAS_SIZE, rng)).astype(np.float32)
    return scanner.shown(scanner.blurred(signal * field), rng)


@dataclass(frozen=True, slots=True)
class Frame:
    """How one image's anatomy, drawn in the frame of a person of middle size, comes to lie in the image.

    Attributes:
        view: Where the image lies on millimetres.
        stretch: Size across and down, 1 for a person of middle size (2,).
        side: 1, or -1 for the mirror image; only the frame is mirrored, never the view.
        bends: The patient's own shape, and that of the slice.
    """

    view: View
    stretch: NDArray[np.float64]
    side: int
    bends: tuple[Bends, ...]

    def place(self, points: ArrayLike) -> Points:
        """From the frame (N, 2) to mm of the view."""
        moved = np.asarray(points, float)
        for bends in self.bends:
            moved = bends.moved(moved)
        return np.asarray(moved * self.stretch * (self.side, 1))

    def outline(self, corners: ArrayLike, rounds: int = 3) -> Points:
        """A closed, rounded outline (N, 2) in mm of the view."""
        return self.place(rounded(np.asarray(corners, float), rounds))

    def mask(self, *outlines: Points) -> NDArray[np.uint8]:
        """The inside of outlines in mm of the view together (H, W), 1 in it."""
        labels = np.zeros((self.view.height, self.view.width), np.uint8)
        for outline in outlines:
            self.view.label(labels, outline, 1)
        return labels


def along(knots: Knots, place: float) -> float:
    """The value of a curve at a place: straight lines between its knots."""
    places, values = zip(*knots, strict=True)
    return float(np.interp(place, places, values))


def neighbours(limits: tuple[float, float], count: int, rng: np.random.Generator) -> tuple[float, ...]:
    """One value of the patient's, a little different in every image, within the limits."""
    values = rng.uniform(*limits) * (1 + WANDER * rng.standard_normal(count))
    return tuple(float(value) for value in np.clip(values, *limits))
