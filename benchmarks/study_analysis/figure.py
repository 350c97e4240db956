"""The two smallest records of a study analysis: a figure with its intervals, and a test."""

from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.whole_image.figures import Figure as PlainFigure


class Figure(PlainFigure):
    """One figure: `value`, `ci95` (of `method`), `ci95_patients` (patients drawn anew), `counts`, `why`; and two more.

    Attributes:
        ci95_exact: Of a share: Clopper and Pearson's interval; `ci95` is Wilson's. Both take units for independent.
        ci95_clustered: Of a share where a patient has several units: with the variance between patients.
        of_one_patient: A share of several units, all of one patient; nothing is known of the variance then.
    """

    ci95_exact: Interval | None = None
    ci95_clustered: Interval | None = None
    of_one_patient: bool = False

    @property
    def formula_interval(self) -> Interval | None:
        """The one to show beside resamples; none where it would take the units of one patient for independent."""
        return None if self.of_one_patient else self.ci95_clustered or self.ci95


class Test(Record):
    """One test.

    Attributes:
        name: Which.
        statistic: Its statistic.
        df: Degrees of freedom, where it has them.
        p: Two-sided; None where there is none, and `why` says so.
        why: Why there is no p.
    """

    __test__ = False  # pytest: this is no test case

    name: str
    statistic: float | None = None
    df: float | tuple[float, float] | None = None
    p: float | None = None
    why: str | None = None
