"""Power of a study by its number of images and readers: how often it would find a difference that is there.

A study is simulated many times; each time the readers' mean accuracy over objects is tested against the model's, with
readers and patients for random (`spinedet.benchmarks.mrmc.standalone`), which is the analysis' own test. The share of
studies with p below alpha is the power; where readers and model are equally good it is the level of the test.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from pydantic import Field

from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.mrmc.estimates import DIFFERENCE, estimate, mean_spread
from spinedet.benchmarks.mrmc.figures import Estimate
from spinedet.benchmarks.simulation.skill import Hardness, draw_right, draw_spread
from spinedet.benchmarks.simulation.studies import Design, Material
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray
from spinedet.benchmarks.whole_image.proportions import proportion_interval


class Question(Record):
    """What is to be found.

    Attributes:
        readers: Mean share of right diagnoses of the readers.
        model: The model's.
        between: Spread of the readers' skill, on the scale of normal quantiles.
        hardness: How much of what is hard is hard for all.
        alpha: Level of the test.
    """

    readers: float = Field(default=0.85, gt=0, lt=1)
    model: float = Field(default=0.92, gt=0, lt=1)
    between: float = Field(default=0.2, ge=0)
    hardness: Hardness = Hardness(patient=0.5, disc=0.5)
    alpha: float = Field(default=0.05, gt=0, lt=1)


class Power(Record):
    """What studies of one size find.

    Attributes:
        images, patients, readers: The size.
        studies: How many were simulated.
        found: In how many of them p was below alpha.
        power: Their share.
        ci95: Wilson's interval of the share, for the number of studies.
        width: Mean width of the 95 % interval of the difference; None where no study had one.
        covered: Share of the studies whose interval covers the true mean difference; None for a single reader, of whom
            nothing follows about others.
    """

    images: int
    patients: int
    readers: int
    studies: int
    found: int
    power: float
    ci95: Interval
    width: float | None
    covered: float | None


def power_table(
    design: Design, question: Question, images: Sequence[int], readers: Sequence[int], studies: int, seed: int
) -> Iterator[Power]:
    """The power of every size, one by one, as each takes a while.

    Args:
        design: What an image holds; its number of images is replaced.
        question: What is to be found.
        images: Numbers of images.
        readers: Numbers of readers.
        studies: Simulated studies a size.
        seed: The same seed gives the same table.
    """
    for place, (number, people) in enumerate(product(images, readers)):
        rng = np.random.default_rng([seed, place])
        yield power(design.model_copy(update={"images": number}), question, people, studies, rng)


def power(design: Design, question: Question, readers: int, studies: int, rng: np.random.Generator) -> Power:
    """The power of one size."""
    tests = [one_study(design, question, readers, rng) for _ in range(studies)]
    found = sum(test.p is not None and test.p < question.alpha for test in tests)
    widths = [test.ci95[1] - test.ci95[0] for test in tests if test.ci95]
    true = question.readers - question.model
    covered = sum(test.ci95 is not None and test.ci95[0] <= true <= test.ci95[1] for test in tests)
    return Power(
        images=design.images,
        patients=-(-design.images // design.per_patient),
        readers=readers,
        studies=studies,
        found=found,
        power=found / studies,
        ci95=proportion_interval(found, studies),
        width=float(np.mean(widths)) if widths else None,
        covered=covered / studies if readers > 1 else None,
    )


def one_study(design: Design, question: Question, readers: int, rng: np.random.Generator) -> Estimate:
    """Simulate one study, and test the readers' mean accuracy less the model's."""
    material = Material(design, rng)
    hardness, between = question.hardness, question.between
    skills = draw_spread(question.readers, readers, between, hardness, rng)  # (R,)
    chance = np.concatenate([skills, [question.model]])[:, None].repeat(len(material.label), axis=1)
    right = draw_right(chance, material.patient, readers + 1, hardness, rng)
    return readers_against_model(right, material.patient)


def readers_against_model(right: BoolArray, patient: IntArray) -> Estimate:
    """The readers' mean share of right answers less the model's, readers and patients random.

    Args:
        right: (R + 1, N), the model's last.
        patient: (N,) number of each thing's patient, from 0.
    """
    apart = right[:-1].astype(np.float64) - right[-1]  # (R, N)
    values = apart.mean(axis=1)
    spread = mean_spread(values, clustered_covariance(apart - values[:, None], patient))
    chosen = spread.random if len(values) > 1 else spread.fixed_readers
    return estimate(float(values.mean()), chosen, DIFFERENCE, 0.0)


def clustered_covariance(off: FloatArray, patient: IntArray) -> FloatArray:
    """(R, R) covariance of the means of rows (R, N) that have a mean of 0, with patients drawn, not things."""
    number = int(patient.max()) + 1
    sums = np.array([np.bincount(patient, row, number) for row in off])  # (R, P)
    return np.asarray(number / (number - 1) * (sums @ sums.T) / off.shape[1] ** 2)
