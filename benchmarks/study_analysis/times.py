"""How long reading took: each rater, raters in pairs, and whether readers became faster over the session.

Times are those of images with a time that is whole: images without one, and those at which the window was killed, are
named and left out here, and nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import linregress, spearmanr
from scipy.stats import t as student

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.clustered import ONE_PATIENT
from spinedet.benchmarks.mrmc.times import Times as PairedTimes
from spinedet.benchmarks.mrmc.times import compare_times
from spinedet.benchmarks.study_analysis.comparison_records import Why
from spinedet.benchmarks.study_analysis.correcting import Pairing, correct, pairings
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.material import Answers, Material
from spinedet.benchmarks.study_analysis.time_records import Learning, RaterTimes, TimeComparison, Times
from spinedet.benchmarks.whole_image.figures import FloatArray, IntArray, bootstrapped, resampled_interval

WILCOXON = "Wilcoxon, signed ranks"
WILCOXON_PATIENTS = "Wilcoxon, signed ranks added up by patient (Rosner)"

NO_TIME, CUT, NOTHING = "no time", "cut short: the window was killed", "a time of 0 s"

FEWEST = 3
"""Images without which no slope has an interval."""


@dataclass(frozen=True, eq=False, slots=True)
class _Timed:
    """The usable times of one rater.

    Attributes:
        image: (N,) ascending.
        seconds: (N,).
        timings: N, the whole record of each.
        left_out: Why images have no usable time, by index.
    """

    image: IntArray
    seconds: FloatArray
    timings: tuple[Timing, ...]
    left_out: dict[int, str]


def times(material: Material, resamples: Resamples) -> Times:
    """Everything about times; empty where nobody has any."""
    timed = [_usable(one) for one in material.raters]
    measured = [place for place, one in enumerate(timed) if len(one.image)]
    without = [material.raters[place].rater.name for place in range(len(timed)) if place not in measured]
    return Times(
        raters=tuple(_rater(material, place, timed[place], resamples) for place in measured),
        comparisons=_comparisons(material, timed, resamples),
        means=tuple(_means(material, timed, resamples)),
        notes=(f"No times of {', '.join(without)}.",) if without else (),
    )


def _usable(one: Answers) -> _Timed:
    images = np.flatnonzero(one.read).tolist()
    left_out = {image: why for image in images if (why := _unusable(one.timings.get(image)))}
    kept = [image for image in images if image not in left_out]
    timings = tuple(one.timings[image] for image in kept)
    return _Timed(np.array(kept, np.int64), np.array([row.seconds for row in timings], np.float64), timings, left_out)


def _unusable(timing: Timing | None) -> str | None:
    if timing is None:
        return NO_TIME
    return CUT if timing.cut else None if timing.seconds > 0 else NOTHING


def _rater(material: Material, place: int, timed: _Timed, resamples: Resamples) -> RaterTimes:
    rater, patient = material.raters[place].rater, material.patient[timed.image]
    number, total = resamples.sums(patient, [np.ones(len(patient)), timed.seconds])
    quarters = resamples.quantiles(patient, timed.seconds, (1, 2, 3))
    rows = (*quarters, ratio(total, number))
    lower, median, upper, mean = (Figure(**dict(bootstrapped(row, {"of": len(patient)}, NO_TIME))) for row in rows)
    orders = tuple(row.order for row in timed.timings)
    return RaterTimes(
        rater=rater.name,
        kind=rater.kind,
        codes=tuple(material.codes[image] for image in timed.image),
        seconds=tuple(timed.seconds.tolist()),
        orders=orders,
        median=median,
        lower_quartile=lower,
        upper_quartile=upper,
        mean=mean,
        sd=float(timed.seconds.std(ddof=1)) if len(patient) > 1 else None,
        total=float(timed.seconds.sum()),
        paused=float(sum(row.paused for row in timed.timings)),
        pauses=sum(row.pauses for row in timed.timings),
        learning=learning(timed.seconds, orders) if rater.kind == "person" else None,
        left_out={material.codes[image]: why for image, why in timed.left_out.items()},
    )


def learning(seconds: FloatArray, orders: Sequence[int | None]) -> Learning | None:
    """Whether times fall with the order; None where too few images have one.

    The slope is that of least squares of the logarithm of the time on the order; images are taken for independent.
    """
    known = [(order, value) for order, value in zip(orders, seconds.tolist(), strict=True) if order is not None]
    if len(known) < FEWEST or len({order for order, _ in known}) < FEWEST:
        return None
    order, value = np.array(known).T
    found = linregress(order, np.log(value))
    reach = float(student.ppf(0.975, len(order) - 2)) * float(found.stderr)
    slope = float(found.slope)
    constant = bool(value.min() == value.max())
    rank = None if constant else spearmanr(order, value)
    return Learning(
        images=len(order),
        change=Figure(
            value=float(np.expm1(slope)),
            ci95=None if constant else (float(np.expm1(slope - reach)), float(np.expm1(slope + reach))),
            counts={"images": len(order)},
            method="" if constant else "slope of the logarithm, Student's t",
            why="every time is the same" if constant else None,
        ),
        p=None if constant else float(found.pvalue),
        spearman=None if rank is None else float(rank.statistic),
        spearman_p=None if rank is None else float(rank.pvalue),
    )


def _comparisons(material: Material, timed: Sequence[_Timed], resamples: Resamples) -> tuple[TimeComparison, ...]:
    found = [
        (pairing, one)
        for pairing in pairings([one.rater for one in material.raters])
        if (one := _compared(material, pairing, timed, resamples)) is not None
    ]
    families = [(pairing.why, pairing.opponent) for pairing, _ in found]
    fixed = correct([one.test.p for _, one in found], families, material.protocol.correction)
    return tuple(
        one.model_copy(update={"corrected_p": p, "family": family})
        for (_, one), (p, family) in zip(found, fixed, strict=True)
    )


def _compared(
    material: Material, pairing: Pairing, timed: Sequence[_Timed], resamples: Resamples
) -> TimeComparison | None:
    first, second = timed[pairing.first], timed[pairing.second]
    names = tuple(material.raters[place].rater.name for place in (pairing.first, pairing.second))
    return _pair(material, (first, second), (names[0], names[1]), pairing.why, resamples)


def _means(material: Material, timed: Sequence[_Timed], resamples: Resamples) -> Iterator[TimeComparison]:
    """The persons' geometric mean under each treatment, with each model."""
    raters = [one.rater for one in material.raters]
    persons = [place for place, one in enumerate(raters) if one.kind == "person" and len(timed[place].image)]
    for treatment in dict.fromkeys(raters[place].treatment for place in persons):
        mean = _mean_of([timed[place] for place in persons if raters[place].treatment == treatment])
        for place, one in enumerate(raters):
            pair, names = (mean, timed[place]), (f"mean of readers, {treatment}", one.name)
            if one.kind == "model" and (found := _pair(material, pair, names, "model", resamples)):
                yield found


