"""What the analysis of a reader study says, as frozen records: every figure with its counts and its intervals.

Words: a *rater* is a reader or a model under one treatment, named as in the tables (`R1`, or `R1, aided` where there
are several treatments). A *scope* is one class against the rest, by its name, or None for all classes together. A
*unit* is what is counted: each object of the reference (a disc), each image, or each patient.
"""

from typing import Any, Literal

from pydantic import Field

from spinedet.benchmarks.agreement.figures import KappaFigure, Record
from spinedet.benchmarks.study.protocol import Correction, Endpoint, Unit
from spinedet.benchmarks.study.readings import ReaderKind
from spinedet.benchmarks.study_analysis.comparison_records import Comparison, MeanComparison, Mrmc
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.time_records import Times
from spinedet.benchmarks.whole_image.roc import Curve
from spinedet.datasets.tasks import Kind

SCHEMA = 1
"""Version of the layout of `results.json`."""

Outcome = Literal["another", "missed", "false mark"]

Box = tuple[float, float, float, float]


class Diagnostic(Record):
    """Sensitivity and what comes with it, of one rater in one scope.

    Attributes:
        sensitivity: TP / (TP + FN).
        specificity: TN / (TN + FP).
        accuracy: (TP + TN) / all.
        f1: 2 TP / (2 TP + FP + FN).
        lr_positive: Sensitivity / (1 - specificity).
        lr_negative: (1 - sensitivity) / specificity.
    """

    sensitivity: Figure
    specificity: Figure
    accuracy: Figure
    f1: Figure
    lr_positive: Figure
    lr_negative: Figure


class Cells(Record):
    """Counts of one rater in one scope.

    Attributes:
        tp, fp, fn, tn: In units; see `UnitResults.definitions`.
        false_marks: Marks of the scope without an object; counted in none of the four.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    false_marks: int = 0


class ScopeFigures(Record):
    """One rater in one scope.

    Attributes:
        label: The class; None for all classes together: positive classes against the others.
        cells: The counts; None where no class is positive and the scope is all classes.
        primary: From those counts, false marks left out; None likewise.
        with_false_marks: The same with false marks counted as FP; None where no unit is an object.
    """

    label: str | None
    cells: Cells | None
    primary: Diagnostic | None
    with_false_marks: Diagnostic | None = None


class Outcomes(Record):
    """What became of the objects of the reference under one rater.

    Attributes:
        agreed: Marked, and called what the reference calls them.
        another: Marked, and called something else.
        missed: Not marked.
        false_marks: Marks without an object, by class.
        doubles: Of the false marks, those on an object that another mark has.
        confusion: (C, C + 1) counts: row = class of the reference, column = what it was called; the last is missed.
        iou: Mean overlap of the matched marks; None without any.
    """

    agreed: int
    another: int
    missed: int
    false_marks: dict[str, int]
    doubles: int
    confusion: tuple[tuple[int, ...], ...]
    iou: float | None


class RaterFigures(Record):
    """One rater over one unit.

    Attributes:
        rater: Name.
        units: How many units the rater has read.
        patients: Their patients.
        right: Share of units whose diagnosis is right: of an object its class; of an image or patient all its classes.
        scopes: All classes together, then class by class.
        outcomes: Of objects; None for other units.
    """

    rater: str
    units: int
    patients: int
    right: Figure
    scopes: tuple[ScopeFigures, ...]
    outcomes: Outcomes | None = None


class MeanScope(Record):
    """Means over the persons in one scope: of each figure, over those persons who have it.

    Attributes:
        label: The class; None for all classes together.
        figures: `sensitivity`, `specificity`, `accuracy`, `f1`; intervals over patients drawn anew, readers fixed.
            Without `label`, `accuracy` is the mean of `RaterFigures.right`.
        spread: Standard deviation over the persons, by figure; None for fewer than two.
    """

    label: str | None
    figures: dict[str, Figure]
    spread: dict[str, float | None]


class MeanFigures(Record):
    """Means over the persons under one treatment."""

    treatment: str
    raters: tuple[str, ...]
    scopes: tuple[MeanScope, ...]


class Point(Record):
    """A rater's calls in the plane of a ROC curve: false positive rate and sensitivity."""

    rater: str
    x: float
    y: float


class Roc(Record):
    """The ROC curve of one rater with scores, in one scope, and the persons' points on it.

    Attributes:
        rater: Whose curve.
        kind: A person or a model.
        label: The class; None for positive classes against the others.
        curve: Its corners.
        auc: With DeLong's interval and that of patients drawn anew.
        points: The persons (and a model's own calls); only of those who have both rates.
        means: Mean point of the persons under each treatment.
    """

    rater: str
    kind: ReaderKind
    label: str | None
    curve: Curve
    auc: Figure
    points: tuple[Point, ...] = ()
    means: tuple[Point, ...] = ()


