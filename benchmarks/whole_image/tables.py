"""The tables of the page of whole images: mean ± SD over folds, all folds together with intervals, and counts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from spinedet.benchmarks.agreement.tables import LINE, MINUS, SPACE, to
from spinedet.benchmarks.pointing import Pointing
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.whole_image.comparing import Comparison, McNemar
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.levels import Level
from spinedet.benchmarks.whole_image.looking import Looked
from spinedet.benchmarks.whole_image.run import Contender, Pair, Results
from spinedet.benchmarks.whole_image.summary import OverFolds, Part
from spinedet.datasets.pages import Cell, Column, Table, count
from spinedet.datasets.pages.parts import DASH

Say = Callable[[float], str]

CALLS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "accuracy": "Accuracy",
    "f1": "F1",
}
FURTHER = {"lr_positive": "LR+", "lr_negative": f"LR{MINUS}", "ppv": "PPV", "npv": "NPV"}

GRADES = {
    "kappa": ("Kappa", "quadratic weights"),
    "mean_absolute_error": ("Mean absolute error", "in grades"),
    "within_one": ("Within one grade", ""),
    "exact": ("Right grade", ""),
}
NUMBERS = {
    "mean_absolute_error": "Mean absolute error",
    "rmse": "RMSE",
    "bias": "Bias",
    "lower_limit": "Lower limit",
    "upper_limit": "Upper limit",
}

SHORT_WHY = {
    "the ratio is infinite": "infinite",
    "every score is the same": "all scores alike",
}
"""Reasons in the few words that fit into a table, by what they contain."""


def parts(one: Contender) -> Iterator[tuple[str, Part]]:
    """Figures of images, then of patients where there are any, each with what a row is."""
    yield "image", one.figures.image
    if one.figures.patient is not None:
        yield "patient", one.figures.patient


def calls(results: Results) -> Table:
    """The papers' table: area, sensitivity, specificity, accuracy and F1."""
    table = _rows(results, CALLS)
    areas = [_area(part, area) for one in results.detectors for part, area in _with_area(one)]
    rows = [(row[0], area, *row[1:]) for row, area in zip(table.rows, areas, strict=True)]
    return Table((table.columns[0], Column("AUC"), *table.columns[1:]), tuple(rows))


def _with_area(one: Contender) -> Iterator[tuple[Part, Figure | None]]:
    """The parts of a detector with their mean areas, in the order of the rows."""
    areas = {"image": one.area, "patient": one.patient_area}
    return ((part, areas[unit]) for unit, part in parts(one))


def _area(part: Part, mean: Figure | None) -> Cell:
    """Mean ± SD of the folds' areas with its interval, and beneath the area of all folds together."""
    whole, folds = part.all.auc, part.over_folds.get("auc")
    if mean is None or mean.value is None or folds is None or folds.sd is None or whole is None:
        return _figure(whole, None)
    together = "" if whole.value is None else f"together {number(whole.value)}"
    lines = (to(mean.ci95, number), together, _counts(whole))
    return Cell(f"{number(mean.value)} \N{PLUS-MINUS SIGN} {number(folds.sd)}", LINE.join(filter(None, lines)))


def further(results: Results) -> Table:
    """Likelihood ratios and predictive values."""
    return _rows(results, FURTHER)


def grades(results: Results) -> Table:
    """How far grades are off."""
    columns = [Column(*words) for words in GRADES.values()]
    return _ordered(results, columns, tuple(GRADES), "grades", number)


def numbers(results: Results) -> Table:
    """How far numbers are off, in the task's unit."""
    columns = [Column(words, results.task.unit) for words in NUMBERS.values()]
    return _ordered(results, columns, tuple(NUMBERS), "numbers", one_decimal)


def overall(results: Results) -> Table:
    """Of tasks without positive classes: right classes, and the mean area of each class against the rest."""
    return _table(results, [Column("Right class"), Column("Mean AUC", "each class against the rest")], _overall)


def _overall(part: Part) -> list[Cell]:
    return [
        _figure(part.all.accuracy, part.over_folds.get("class accuracy")),
        _figure(part.all.macro_auc, part.over_folds.get("macro AUC")),
    ]


def _rows(results: Results, names: Mapping[str, str]) -> Table:
    def cells(part: Part) -> list[Cell]:
        return [_figure(_of_calls(part.all, name), part.over_folds.get(name)) for name in names]

    return _table(results, [Column(words) for words in names.values()], cells)


def _of_calls(level: Level, name: str) -> Figure | None:
    if name == "auc":
        return level.auc
    return None if level.diagnosis is None else getattr(level.diagnosis, name)


def _ordered(results: Results, columns: Sequence[Column], names: Sequence[str], record: str, say: Say) -> Table:
    def cells(part: Part) -> list[Cell]:
        found = getattr(part.all, record)
        return [_figure(getattr(found, name), part.over_folds.get(name), say) for name in names]

    return _table(results, columns, cells)