def _mean_of(timed: Sequence[_Timed]) -> _Timed:
    """The geometric mean of several raters' times, of the images that all have one for."""
    shared = timed[0].image
    for one in timed[1:]:
        shared = np.intersect1d(shared, one.image, assume_unique=True)
    logs = [np.log(one.seconds[np.searchsorted(one.image, shared)]) for one in timed]
    return _Timed(shared, np.exp(np.mean(logs, axis=0)), (), {})


def _pair(
    material: Material, pair: tuple[_Timed, _Timed], names: tuple[str, str], why: Why, resamples: Resamples
) -> TimeComparison | None:
    """Two raters' times on the images that both have one for; None without any."""
    both, left, right = np.intersect1d(pair[0].image, pair[1].image, assume_unique=True, return_indices=True)
    if not len(both):
        return None
    patient, first, second = material.patient[both], pair[0].seconds[left], pair[1].seconds[right]
    found = compare_times(first, second, patient)
    number, total = resamples.sums(patient, [np.ones(len(both)), np.log(first) - np.log(second)])
    return TimeComparison(
        first=names[0],
        second=names[1],
        why=why,
        images=len(both),
        patients=found.patients,
        ratio=Figure(
            value=found.geometric.value,
            ci95=found.geometric.ci95,
            ci95_patients=resampled_interval(np.exp(ratio(total, number))),
            counts={"of": len(both)},
            method="geometric means, Student's t over patients",
            why=found.geometric.why,
        ),
        pairs=found,
        test=_test(found),
    )


def _test(pairs: PairedTimes) -> Test:
    if pairs.patients < pairs.pairs:
        why = pairs.why or (ONE_PATIENT if pairs.p_patients is None else None)
        return Test(name=WILCOXON_PATIENTS, p=pairs.p_patients, why=why)
    return Test(name=WILCOXON, p=pairs.p_wilcoxon, why=pairs.why)