class UnitResults(Record):
    """Everything about one unit.

    Attributes:
        unit: Which.
        definitions: What TP, FP, FN, TN and the rest mean here, sentence by sentence, to be printed.
        units, patients: How many have a reference.
        counts: Units of each class in the reference.
        positive: How many have a positive class; None where no class is positive.
        absent: Classes that no unit of the reference has: their sensitivity does not exist.
        raters: One by one, in the order of `StudyResults.raters`.
        means: Over the persons.
        comparisons: Readers with models, and readers under two treatments.
        mean_comparisons: The persons' mean with each model.
        rocs: Curves of those who gave scores.
        no_roc: Why there is none, or none of some raters.
    """

    unit: Unit
    definitions: tuple[str, ...]
    units: int
    patients: int
    counts: dict[str, int]
    positive: int | None
    absent: tuple[str, ...]
    raters: tuple[RaterFigures, ...]
    means: tuple[MeanFigures, ...]
    comparisons: tuple[Comparison, ...]
    mean_comparisons: tuple[MeanComparison, ...]
    rocs: tuple[Roc, ...]
    no_roc: tuple[str, ...] = ()


class PairKappa(Record):
    """Cohen's kappa of two raters, or of one (first) with the reference.

    Attributes:
        label: The class, against the rest; None for all categories.
        against_reference: Whether the second is the reference.
    """

    first: str
    second: str
    label: str | None
    kappa: KappaFigure
    against_reference: bool = False


class GroupKappa(Record):
    """Fleiss' kappa of several raters on the units that all of them have read."""

    who: str
    raters: tuple[str, ...]
    label: str | None
    kappa: KappaFigure


class UnitAgreement(Record):
    """How far raters agree.

    Attributes:
        unit: `object` or `image`.
        categories: Of the kappas without a class.
        note: What the categories are, in a sentence.
        pairs: Every two raters, and each with the reference.
        groups: All persons; all persons and models.
    """

    unit: Unit
    categories: tuple[str, ...]
    note: str
    pairs: tuple[PairKappa, ...]
    groups: tuple[GroupKappa, ...]


class Disagreement(Record):
    """Where a rater and the reference differ: an object called another or missed, a mark without an object.

    Of whole images `box` and `mark` are None.

    Attributes:
        code: The image.
        rater: Who.
        outcome: What.
        truth: Class of the reference; None for a false mark.
        called: What the rater said; None for a missed object.
        box: Of the reference.
        mark: The rater's.
        score: Of the mark, where it has one.
    """

    code: str
    rater: str
    outcome: Outcome
    truth: str | None
    called: str | None
    box: Box | None = None
    mark: Box | None = None
    score: float | None = None


class Rater(Record):
    """A reader or a model under one treatment.

    Attributes:
        name: As in the tables.
        reader, treatment, kind, source, notes: See `spinedet.benchmarks.study.readings.Reading`.
        images: Images that the rater has read, of those with a reference.
        missing: Codes of the others; nothing is imputed for them.
    """

    name: str
    reader: str
    treatment: str
    kind: ReaderKind
    source: str
    images: int
    missing: tuple[str, ...]
    notes: dict[str, str] = Field(default_factory=dict)


class Primary(Record):
    """The primary endpoint.

    Attributes:
        endpoint: As the protocol has it.
        sentence: What was found, in one sentence with its figures; or why there is no answer.
        value: The difference (of times: the ratio), with interval.
        test: Its test; None where there is none.
        reached: Whether p is below the protocol's alpha; None without a test.
    """

    endpoint: Endpoint
    sentence: str
    value: Figure
    test: Test | None
    reached: bool | None


class StudyResults(Record):
    """Everything that the analysis says.

    Attributes:
        study: Its name.
        protocol: Hash of the protocol.
        kind, classes, positive, iou, model_score, alpha, correction, resamples, seed, patient_score: As the protocol
            has them (`resamples` as they were really made).
        images, patients: With a reference.
        objects: Objects of the reference.
        standard: How the reference was made.
        raters: Everybody who has read anything, persons first.
        primary: The primary endpoint.
        units: One by one: `object` (where boxes are drawn), `image`, `patient`.
        agreement: Kappas.
        times: Times.
        mrmc: Readers under several treatments; empty where there is one, and `no_mrmc` says why.
        correction_note: What was corrected for what, in a sentence.
        disagreements: In the order of the protocol's codes, then of the raters.
        warnings: What whoever reads this must know: unfinished readers, absent classes, times left out.
    """

    layout: Literal[1] = Field(default=1, serialization_alias="schema")
    study: str
    protocol: str
    kind: Kind
    classes: tuple[str, ...]
    positive: tuple[str, ...]
    iou: float
    model_score: float
    alpha: float
    correction: Correction
    resamples: int
    seed: int
    patient_score: str
    images: int
    patients: int
    objects: int
    standard: tuple[str, ...]
    raters: tuple[Rater, ...]
    primary: Primary
    units: tuple[UnitResults, ...]
    agreement: tuple[UnitAgreement, ...]
    times: Times
    mrmc: tuple[Mrmc, ...]
    no_mrmc: str | None
    correction_note: str
    disagreements: tuple[Disagreement, ...]
    warnings: tuple[str, ...]

    def of(self, unit: Unit) -> UnitResults | None:
        """The results of one unit; None where it was not analysed."""
        return next((one for one in self.units if one.unit == unit), None)

    def as_dict(self) -> dict[str, Any]:
        """What `results.json` holds: plain values, None where a figure does not exist."""
        return self.model_dump(mode="json", by_alias=True)