def _table(results: Results, columns: Sequence[Column], cells: Callable[[Part], list[Cell]]) -> Table:
    rows = [
        (Cell(title(one.name), count(part.all.rows, unit)), *cells(part))
        for one in results.detectors
        for unit, part in parts(one)
    ]
    return Table((Column(""), *columns), tuple(rows))


def _figure(figure: Figure | None, folds: OverFolds | None, say: Say | None = None) -> Cell:
    """Mean ± SD over the folds; beneath, all folds together with the interval of patients, and the counts."""
    if figure is None:
        return Cell(DASH)
    if figure.value is None:
        return Cell(DASH, LINE.join(filter(None, (_shortened(figure.why or ""), _counts(figure)))))
    say = say or number
    bounds = figure.ci95_patients or figure.ci95
    mark = "" if figure.ci95_patients or not bounds else "*"
    lines = tuple(filter(None, (to(bounds, say) + mark, _counts(figure))))
    if folds is None or folds.mean is None or folds.sd is None:
        return Cell(say(figure.value), LINE.join(lines))
    return Cell(
        f"{say(folds.mean)} \N{PLUS-MINUS SIGN} {say(folds.sd)}", LINE.join((f"all {say(figure.value)}", *lines))
    )


def one_decimal(value: float) -> str:
    """A number of a task in its unit."""
    return f"{value:.1f}".replace("-", MINUS)


def number(value: float) -> str:
    """A figure with three decimals below 10, fewer above, and a true minus."""
    digits = 3 if abs(value) < 10 else 1
    return f"{value:.{digits}f}".replace("-", MINUS)


def _shortened(why: str) -> str:
    return next((short for long, short in SHORT_WHY.items() if long in why), "not defined")


def _counts(figure: Figure) -> str:
    known = figure.counts
    if set(known) == {"hits", "of"}:
        return f"{known['hits']:,} of {known['of']:,}"
    if set(known) == {"positive", "negative"}:
        return f"{known['positive']:,} + {known['negative']:,}"
    return ""


def classes(results: Results) -> Table:
    """Each class against the rest, images."""
    columns = [Column(""), Column("class", "its images")]
    columns += [
        Column("sensitivity", "highest score"),
        Column("specificity", "highest score"),
        Column("AUC", "against the rest"),
    ]
    columns += [Column("called positive", "at the operating point")] if results.task.positive else []
    rows = []
    for one in results.detectors:
        for label, row in one.figures.image.all.classes.items():
            cells = [Cell(title(one.name)), Cell(label, count(row.count, "image"))]
            cells += [_figure(figure, None) for figure in (row.calls.sensitivity, row.calls.specificity, row.auc)]
            cells += [_figure(row.called_positive, None)] if row.called_positive is not None else []
            rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows))


def pairs(results: Results) -> Table:
    """Every two detectors on the same images."""
    columns = (
        Column(""),
        Column("difference", "within folds", "AUC"),
        Column("both", "folds together", "AUC"),
        Column("DeLong's p", "folds together", "AUC"),
        Column("sensitivity", "one alone right; p"),
        Column("specificity", "one alone right; p"),
    )
    rows = []
    for pair in results.pairs:
        levels = (("image", pair.image, pair.area), ("patient", pair.patient, pair.patient_area))
        rows += [_pair(pair, unit, found, area) for unit, found, area in levels if found is not None]
    return Table(columns, tuple(rows))


def _pair(pair: Pair, unit: str, found: Comparison, area: Figure | None) -> tuple[Cell, ...]:
    areas = (found.delong.first, found.delong.second)
    both = " / ".join(DASH if area is None else number(area) for area in areas)
    of = found.images if unit == "image" else found.patients
    return (
        Cell(between(pair), count(of, unit)),
        Cell(DASH) if area is None else _difference(area),
        Cell(both),
        Cell(probability(found.delong.p)),
        _mcnemar(found.ill),
        _mcnemar(found.healthy),
    )


def _mcnemar(found: McNemar) -> Cell:
    return Cell(
        f"{found.first_only} / {found.second_only}", f"p {probability(found.p)}" if found.p is not None else "alike"
    )


def error_pairs(results: Results) -> Table:
    """Differences of the mean absolute error."""
    columns = (Column(""), Column("difference of the mean absolute error", "95 %, patients drawn anew"))
    rows = [
        (Cell(between(pair), count(pair.error.counts["of"], "image")), _difference(pair.error))
        for pair in results.pairs
        if pair.error is not None
    ]
    return Table(columns, tuple(rows))


def _difference(figure: Figure) -> Cell:
    return Cell(DASH) if figure.value is None else Cell(signed(figure.value), to(figure.ci95_patients, signed))


def between(pair: Pair) -> str:
    """Two detectors in a row."""
    return f"{title(pair.first)}{SPACE}{DASH} {title(pair.second)}"


