"""What an agreement report says, as frozen records: every figure with its count and its 95 % interval."""

from typing import Any

from pydantic import BaseModel, ConfigDict

Interval = tuple[float, float]


class Record(BaseModel):
    """A frozen record of named figures."""

    model_config = ConfigDict(frozen=True)


class Figure(Record):
    """One figure.

    Attributes:
        value: None where there is nothing to compute it from.
        ci95: Percentile interval over resampled patients; None where there is none.
        count: What the figure is a share of `of`; None where it is no share.
        of: How many boxes, pairs of boxes or groups it is computed from.
    """

    value: float | None
    ci95: Interval | None = None
    count: int | None = None
    of: int


class Analytic(Record):
    """What a kappa's formula says of its precision; it takes every unit for independent, also within a patient.

    Attributes:
        se: Large-sample standard error.
        ci95: Its interval, cut at -1 and 1.
        z: Kappa over its standard error under no agreement beyond chance.
    """

    se: float | None
    ci95: Interval | None
    z: float | None


class KappaFigure(Record):
    """One kappa.

    Attributes:
        value: None where it is not defined; `why` says so.
        ci95: Percentile interval over resampled patients.
        analytic: What the formula says.
        of: Units: groups of boxes, pairs of boxes, or images.
        observed: Share of agreement.
        expected: The same by chance.
        why: Why there is no value.
    """

    value: float | None
    ci95: Interval | None = None
    analytic: Analytic
    of: int
    observed: float | None
    expected: float | None
    why: str | None = None


class Kappas(Record):
    """The three kappas of one class, or of all.

    Attributes:
        boxes: Over groups of boxes that anybody drew, "none" being a category.
        matched: Over groups in which all annotators drew a box.
        images: Over images: has it the class (or any box) or not.
    """

    boxes: KappaFigure
    matched: KappaFigure
    images: KappaFigure


class Overlap(Record):
    """IoU of matched pairs: mean and quartiles."""

    mean: Figure
    lower_quartile: Figure
    median: Figure
    upper_quartile: Figure


class Shift(Record):
    """How far one edge of the second annotator's boxes lies from the first's, in pixels to the right or down.

    Attributes:
        mean: A systematic shift where its interval leaves out 0.
        sd: Standard deviation of the differences.
        low, high: Limits of agreement, `mean` and 1.96 `sd` on each side: between them lie about 95 % of differences.
    """

    mean: Figure
    sd: Figure
    low: Figure
    high: Figure


class PairRow(Record):
    """Two annotators on one class, or on all.

    Attributes:
        label: The class; None for all boxes.
        boxes: Boxes that each of them drew.
        matched: Share of both annotators' boxes that have a partner, of whatever class.
        class_agreement: Share of the matched boxes whose partner has the same class.
        f1: Share of both annotators' boxes that have a partner of the same class; `matched` times `class_agreement`.
        precision: The same among the second annotator's boxes alone.
        recall: The same among the first annotator's boxes alone.
        iou: Overlap of the pairs; of a class, of the pairs to which both gave it.
        edges: Shift of `left`, `top`, `right` and `bottom` edge in the same pairs.
        kappa: Cohen's.
    """

    label: str | None
    boxes: tuple[int, int]
    matched: Figure
    class_agreement: Figure
    f1: Figure
    precision: Figure
    recall: Figure
    iou: Overlap
    edges: dict[str, Shift]
    kappa: Kappas


class Pair(Record):
    """Two annotators; the first row is over all boxes, then one a class."""

    first: str
    second: str
    images: int
    rows: tuple[PairRow, ...]


class EveryoneRow(Record):
    """All annotators together on one class, or on all.

    Attributes:
        label: The class; None for all boxes.
        boxes: Boxes that each annotator drew.
        drawn_by_all: Share of the groups in which all drew a box; of a class, of those to which anybody gave it.
        same_by_all: Share of the groups in which all drew a box of the same class.
        kappa: Fleiss'.
    """

    label: str | None
    boxes: tuple[int, ...]
    drawn_by_all: Figure
    same_by_all: Figure
    kappa: Kappas


class ImageDisagreement(Record):
    """How far annotators differ on one image; see `ranking`.

    Attributes:
        image: Its name.
        patient: Whose it is; None where that is not known.
        score: The disagreement, in boxes.
        alone: Boxes without a partner.
        other_class: Matched pairs with two classes.
        lost_overlap: Sum of 1 - IoU over the pairs of one class.
        boxes: Boxes that each annotator drew.
    """

    image: str
    patient: str | None
    score: float
    alone: int
    other_class: int
    lost_overlap: float
    boxes: tuple[int, ...]


class Agreement(Record):
    """Everything the report says.

    Attributes:
        dataset: Its name.
        annotators: Those compared.
        classes: Class names.
        images: Images that all have finished.
        patients: Their patients; None where the dataset does not say.
        left_out: Images that are not compared, with the annotators who have not finished them.
        iou: Least overlap of boxes that show the same thing.
        resamples, seed: How the intervals were made; 0 resamples where there are none.
        resampled: What was drawn anew: `patient`, or `image` where patients are not known.
        boxes: Boxes that each annotator drew on the images.
        groups: Groups of boxes, each one thing that somebody drew.
        pairs: Every two annotators.
        everyone: All of them together.
        reference: Each annotator (first) against the reference (second), where one was given.
        ranking: All images, those with the most disagreement first.
    """

    dataset: str
    annotators: tuple[str, ...]
    classes: tuple[str, ...]
    images: int
    patients: int | None
    left_out: dict[str, tuple[str, ...]]
    iou: float
    resamples: int
    seed: int
    resampled: str
    boxes: tuple[int, ...]
    groups: int
    pairs: tuple[Pair, ...]
    everyone: tuple[EveryoneRow, ...]
    reference: tuple[Pair, ...]
    ranking: tuple[ImageDisagreement, ...]

    def as_dict(self) -> dict[str, Any]:
        """What `spinedet agreement --json` prints: plain values, None where a figure does not exist."""
        return self.model_dump(mode="json")
