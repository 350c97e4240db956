"""How figures of a study are written: a value, its interval, its counts, in the few words that fit into a cell."""

from collections.abc import Callable, Iterable

from spinedet.benchmarks.agreement.figures import KappaFigure
from spinedet.benchmarks.agreement.tables import LINE, MINUS, SPACE, three, to
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.whole_image.tables import number, probability
from spinedet.datasets.pages import Cell, count
from spinedet.datasets.pages.parts import DASH

Say = Callable[[float], str]

EVERYTHING = "all classes"
"""What the scope of all classes together is called."""

MEASURES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "accuracy": "Accuracy",
    "f1": "F1",
    "lr_positive": "LR+",
    "lr_negative": f"LR{MINUS}",
    "auc": "AUC",
    "seconds": "Time",
}

RATIOS = {"lr_positive", "lr_negative"}

UNITS = {"object": "object", "image": "image", "patient": "patient"}

SHORT_WHY = {"the ratio is infinite": "infinite", "every score is the same": "all scores alike"}
"""Reasons in the few words that fit into a table, by what they contain."""


def share(figure: Figure | None) -> Cell:
    """A share in per cent, with its interval and its counts."""
    return measured(figure, per_cent, bare=hundredth)


def measured(figure: Figure | None, say: Say = number, *, bare: Say | None = None) -> Cell:
    """A figure with its interval and counts.

    Args:
        figure: None where nobody computed it.
        say: How the value is written.
        bare: How the interval's ends are written, where that differs.
    """
    if figure is None:
        return Cell(DASH)
    if figure.value is None:
        return Cell(DASH, LINE.join(filter(None, (shortened(figure.why), counts(figure)))))
    return Cell(say(figure.value), LINE.join(filter(None, (bounds(figure, bare or say), counts(figure)))))


def bounds(figure: Figure, say: Say) -> str:
    """The interval that counts, one for each figure on all pages, tables and terminals.

    Of a share Wilson's, with the variance between patients where they have several units: it covers best with few
    patients (benchmarks/results/study.md). Of all else that of patients drawn anew, or the formula's.
    """
    share_of_units = bool(counts(figure)) and figure.formula_interval
    found = figure.formula_interval if share_of_units else figure.ci95_patients or figure.formula_interval
    return to(found, say)


def counts(figure: Figure) -> str:
    """What a share is made of."""
    known = figure.counts
    return f"{known['hits']:,} of {known['of']:,}" if set(known) >= {"hits", "of"} else ""


def shortened(why: str | None) -> str:
    """A reason in few words."""
    return next((short for long, short in SHORT_WHY.items() if long in (why or "")), "not defined")


def difference(figure: Figure | None) -> Cell:
    """A difference of shares in percentage points, with its interval."""
    if figure is None or figure.value is None:
        return Cell(DASH)
    return Cell(points(figure.value), bounds(figure, points))


def test(found: Test | None) -> str:
    """A p value with the name of its test."""
    return DASH if found is None or found.p is None else f"{probability(found.p)}"


def kappa(found: KappaFigure) -> Cell:
    """A kappa with its interval and what it was counted over."""
    if found.value is None:
        return Cell(DASH, "not defined")
    interval = to(found.ci95, three) or (to(found.analytic.ci95, three) + "*" if found.analytic.ci95 else "")
    return Cell(three(found.value), LINE.join(filter(None, (interval, count(found.of, "unit")))))


def per_cent(value: float) -> str:
    """A share: `96.2 %`."""
    return f"{hundredth(value)}{SPACE}%"


def hundredth(value: float) -> str:
    """A share in per cent without the sign: `96.2`."""
    return f"{100 * value:.1f}".replace("-", MINUS)


def points(value: float) -> str:
    """A difference of shares in percentage points: `+1.2`."""
    said = f"{100 * value:+.1f}".replace("-", MINUS)
    return "0.0" if said in {"+0.0", f"{MINUS}0.0"} else said


def signed(value: float) -> str:
    """A difference with its sign: `+0.012`."""
    return f"{value:+.3f}".replace("-", MINUS)


def seconds(value: float) -> str:
    """A time: `14.5 s`, and minutes from two on."""
    return f"{value:.1f}{SPACE}s" if value < 120 else f"{value / 60:.1f}{SPACE}min"


def times(value: float) -> str:
    """A ratio of times: `6.1 x`."""
    return f"{value:.2f}{SPACE}\N{MULTIPLICATION SIGN}"


def listed(names: Iterable[str]) -> str:
    """Names as a list in words."""
    *others, last = [*names] or ["nobody"]
    return f"{', '.join(others)} and {last}" if others else last


def scope(label: str | None) -> str:
    """A class, or all of them."""
    return EVERYTHING if label is None else label