def signed(value: float) -> str:
    """A difference with its sign: `+0.012`."""
    return f"{value:+.3f}".replace("-", MINUS) if round(value, 3) else "0.000"


def probability(p: float | None) -> str:
    """A p value as journals print it."""
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def calibration(results: Results) -> Table:
    """Brier score and calibration error, before and after temperature, images."""
    positive = bool(results.task.positive)
    columns = [Column("")]
    for group in ("as it is", "after temperature"):
        columns += [Column("Brier", "positive score", group)] if positive else []
        columns += [Column("Brier", "all classes", group), Column("calibration error", "expected", group)]
    columns.append(Column("temperature", "by fold"))
    rows = []
    for one in results.detectors:
        cells = [Cell(title(one.name))]
        for found in (one.figures.image.all.calibration, one.figures.image.all.calibrated):
            said = [found.brier.value if found and found.brier else None] if positive else []
            said += [found.brier_classes, found.expected_error] if found else [None, None]
            cells += [Cell(DASH if value is None else f"{value:.3f}") for value in said]
        rows.append((*cells, _temperatures(one)))
    return Table(tuple(columns), tuple(rows))


def _temperatures(one: Contender) -> Cell:
    found = [choice.temperature for choice in one.figures.image.choices]
    return Cell(", ".join(DASH if each is None else f"{each.value:.2f}" for each in found))


def choices(results: Results) -> Table:
    """Operating points by fold, and what they reached on the validation images."""
    columns = [Column(""), Column("fold"), Column("threshold")]
    columns += [Column("sensitivity", "validation"), Column("specificity", "validation"), Column("chosen on")]
    rows = [
        (
            Cell(title(one.name), unit),
            Cell("all" if choice.fold is None else str(choice.fold)),
            Cell(
                f"{choice.point.threshold:.3f}",
                "not chosen" if choice.point.why or choice.point.rule == "fixed" else "",
            ),
            *(
                Cell(DASH if value is None else f"{value:.3f}")
                for value in (choice.point.sensitivity, choice.point.specificity)
            ),
            Cell(choice.point.why or choice.point.from_, word=True),
        )
        for one in results.detectors
        for unit, part in parts(one)
        for choice in part.choices
        if choice.point is not None
    ]
    return Table(tuple(columns), tuple(rows))


def pointing(results: Results) -> Table:
    """The pointing game."""
    columns = (
        Column(""),
        Column("score map", "peak in the lesion"),
        Column("occlusion", "peak in the lesion"),
        Column("chance", "pointing anywhere"),
        Column("centre", "pointing at the middle"),
        Column("true positives", "played of all"),
    )
    rows = [
        (
            Cell(title(one.name)),
            _hits(one.looked.score),
            _hits(one.looked.occlusion),
            *(
                Cell(DASH if value is None else percent(value))
                for value in (one.looked.score.chance, one.looked.score.centre)
            ),
            Cell(f"{one.looked.score.total} of {one.looked.of}", _unplayed(one.looked)),
        )
        for one in results.detectors
        if one.looked is not None
    ]
    return Table(columns, tuple(rows))


def _hits(game: Pointing | None) -> Cell:
    if game is None or game.share is None:
        return Cell(DASH)
    bounds = to(game.ci95, lambda value: f"{100 * value:.1f}")
    return Cell(percent(game.share), LINE.join((f"{game.hits} of {game.total}", bounds)))


def _unplayed(looked: Looked) -> str:
    """Why the game was not played on all true positives."""
    unused = looked.of - looked.other_class - looked.without_mask - looked.score.total
    told = (
        f"{looked.other_class} of another class" if looked.other_class else "",
        f"{looked.without_mask} without a mask" if looked.without_mask else "",
        f"{unused} not drawn" if unused else "",
    )
    return LINE.join(filter(None, told))


def percent(value: float) -> str:
    """A share: `96.2 %`."""
    return f"{100 * value:.1f}{SPACE}%"


def cost(results: Results) -> Table:
    """What was trained, and what it took."""
    columns = ("", "network", "image", "epochs", "batch", "rate", "weights", "training", "prediction")
    rows = [
        (
            Cell(title(one.name)),
            Cell(one.settings.size),
            Cell(f"{one.settings.image_size} px"),
            Cell(str(one.settings.epochs)),
            Cell(str(one.settings.batch)),
            Cell(f"{one.settings.learning_rate:g}"),
            Cell(one.settings.weights),
            Cell(f"{one.train_seconds / 60:.1f} min"),
            Cell(DASH if one.predict_ms_per_image is None else f"{one.predict_ms_per_image:.1f} ms"),
        )
        for one in results.detectors
    ]
    return Table(tuple(map(Column, columns)), tuple(rows))


def titles(names: Iterable[str]) -> str:
    """Detectors as a list in words."""
    *others, last = map(title, names)
    return f"{', '.join(others)} and {last}" if others else last
