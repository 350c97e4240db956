"""Do the intervals cover, and do the tests hold their level? Asked of thousands of studies whose truth is known.

    python -m spinedet.benchmarks.simulation.coverage --studies 1000 --tests 4000 --seed 0

Intervals are to cover the true value in 93 to 97 % of the studies, tests to find a difference that is not there in 4
to 6 % of them. Formulas for independent units are run on discs of the same patients too, where they must fail: that is
why the analysis has others. Each line has the error that so many studies leave (one standard deviation).
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import norm

from spinedet.benchmarks.agreement.figures import Interval
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.clustered import clustered_mean, clustered_proportion
from spinedet.benchmarks.mrmc.measure import Question, measure_readers
from spinedet.benchmarks.mrmc.paired import chi_square, clustered_mcnemar
from spinedet.benchmarks.mrmc.ratings import Ratings
from spinedet.benchmarks.mrmc.times import compare_times
from spinedet.benchmarks.simulation.power import readers_against_model
from spinedet.benchmarks.simulation.skill import Hardness, draw_right, draw_spread
from spinedet.benchmarks.whole_image.comparing import mcnemar_test
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray, resampled_interval
from spinedet.benchmarks.whole_image.proportions import proportion_interval
from spinedet.benchmarks.whole_image.roc import auc, paired_delong, resampled_auc

PATIENTS, DISCS = 50, 7
"""P1's reader study: 50 images; about seven discs on each."""

SKILL = 0.85
"""True share of right answers."""

RESAMPLES = 2000
ALPHA = 0.05
COVERED, LEVEL = (0.93, 0.97), (0.04, 0.06)
"""What is demanded."""

INDEPENDENT, ALIKE = Hardness(), Hardness(patient=1.0)
"""Discs that have nothing in common, and discs of a patient that are right or wrong together (correlation 1/2)."""

Study = Callable[[np.random.Generator], dict[str, bool]]
"""Simulates one study: by the name of an interval or a test, whether it covered, or found a difference."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the outcome: how often, in how many studies, and whether that is as demanded."""

    what: str
    how: str
    share: float
    error: float
    studies: int
    as_demanded: bool


def intervals_of_a_share(hardness: Hardness) -> Study:
    """A reader's share of right answers."""
    patient = np.repeat(np.arange(PATIENTS), DISCS)
    resamples = Resamples.draw(patient, RESAMPLES, seed=0)

    def study(rng: np.random.Generator) -> dict[str, bool]:
        right = draw_right(np.full((1, len(patient)), SKILL), patient, 1, hardness, rng)[0]
        hits = int(right.sum())
        return {
            "Wilson": _covers(proportion_interval(hits, len(right)), SKILL),
            "Clopper-Pearson": _covers(proportion_interval(hits, len(right), "clopper-pearson"), SKILL),
            "clustered Wilson (Rao-Scott)": _covers(clustered_proportion(right, patient).ci95, SKILL),
            "patients drawn anew": _covers(_bootstrap(right, resamples), SKILL),
        }

    return study


def _bootstrap(right: BoolArray, resamples: Resamples) -> Interval | None:
    hits, of = resamples.sums(np.arange(len(right)), (right, np.ones(len(right))))
    return resampled_interval(hits / of)


def intervals_of_an_area(alike: float) -> Study:
    """Area under the curve of binormal scores; a third of the cases positive, two cases a patient.

    Args:
        alike: Correlation of the scores of a patient's two cases.
    """
    patient = np.repeat(np.arange(60), 2)
    truth = np.repeat(np.arange(60) % 3 == 0, 2)
    true = float(norm.cdf(1.5 / np.sqrt(2)))
    resamples = Resamples.draw(patient, RESAMPLES, seed=0)

    def study(rng: np.random.Generator) -> dict[str, bool]:
        scores = 1.5 * truth + _alike(patient, alike, rng)
        found = auc(truth, scores)
        return {
            "DeLong": _covers(found.ci95, true),
            "patients drawn anew": _covers(resampled_interval(resampled_auc(truth, scores, resamples)), true),
        }

    return study


def _alike(patient: IntArray, alike: float, rng: np.random.Generator) -> FloatArray:
    """Standard normal values (N,) that correlate within a patient."""
    shared = rng.standard_normal(int(patient.max()) + 1)[patient]
    return np.asarray(np.sqrt(alike) * shared + np.sqrt(1 - alike) * rng.standard_normal(len(patient)))


