"""What a multi-reader analysis says, as frozen records."""

from typing import Literal

from spinedet.benchmarks.agreement.figures import Interval, Record

Effect = Literal["random", "fixed"]
"""Random: a sample, from which others are inferred. Fixed: these and no others."""

NO_VARIANCE = "it has no variance here"
ONE_READER = "one reader is no sample of readers"
ONE_TREATMENT = "there is one treatment only"


class Estimate(Record):
    """A figure with its precision, and its test against a constant.

    Attributes:
        value: The figure.
        se: Standard error; None where it cannot be known.
        df: Degrees of freedom of t; None for the normal distribution.
        ci95: Its interval, cut to what is possible.
        statistic: Its distance from the constant, in standard errors: t, or z where `df` is None.
        p: Two-sided; None where there is no constant.
        why: Why something is missing.
    """

    value: float
    se: float | None = None
    df: float | None = None
    ci95: Interval | None = None
    statistic: float | None = None
    p: float | None = None
    why: str | None = None


class Mean(Record):
    """The readers' mean in one treatment, from that treatment's ratings alone."""

    treatment: str
    estimate: Estimate


class Difference(Record):
    """The first treatment's mean less the second's.

    Attributes:
        first, second: The treatments.
        estimate: The difference; tested against 0.
        p_adjusted: Corrected for the number of pairs; the analysis says how.
    """

    first: str
    second: str
    estimate: Estimate
    p_adjusted: float | None = None


class GlobalTest(Record):
    """Whether all treatments are equal.

    Attributes:
        name: Which statistic.
        value: The statistic.
        df1: Numerator, or the only, degrees of freedom.
        df2: Denominator degrees of freedom of F; None for chi-square, and where they are infinite.
        p: Of a greater one if all are equal.
    """

    name: Literal["F", "chi-square"]
    value: float
    df1: int
    df2: float | None
    p: float


class Analysis(Record):
    """One model: readers and cases as a sample, or as all that matter.

    Attributes:
        readers: As what they are taken.
        cases: As what they are taken.
        test: Of all treatments at once; None where there is none, and `why` says so.
        means: By treatment.
        differences: Of every two treatments.
        correction: How `p_adjusted` was made; empty with one pair or none.
        why: Why something is missing.
    """

    readers: Effect
    cases: Effect
    test: GlobalTest | None
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]
    correction: str = ""
    why: str | None = None


class Components(Record):
    """What the analyses are made of (None where one reader, or one treatment, leaves it undefined).

    Attributes:
        ms_treatment: Mean square of the treatments.
        ms_reader: Of the readers.
        ms_interaction: Of treatment by reader.
        error: Mean variance of a reader's figure.
        cov1: Mean covariance, same reader, two treatments.
        cov2: Two readers, same treatment.
        cov3: Two readers, two treatments.
    """

    ms_treatment: float | None
    ms_reader: float | None
    ms_interaction: float | None
    error: float
    cov1: float | None
    cov2: float | None
    cov3: float | None


class ReaderFigure(Record):
    """One reader in one treatment; the interval is over cases."""

    reader: str
    treatment: str
    estimate: Estimate


class ReaderDifference(Record):
    """One reader, the first treatment less the second; for the AUC with `delong` this is DeLong's paired test."""

    reader: str
    first: str
    second: str
    estimate: Estimate


class Crossed(Record):
    """Obuchowski and Rockette's analysis in its three models.

    Attributes:
        figures: Each reader in each treatment.
        components: Mean squares and covariances.
        random: Random readers, random cases: for other readers and other cases.
        fixed_readers: For these readers, other cases.
        fixed_cases: For other readers, these cases.
        each_reader: Each reader's differences.
    """

    figures: tuple[ReaderFigure, ...]
    components: Components
    random: Analysis
    fixed_readers: Analysis
    fixed_cases: Analysis
    each_reader: tuple[ReaderDifference, ...]


class AgainstModel(Record):
    """The readers of one treatment against a model on its own; differences are reader less model.

    Attributes:
        treatment: In which the readers read.
        readers: Their mean figure, for other readers and cases.
        model: The model's figure.
        random: Mean difference, for other readers and other cases.
        fixed_readers: For these readers, other cases.
        fixed_cases: For other readers, these cases.
        each_reader: Each reader's difference.
        p_adjusted: Of each reader's difference, corrected for their number.
        correction: How.
    """

    treatment: str
    readers: Estimate
    model: Estimate
    random: Estimate
    fixed_readers: Estimate
    fixed_cases: Estimate
    each_reader: dict[str, Estimate]
    p_adjusted: dict[str, float | None]
    correction: str


class ReaderStudy(Record):
    """Everything that `spinedet study mrmc` says.

    Attributes:
        merit: Figure of merit.
        threshold: Least rating called positive; None for the AUC.
        covariance: How covariances were estimated.
        unit: What is independent: `case`, or `patient` where patients have several cases.
        readers: Their names; the model is none of them.
        treatments: Their names.
        cases, positive, negative, patients: How many.
        crossed: The analysis of the readers.
        model: The model's name.
        model_threshold: The model's own threshold.
        against_model: The readers against it, by treatment.
        against: The constant that means are tested against.
        notes: What was left out.
    """

    merit: str
    threshold: float | None
    covariance: str
    unit: Literal["case", "patient"]
    readers: tuple[str, ...]
    treatments: tuple[str, ...]
    cases: int
    positive: int
    negative: int
    patients: int
    crossed: Crossed
    model: str | None = None
    model_threshold: float | None = None
    against_model: tuple[AgainstModel, ...] = ()
    against: float | None = None
    notes: tuple[str, ...] = ()
