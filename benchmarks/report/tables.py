"""The tables of the report: every figure as it is printed, and which one is the best of its column."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spinedet.benchmarks.report.figures import DASH, fold_name
from spinedet.benchmarks.report.material import Contender, Run
from spinedet.benchmarks.results import Figure, Times
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import Cell, Column, Table

CLASSES_ACROSS = 4
"""Class columns that fit beside each other on an A4 page; more of them go on in a second block."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure before it is printed; `value` decides which is best."""

    value: float | None
    cell: Cell


def three(value: float | None) -> str:
    """A share in 0..1 to three digits."""
    return DASH if value is None else f"{value:.3f}"


def whole(value: float | None) -> str:
    """A count or a size, thousands set apart."""
    return DASH if value is None else f"{value:,.0f}"


def duration(seconds: float | None) -> str:
    """A time as people say it: `2 h 05 min`, `3 min 12 s`, `4.2 s`."""
    if seconds is None:
        return DASH
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def spread(figure: Figure) -> Entry:
    """Mean and SD over the folds, with the pooled value and its interval beneath."""
    deviation = "" if figure.sd is None else f" \N{PLUS-MINUS SIGN} {figure.sd:.3f}"
    interval = "" if figure.ci95 is None else " [{:.3f}, {:.3f}]".format(*figure.ci95)
    pooled = "" if figure.pooled is None else f"{figure.pooled:.3f}{interval}"
    return Entry(figure.mean, Cell(three(figure.mean) + deviation, pooled))


def plain(value: float | None, show: Callable[[float | None], str] = three, small: str = "") -> Entry:
    """A single figure."""
    return Entry(value, Cell(show(value), small))


def mark_best(
    rows: Sequence[Sequence[Entry]],
    lower: Sequence[bool],
    compared: Sequence[bool] | None = None,
    *,
    show: Callable[[float], str] = "{:.3f}".format,
) -> list[list[Cell]]:
    """Mark the best entry of each column; all that print alike, none where there is nothing to compare.

    Args:
        rows: Entries, row by row.
        lower: For each column, True if less is better.
        compared: For each row, False if it takes no part; all do by default.
        show: How precisely two figures must differ to count as different.
    """
    marked = [[entry.cell for entry in row] for row in rows]
    allowed = [True] * len(rows) if compared is None else compared
    for column, less in enumerate(lower):
        values = [row[column].value if ok else None for row, ok in zip(rows, allowed, strict=True)]
        known = [value for value in values if value is not None]
        if len(known) < 2 or len({show(value) for value in known}) == 1:
            continue
        best = show(min(known) if less else max(known))
        for row, value in zip(marked, values, strict=True):
            row[column] = replace(row[column], best=value is not None and show(value) == best)
    return marked


def _table(columns: Iterable[Column], names: Sequence[Cell], cells: Sequence[Sequence[Cell]]) -> Table:
    rows = tuple((name, *row) for name, row in zip(names, cells, strict=True))
    return Table(tuple(columns), rows)


def detector_cells(run: Run) -> list[Cell]:
    """Each detector with its size and image size, and its folds where some are not finished."""
    return [Cell(one.title, ", ".join(filter(None, [_network(one), coverage(one)]))) for one in run.detectors]


def _network(one: Contender) -> str:
    settings = one.results.settings
    return f"{settings.size}, {settings.image_size} px"


def coverage(one: Contender) -> str:
    """`1 of 5 folds` where a detector misses folds; empty where it is complete."""
    done, left = len(one.results.folds), len(one.results.incomplete)
    return f"{done} of {done + left} folds" if left else ""


def comparable(run: Run) -> list[bool]:
    """Which detectors may be called best: those with the most finished folds, if these are the same folds."""
    finished = [tuple(row.fold for row in one.results.folds) for one in run.detectors]
    most = max(finished, key=len, default=())
    return [folds == most for folds in finished]


def accuracy(run: Run) -> list[Table]:
    """mAP50 and AP50 of each class; in blocks of `CLASSES_ACROSS` classes."""
    return [_accuracy(run, names, first=number == 0) for number, names in enumerate(_blocks(run.dataset.classes))]


def _blocks(classes: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(classes[start : start + CLASSES_ACROSS]) for start in range(0, len(classes), CLASSES_ACROSS)]


def _accuracy(run: Run, classes: Sequence[str], *, first: bool) -> Table:
    counts = run.results.dataset.counts
    columns = [Column("Detector"), *([Column("mAP50", "all classes")] if first else [])]
    columns += [Column(name, f"{counts.get(name, 0):,} boxes", "AP50") for name in classes]
    rows = [
        [*([spread(one.results.map50)] if first else []), *(spread(one.results.ap50[name]) for name in classes)]
        for one in run.detectors
    ]
    return _table(columns, detector_cells(run), mark_best(rows, [False] * len(columns[1:]), comparable(run)))


COST = (
    Column("Detector"),
    Column("AP", ".50:.95", "COCO, pooled"),
    Column("AP50", "", "COCO, pooled"),
    Column("AP75", "", "COCO, pooled"),
    Column("Training", "all folds", "Cost"),
    Column("Prediction", "ms an image, median (90th percentile)", "Cost"),
    Column("Peak memory", "MB, training", "Cost"),
)