def intervals_of_a_difference(hardness: Hardness) -> Study:
    """A reader less the model on the same discs."""
    patient = np.repeat(np.arange(PATIENTS), DISCS)
    chance = np.array([[SKILL], [0.9]]).repeat(len(patient), axis=1)
    true = SKILL - 0.9

    def study(rng: np.random.Generator) -> dict[str, bool]:
        right = draw_right(chance, patient, 2, hardness, rng)
        apart = right[0].astype(np.float64) - right[1]
        return {
            "discs independent": _covers(clustered_mean(apart, np.arange(len(patient))).ci95, true),
            "patients (Student's t)": _covers(clustered_mean(apart, patient).ci95, true),
        }

    return study


def intervals_of_readers(patients: int, readers: int) -> Study:
    """The mean of readers less the model, readers and patients random."""
    patient = np.repeat(np.arange(patients), DISCS)
    hardness = Hardness(patient=0.7, disc=0.5)
    true = SKILL - 0.9

    def study(rng: np.random.Generator) -> dict[str, bool]:
        skills = np.append(draw_spread(SKILL, readers, 0.2, hardness, rng), 0.9)
        chance = skills[:, None].repeat(len(patient), axis=1)
        right = draw_right(chance, patient, readers + 1, hardness, rng)
        return {f"{readers} readers, {patients} patients": _covers(readers_against_model(right, patient).ci95, true)}

    return study


def _covers(interval: Interval | None, true: float) -> bool:
    return interval is not None and interval[0] <= true <= interval[1]


def tests_of_calls(hardness: Hardness) -> Study:
    """Two equally good readers of the same discs."""
    patient = np.repeat(np.arange(PATIENTS), DISCS)
    private = 0.8 if hardness.patient else 0.0
    chance = np.full((1, len(patient)), SKILL)

    def study(rng: np.random.Generator) -> dict[str, bool]:
        # each reader has patients of their own that are hard, or discs of a patient would differ independently
        own = Hardness(patient=private)
        right = np.concatenate([draw_right(chance, patient, 1, own, rng) for _ in range(2)])
        hits = right.sum(axis=1).tolist()
        clustered = clustered_mcnemar(right[0], right[1], patient)
        return {
            "McNemar": _found(mcnemar_test(right[0], right[1]).p),
            "clustered McNemar": _found(clustered.p),
            "clustered McNemar, mid-p": _found(clustered.p_mid),
            "Student's t over patients": _found(clustered_mean(right[0].astype(np.float64) - right[1], patient).p),
            "chi-square": _found(chi_square(hits[0], len(patient), hits[1], len(patient)).p),
        }

    return study


def tests_of_few_calls(rng: np.random.Generator) -> dict[str, bool]:
    """Two equally good readers of 50 images, one a patient: few discordant ones, the exact test's ground."""
    patient = np.arange(PATIENTS)
    right = draw_right(np.full((2, PATIENTS), SKILL), patient, 2, Hardness(disc=1.0), rng)
    found = mcnemar_test(right[0], right[1])
    return {"exact McNemar": _found(found.p), "McNemar, mid-p": _found(found.mid_p)}


def tests_of_scores(rng: np.random.Generator) -> dict[str, bool]:
    """Two equally good scores of the same images."""
    truth = np.arange(120) % 3 == 0
    shared = rng.standard_normal(120)
    first, second = (1.5 * truth + 0.7 * shared + 0.7 * rng.standard_normal(120) for _ in range(2))
    return {"paired DeLong": _found(paired_delong(truth, first, second).p)}


def tests_of_times(rng: np.random.Generator) -> dict[str, bool]:
    """Two readers who are equally fast."""
    hard = rng.normal(0, 0.4, PATIENTS)
    first, second = (np.exp(4 + hard + rng.normal(0, 0.4, PATIENTS)) for _ in range(2))
    return {"Wilcoxon, signed ranks": _found(compare_times(first, second).p_wilcoxon)}


def tests_of_readers(patients: int, readers: int) -> Study:
    """Readers whose mean is as good as the model."""
    patient = np.repeat(np.arange(patients), DISCS)
    hardness = Hardness(patient=0.7, disc=0.5)

    def study(rng: np.random.Generator) -> dict[str, bool]:
        skills = np.append(draw_spread(SKILL, readers, 0.2, hardness, rng), SKILL)
        chance = skills[:, None].repeat(len(patient), axis=1)
        right = draw_right(chance, patient, readers + 1, hardness, rng)
        return {f"{readers} readers, {patients} patients": _found(readers_against_model(right, patient).p)}

    return study


def tests_of_these_readers(rng: np.random.Generator) -> dict[str, bool]:
    """Three readers who are as good as the model each, and of whom alone something is said."""
    patient = np.repeat(np.arange(PATIENTS), DISCS)
    right = draw_right(np.full((4, len(patient)), SKILL), patient, 4, Hardness(patient=0.7, disc=0.5), rng)
    apart = right[:-1].mean(axis=0) - right[-1]
    return {"3 readers, fixed": _found(clustered_mean(apart, patient).p)}


