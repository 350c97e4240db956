"""What the analysis of a reader study says of two raters, of readers and a model, and of several treatments."""

from typing import Literal

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.study.protocol import Measure, Unit
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.whole_image.comparing import McNemar
from spinedet.benchmarks.whole_image.roc import PairedTest

Why = Literal["model", "treatment"]
"""What two raters are compared for: a reader with a model, or a reader under two treatments."""


class PairedMeasure(Record):
    """One measure of two raters on the same units.

    Attributes:
        measure: `sensitivity` (among the diseased), `specificity` (among the healthy), `accuracy` (over all) or `f1`.
        first, second: Their values.
        difference: First less second; its interval is of patients drawn anew.
        mcnemar: Units on which exactly one of them is right; takes units for independent.
        clustered: McNemar's test with patients as clusters; None where each patient has one unit.
        chi_square: Pearson's, of two independent samples, as the papers printed it. It is not meant for paired data.
        test: The one that counts: clustered where a patient has several units, otherwise McNemar's.
        corrected_p: Its p after the correction for the comparisons of several readers.
        family: How many comparisons were corrected for.
    """

    measure: Measure
    first: float | None
    second: float | None
    difference: Figure
    mcnemar: McNemar | None = None
    clustered: Test | None = None
    chi_square: Test | None = None
    test: Test | None = None
    corrected_p: float | None = None
    family: int = 1


class Comparison(Record):
    """Two raters on the units that both have read, in one scope.

    Attributes:
        first, second: The raters.
        why: What is compared: a reader with a model, or a reader under two treatments.
        label: The class; None for all classes together.
        units, patients: On how many.
        measures: One by one.
        delong: Of the areas, where both have scores; takes units for independent.
        auc: Difference of the areas, with patients drawn anew.
    """

    first: str
    second: str
    why: Why
    label: str | None
    units: int
    patients: int
    measures: tuple[PairedMeasure, ...]
    delong: PairedTest | None = None
    auc: Figure | None = None


class MeanComparison(Record):
    """The mean of the persons against a model, in one scope, on the units that all of them have read.

    Attributes:
        model: Which.
        treatment: Of the persons.
        raters: The persons.
        label: The class; None for all classes together.
        measure: Which.
        units, patients: On how many.
        mean: Of the persons.
        of_model: The model's.
        difference: Mean less model; `ci95_patients` has readers fixed, `ci95` both readers and patients random.
        test: Readers and patients random; None for fewer than two persons.
    """

    model: str
    treatment: str
    raters: tuple[str, ...]
    label: str | None
    measure: Measure
    units: int
    patients: int
    mean: float | None
    of_model: float | None
    difference: Figure
    test: Test | None = None


class ReaderValue(Record):
    """A figure of merit of one reader under one treatment."""

    reader: str
    treatment: str
    value: float


class MrmcAnalysis(Record):
    """One way to test the difference of two treatments (Obuchowski and Rockette).

    Attributes:
        generalises: To what the result applies: readers and cases, cases only, readers only.
        covariance: `jackknife`, `delong` or `unbiased`; empty where readers only vary.
        difference: First treatment less second, with its interval.
        test: F or chi-square.
    """

    generalises: str
    covariance: str
    difference: Figure
    test: Test


class Mrmc(Record):
    """Several readers under several treatments, one figure of merit in one scope over one unit.

    Attributes:
        unit, label, measure: What.
        treatments: The two compared, or more.
        readers: The readers who read under all of them.
        units: Cases that all have read under all treatments.
        values: Of each reader under each treatment.
        means: Of each treatment.
        analyses: One by one.
    """

    unit: Unit
    label: str | None
    measure: Measure
    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    units: int
    values: tuple[ReaderValue, ...]
    means: dict[str, Figure]
    analyses: tuple[MrmcAnalysis, ...]
