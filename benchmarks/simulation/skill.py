"""Readers of stated skill, and how alike they are in what they find hard.

Whether a reader is right about a disc is drawn from a normal threshold model (a probit): the reader is right where

    quantile(skill) * sqrt(1 + patient^2 + disc^2) + patient * u + disc * d + e > 0

with standard normal `u` (one a patient, shared by all readers), `d` (one a disc, shared by all readers) and `e` (one an
answer). The factor makes the share of right answers over all patients the stated skill exactly, whatever the spreads,
so that a simulated study has a known truth that its intervals must cover. With a spread of 0 all answers are
independent; with a spread of patients the discs of one patient are right or wrong together, and an interval that
takes them for independent is too narrow.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import norm

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray


class Skill(Record):
    """What a reader can do.

    Attributes:
        name: The reader's name.
        right: For each class the share of its objects that get their own class.
        missed: Of the wrong answers the share that is no mark at all; the rest are of another class.
        false_marks: Marks where nothing is, a mean an image.
        seconds: Median reading time of an image.
        spread: Standard deviation of the logarithm of the time.
        learning: What the time of the last image is of that of the first.
    """

    name: str
    right: dict[str, float]
    missed: float = Field(default=0.3, ge=0, le=1)
    false_marks: float = Field(default=0.05, ge=0)
    seconds: float = Field(default=60.0, gt=0)
    spread: float = Field(default=0.4, ge=0)
    learning: float = Field(default=0.8, gt=0)


class Hardness(Record):
    """How much of what a reader finds hard is shared.

    Attributes:
        patient: Spread of the patients' difficulty.
        disc: Spread of the single discs' difficulty.
    """

    patient: float = Field(default=0.0, ge=0)
    disc: float = Field(default=0.0, ge=0)

    @property
    def total(self) -> float:
        """Standard deviation of everything together."""
        return float(np.sqrt(1 + self.patient**2 + self.disc**2))


def draw_right(
    chance: FloatArray, patient: IntArray, readers: int, hardness: Hardness, rng: np.random.Generator
) -> BoolArray:
    """Draw who is right about what.

    Args:
        chance: (R, N) the share of right answers that reader r has among things like thing n.
        patient: (N,) number of each thing's patient, from 0.
        readers: R.
        hardness: What is shared.
        rng: The generator.

    Returns:
        (R, N).
    """
    things = len(patient)
    shared = hardness.patient * rng.standard_normal(int(patient.max(initial=-1)) + 1)[patient]  # (N,)
    shared += hardness.disc * rng.standard_normal(things)
    return np.asarray(quantiles(chance) * hardness.total + shared + rng.standard_normal((readers, things)) > 0)


def draw_spread(mean: float, readers: int, between: float, hardness: Hardness, rng: np.random.Generator) -> FloatArray:
    """Skills (R,) of readers who differ, so that their mean over all readers there could be is the stated one.

    A reader's quantile is the mean's plus `between` times a standard normal draw; the mean over such readers is kept by
    the same factor that keeps it over patients.

    Args:
        mean: Their mean share of right answers.
        readers: R.
        between: Spread of their quantiles.
        hardness: What the answers will be drawn with.
        rng: The generator.
    """
    whole = np.sqrt(hardness.total**2 + between**2)
    drawn = float(norm.ppf(mean)) * whole + between * rng.standard_normal(readers)  # before `draw_right`'s factor
    return np.asarray(norm.cdf(drawn / hardness.total))


def quantiles(chance: FloatArray) -> FloatArray:
    """Normal quantiles of probabilities; 0 and 1 become never and always."""
    return np.asarray(norm.ppf(chance))


def draw_classes(
    shares: NDArray[np.float64], patient: IntArray, alike: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the class (N,) of each thing; things of a patient resemble each other.

    Args:
        shares: (C,) share of each class, with a sum of 1.
        patient: (N,) number of each thing's patient.
        alike: Correlation within a patient of the normal variable that is cut into classes, 0 to 1.
        rng: The generator.
    """
    common = rng.standard_normal(int(patient.max(initial=-1)) + 1)[patient]
    latent = np.sqrt(alike) * common + np.sqrt(1 - alike) * rng.standard_normal(len(patient))
    return np.asarray(np.searchsorted(norm.ppf(np.cumsum(shares)[:-1]), latent), np.int64)