def cost(run: Run) -> Table:
    """COCO's figures, and what training and prediction cost."""
    rows = []
    for one in run.detectors:
        results, times = one.results, one.results.predict_ms_per_image
        rows.append(
            [
                *(plain(value) for value in (results.coco.ap, results.coco.ap50, results.coco.ap75)),
                plain(results.train_seconds, duration, _folds_trained(one)),
                Entry(times.median, Cell(_median(times))),
                plain(results.peak_memory_mb, whole),
            ]
        )
    return _table(COST, detector_cells(run), mark_best(rows, [False] * 3 + [True] * 3, comparable(run)))


def _folds_trained(one: Contender) -> str:
    number = len(one.results.folds)
    return f"{number} fold{'s' * (number != 1)}"


def _median(times: Times) -> str:
    if times.median is None:
        return DASH
    return f"{times.median:.1f}" + ("" if times.p90 is None else f" ({times.p90:.1f})")


def per_fold(run: Run) -> Table:
    """mAP50 of every detector in every fold."""
    columns = [Column("Fold"), Column("Patients", "tested"), Column("Images", "tested")]
    columns += [Column(one.title, "", "mAP50") for one in run.detectors]
    names, rows = [], []
    for fold in run.folds.folds:
        names.append(Cell(fold_name(fold.number).removeprefix("fold ")))
        test = run.dataset.subset(fold.test)
        sizes = [Entry(None, Cell(whole(number))) for number in (len(test.patients), len(test))]
        rows.append([*sizes, *(_fold_entry(one, fold.number) for one in run.detectors)])
    return _table(columns, names, [_best_of_row(row) for row in rows])


def _fold_entry(one: Contender, number: int) -> Entry:
    for row in one.results.folds:
        if row.fold == number:
            return plain(row.map50, small=f"without {', '.join(row.missing)}" if row.missing else "")
    return Entry(None, Cell("unfinished", word=True))


def _best_of_row(row: Sequence[Entry]) -> list[Cell]:
    """A fold is compared along its row."""
    return [cells[0] for cells in mark_best([[entry] for entry in row], [False])]


def settings(run: Run) -> Table:
    """Everything that decides a training result, one row a setting."""
    dumped = [_flat(one.results.settings.model_dump(mode="json")) for one in run.detectors]
    names = list(dict.fromkeys(name for row in dumped for name in row))
    cells = [[Cell(row.get(name, DASH), word=True) for row in dumped] for name in names]
    return _table([Column("Setting"), *(Column(one.title) for one in run.detectors)], [Cell(n) for n in names], cells)


def _flat(values: dict[str, Any]) -> dict[str, str]:
    """Settings by name; what only one detector knows keeps its own name, after the common ones."""
    recipe = values.pop("recipe", {})
    common = {name.replace("_", " "): _say(value) for name, value in values.items() if name != "detector"}
    return common | {f"recipe: {name.replace('_', ' ')}": _say(value) for name, value in sorted(recipe.items())}


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_say, value))
    if isinstance(value, dict):
        return "; ".join(f"{name} {_say(one)}" for name, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def versions(run: Run) -> list[tuple[str, str]]:
    """Packages and their versions, over the run and all of its jobs."""
    seen: dict[str, list[str]] = {}
    for source in (run.results.versions, *(one.versions for one in run.detectors)):
        for package, version in source.items():
            known = seen.setdefault(package, [])
            known += [part for part in version.split(", ") if part not in known]
    return [(package, ", ".join(known)) for package, known in sorted(seen.items())]


def machine(run: Run) -> list[tuple[str, str]]:
    """The machine, one fact a row."""
    return [(name.replace("_", " "), _say(value)) for name, value in run.results.machine.items()]


def card(run: Run) -> list[tuple[str, str]]:
    """The dataset, one fact a row; what is not known is left out."""
    dataset, facts = run.dataset, run.results.dataset
    rows = [
        ("name", facts.name),
        ("modality", dataset.card.modality),
        ("licence", dataset.card.licence),
        ("source", dataset.card.source),
        ("images", f"{facts.images:,}"),
        ("patients", "not stated" if facts.patients is None else f"{facts.patients:,}"),
        ("boxes", f"{facts.boxes:,}{_difficult(dataset)}"),
        *((f"boxes of {name}", f"{number:,}") for name, number in facts.counts.items()),
        ("boxes an image", _boxes_an_image(dataset)),
        ("image size", _sizes(dataset)),
        ("fingerprint", facts.fingerprint[:16]),
    ]
    return [(name, text) for name, text in rows if text]


def _difficult(dataset: Dataset) -> str:
    number = sum(thing.difficult for item in dataset.items for thing in item.annotation.objects)
    return f", {number:,} of them difficult: neither hit nor miss" if number else ""


def _boxes_an_image(dataset: Dataset) -> str:
    numbers = sorted(len(item.annotation.objects) for item in dataset.items)
    if not numbers:
        return DASH
    middle = (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2
    return f"median {middle:g}, {numbers[0]} to {numbers[-1]}"


def _sizes(dataset: Dataset) -> str:
    """The most common sizes; a range where there are many."""
    sizes = Counter((item.annotation.width, item.annotation.height) for item in dataset.items)
    if len(sizes) <= 3:
        return "; ".join(f"{w} \N{MULTIPLICATION SIGN} {h} px ({number:,})" for (w, h), number in sizes.most_common())
    widths, heights = zip(*sizes, strict=True)
    return f"{min(widths)} to {max(widths)} px wide, {min(heights)} to {max(heights)} px high ({len(sizes)} sizes)"
