"""What the analysis of a reader study says of time."""

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.mrmc.times import Times as PairedTimes
from spinedet.benchmarks.study.readings import ReaderKind
from spinedet.benchmarks.study_analysis.comparison_records import Why
from spinedet.benchmarks.study_analysis.figure import Figure, Test


class Learning(Record):
    """Whether a reader became faster over the session.

    Attributes:
        images: Images with a time and an order.
        change: Change of the time from one image to the next, as a share (-0.01: one per cent faster each time), from
            the slope of the logarithm of the time on the order; interval from its t distribution.
        p: Of the slope.
        spearman: Rank correlation of time and order.
        spearman_p: Its p.
    """

    images: int
    change: Figure
    p: float | None
    spearman: float | None
    spearman_p: float | None


class RaterTimes(Record):
    """How long one rater took; pauses are not reading time.

    Attributes:
        rater: Name.
        kind: A person or a model.
        codes, seconds, orders: The images with a time, in the order of the protocol.
        median, lower_quartile, upper_quartile, mean: Seconds an image; intervals over patients drawn anew.
        sd: Standard deviation; None for fewer than two images.
        total: Seconds of reading.
        paused: Seconds of pauses.
        pauses: How many.
        learning: None for models, and where orders are not known.
        left_out: Images left out of the times, with the reason.
    """

    rater: str
    kind: ReaderKind
    codes: tuple[str, ...]
    seconds: tuple[float, ...]
    orders: tuple[int | None, ...]
    median: Figure
    lower_quartile: Figure
    upper_quartile: Figure
    mean: Figure
    sd: float | None
    total: float
    paused: float
    pauses: int
    learning: Learning | None
    left_out: dict[str, str]


class TimeComparison(Record):
    """Two raters' times on the images that both have a time for.

    Attributes:
        first, second: The raters.
        why: A reader with a model, or a reader under two treatments.
        images, patients: How many.
        ratio: Ratio of the geometric means, first over second: `ci95` with Student's t over patients,
            `ci95_patients` of patients drawn anew.
        pairs: Medians, means, Hodges and Lehmann's ratio and Wilcoxon's test.
        test: The one that counts: Wilcoxon's signed ranks, added up by patient where patients have several images.
        corrected_p: After the correction for several readers.
        family: How many comparisons were corrected for.
    """

    first: str
    second: str
    why: Why
    images: int
    patients: int
    ratio: Figure
    pairs: PairedTimes
    test: Test
    corrected_p: float | None = None
    family: int = 1


class Times(Record):
    """Times of everybody who has any.

    Attributes:
        raters: One by one.
        comparisons: Readers with models, and readers under two treatments.
        means: The geometric mean of the persons' times of each image (`first`) with each model, on the images that
            all of them have a time for; readers fixed.
        notes: Who has no times.
    """

    raters: tuple[RaterTimes, ...] = ()
    comparisons: tuple[TimeComparison, ...] = ()
    means: tuple[TimeComparison, ...] = ()
    notes: tuple[str, ...] = ()