def tests_of_treatments(rng: np.random.Generator) -> dict[str, bool]:
    """Five readers under two treatments that are alike (the model of Roe and Metz, Academic Radiology 4:298, 1997)."""
    readers, cases = 5, 90
    truth = np.arange(cases) % 3 == 0
    case, skill = rng.normal(0, np.sqrt(0.3), cases), rng.normal(0, np.sqrt(0.0055), readers)
    rows = [_roe_metz(truth, case, skill, rng) for _ in range(2)]
    ratings = Ratings(
        treatments=("first", "second"),
        readers=tuple(f"R{number}" for number in range(readers)),
        cases=tuple(map(str, range(cases))),
        truth=truth,
        rating=np.array(rows),
    )
    found = {}
    for method in ("delong", "unbiased"):
        crossed = measure_readers(ratings, Question(covariance=method)).crossed
        test = crossed.random.test
        found[f"Obuchowski-Rockette, {method}"] = _found(test.p if test else None)
    return found


def _roe_metz(truth: BoolArray, case: FloatArray, skill: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(R, N) ratings under one treatment: variances of structure HL (0.0055, 0.3, 0.3, 0.2, 0.2)."""
    readers, cases = len(skill), len(case)
    with_treatment = rng.normal(0, np.sqrt(0.0055), readers)[:, None] * truth + rng.normal(0, np.sqrt(0.3), cases)
    rest = rng.normal(0, np.sqrt(0.2 + 0.2), (readers, cases))
    return np.asarray(1.5 * truth + skill[:, None] * truth + case + with_treatment + rest)


def _found(p: float | None) -> bool:
    """A test that has no p has found nothing."""
    return p is not None and p < ALPHA


COVERAGE: dict[str, Study] = {
    "a share, discs independent": intervals_of_a_share(INDEPENDENT),
    "a share, discs of a patient alike": intervals_of_a_share(ALIKE),
    "a difference, discs independent": intervals_of_a_difference(INDEPENDENT),
    "a difference, discs of a patient alike": intervals_of_a_difference(ALIKE),
    "an area, cases independent": intervals_of_an_area(0.0),
    "an area, cases of a patient alike": intervals_of_an_area(0.8),
    "readers less model": intervals_of_readers(PATIENTS, 3),
    "readers less model, larger": intervals_of_readers(150, 8),
}

TESTS: dict[str, Study] = {
    "two readers, discs independent": tests_of_calls(INDEPENDENT),
    "two readers, discs of a patient alike": tests_of_calls(ALIKE),
    "two readers, one image a patient": tests_of_few_calls,
    "two scores": tests_of_scores,
    "two times": tests_of_times,
    "readers and model": tests_of_readers(PATIENTS, 3),
    "readers and model, larger": tests_of_readers(150, 8),
    "these readers and model": tests_of_these_readers,
    "two treatments": tests_of_treatments,
}


def run(studies: dict[str, Study], times: int, demanded: Interval, seed: int) -> list[Line]:
    """Run every kind of study so many times."""
    lines = []
    for place, (what, study) in enumerate(studies.items()):
        rng = np.random.default_rng([seed, place])
        rows = [study(rng) for _ in range(times)]
        for how in rows[0]:
            share = sum(row[how] for row in rows) / times
            error = float(np.sqrt(share * (1 - share) / times))
            lines.append(Line(what, how, share, error, times, demanded[0] <= share <= demanded[1]))
    return lines


def show(title: str, lines: list[Line]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| studies of | by | share | as demanded |\n|---|---|---|---|")
    for line in lines:
        print(
            f"| {line.what} | {line.how} | {100 * line.share:.1f} ± {100 * line.error:.1f} % "
            f"| {'yes' if line.as_demanded else 'no'} |"
        )


def main() -> None:
    """Read the command line and run everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies for each interval")
    parser.add_argument("--tests", type=int, default=4000, help="simulated studies for each test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    covered = run(COVERAGE, words.studies, COVERED, words.seed)
    level = run(TESTS, words.tests, LEVEL, words.seed + 1)
    if words.json:
        print(json.dumps({"coverage": [asdict(one) for one in covered], "level": [asdict(one) for one in level]}))
        return
    show(f"Intervals that cover the truth, of {words.studies:,} studies (demanded: 93 to 97 %)", covered)
    show(f"Tests that find a difference that is not there, of {words.tests:,} studies (demanded: 4 to 6 %)", level)


if __name__ == "__main__":
    main()
