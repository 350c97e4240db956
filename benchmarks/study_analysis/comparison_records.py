"""What the analysis of a reader study says of two raters, of readers and a model, and of several treatments."""

from typing import Literal

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.mrmc.figures import AgainstModel, Crossed
from spinedet.benchmarks.mrmc.paired import PairedCalls
from spinedet.benchmarks.study.protocol import Measure, Unit
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.whole_image.roc import PairedTest

Why = Literal["model", "treatment"]
"""What two raters are compared for: a reader with a model, or a reader under two treatments."""


class PairedMeasure(Record):
    """One measure of two raters on the same units.

    Attributes:
        measure: `sensitivity` (among the diseased), `specificity` (among the healthy), `accuracy` (over all) or `f1`.
        first, second: Their values.
        difference: First less second: `ci95` with Student's t over patients, `ci95_patients` of patients drawn anew.
        calls: Both shares with their intervals; McNemar's test for independent units; the same with patients as
            clusters; chi-square as the papers printed it, which is not meant for paired data. None of F1.
        test: The one that counts: clustered where a patient has several units, otherwise McNemar's.
        corrected_p: Its p after the correction for the comparisons of several readers.
        family: How many comparisons were corrected for.
    """

    measure: Measure
    first: float | None
    second: float | None
    difference: Figure
    calls: PairedCalls | None = None
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
        against: The whole analysis, readers or patients fixed as well; None where it cannot be made.
        why: Why there is no test.
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
    against: AgainstModel | None = None
    why: str | None = None


class Mrmc(Record):
    """Several readers under several treatments: one figure of merit in one scope over one unit.

    Attributes:
        unit, label, measure: What. Of all classes (`label` None) accuracy is the share of right diagnoses.
        treatments: Those compared.
        readers: Those who read under all of them.
        units, patients: What all of them have read under all treatments.
        crossed: Obuchowski and Rockette's analysis: random readers and cases, fixed readers, fixed cases.
        covariance: How covariances were estimated, by patient where patients have several units.
        why: Why there is no analysis.
    """

    unit: Unit
    label: str | None
    measure: Measure
    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    units: int
    patients: int
    crossed: Crossed | None
    covariance: str = "delong"
    why: str | None = None
