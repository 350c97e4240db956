"""`report.html`: the tables and figures of a run on one page that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinedet.annotations.files import write_text
from spinedet.benchmarks.average_precision import average_precision, precision_recall
from spinedet.benchmarks.confusion import SCORE, confusion_matrix
from spinedet.benchmarks.matching import match_detections
from spinedet.benchmarks.report import examples, figures, tables
from spinedet.benchmarks.report.material import Contender, Run, read_run
from spinedet.benchmarks.report.style import save_drawing, save_photograph
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import Picture, render
from spinedet.datasets.pages.style import style

REPORT = "report.html"
FIGURES = "figures"

PACKAGE = "spinedet.benchmarks.report"
"""Where the template of the report lies."""

NINETY_FIVE = "95\N{NO-BREAK SPACE}%"


@dataclass(frozen=True, slots=True)
class Pictures:
    """The figures of a report; None or empty where there is nothing to draw."""

    comparison: Picture
    precision_recall: Picture
    confusion: tuple[Picture, ...]
    examples: tuple[tuple[str, Picture], ...]
    training: Picture | None


def write_report(run: Path, dataset: Dataset) -> Path:
    """Write `report.html` and `figures/` into a run folder, from what the run has finished so far.

    Args:
        run: A folder with `results.json`, `folds.json` and the job folders.
        dataset: The dataset of the run; without its images the report has no examples.

    Returns:
        The path of the report.

    Raises:
        InputError: The run folder is incomplete or belongs to another dataset.
        WorkError: A file cannot be written.
    """
    material = read_run(run, dataset)
    pictures = _draw(material) if material.detectors else None
    path = run / REPORT
    write_text(path, _render(material, pictures))
    return path


def _render(run: Run, pictures: Pictures | None) -> str:
    return render(
        PACKAGE,
        "page.html.j2",
        run=run,
        pictures=pictures,
        tables=tables,
        score=SCORE,
        each=examples.EACH,
        **_words(run),
    )


def _draw(run: Run) -> Pictures:
    folder = run.folder / FIGURES
    with style():
        return Pictures(
            comparison=_draw_comparison(run, folder),
            precision_recall=_draw_curves(run, folder),
            confusion=tuple(_draw_confusion(run, one, folder) for one in run.detectors),
            examples=tuple(_draw_examples(run, folder)),
            training=_draw_training(run, folder),
        )


def _titles(run: Run) -> list[str]:
    return [one.title for one in run.detectors]


def _draw_comparison(run: Run, folder: Path) -> Picture:
    alt = "Pooled average precision of each detector with its 95 percent interval"
    return save_drawing(figures.draw_comparison(_estimates(run), _titles(run)), folder, "comparison", alt)


def _draw_curves(run: Run, folder: Path) -> Picture:
    alt = "Precision-recall curves, one panel a class, one curve a detector"
    return save_drawing(figures.draw_precision_recall(_curves(run), _titles(run)), folder, "precision_recall", alt)


def _estimates(run: Run) -> dict[str, dict[str, figures.Estimate]]:
    """mAP50 and every class's AP50 by detector."""
    rows = {"mAP50": {one.title: _estimate(one, None) for one in run.detectors}}
    for name in run.dataset.classes:
        rows[f"AP50 {name}"] = {one.title: _estimate(one, name) for one in run.detectors}
    return rows


def _estimate(one: Contender, name: str | None) -> figures.Estimate:
    figure = one.results.map50 if name is None else one.results.ap50[name]
    values = [fold.map50 if name is None else fold.ap50[name] for fold in one.results.folds]
    return figures.Estimate(figure.pooled, figure.ci95, tuple(value for value in values if value is not None))


def _curves(run: Run) -> dict[str, dict[str, figures.Curve]]:
    """The pooled precision-recall curve of each class and detector."""
    protocol = run.results.protocol
    curves: dict[str, dict[str, figures.Curve]] = {name: {} for name in run.dataset.classes}
    for one in run.detectors:
        for matches in match_detections(one.dataset, one.predictions, protocol.iou):
            curve = precision_recall(matches)
            average = average_precision(curve, protocol.ap)
            curves[matches.label][one.title] = figures.Curve(curve.recall, curve.precision, average)
    return curves


def _draw_confusion(run: Run, one: Contender, folder: Path) -> Picture:
    matrix = confusion_matrix(one.dataset, one.predictions, iou=run.results.protocol.iou, score=SCORE)
    figure = figures.draw_confusion(matrix, run.dataset.classes, one.title)
    return save_drawing(figure, folder, f"confusion_{one.name}", f"Confusion matrix of {one.title}")


def _draw_examples(run: Run, folder: Path) -> list[tuple[str, Picture]]:
    """Examples of each detector; the random images are the same for all of them."""
    if any(item.path is None for item in run.dataset.items):
        return []
    shared = set.intersection(*(set(one.dataset.images) for one in run.detectors))
    random = examples.random_images(sorted(shared), run.results.protocol.seed)
    drawn = []
    for one in run.detectors:
        if rows := _rows(run, one, random):
            figure = examples.draw_examples(rows, run.dataset.classes)
            alt = f"Ground truth and detections of {one.title}"
            drawn.append((one.title, save_photograph(figure, folder, f"examples_{one.name}", alt)))
    return drawn


def _rows(run: Run, one: Contender, random: Sequence[str]) -> tuple[examples.Row, ...]:
    iou = run.results.protocol.iou
    outcomes = [
        examples.judge(one.dataset, image, one.predictions[image], iou=iou, score=SCORE) for image in one.dataset.images
    ]
    return examples.choose(outcomes, random)


def _draw_training(run: Run, folder: Path) -> Picture | None:
    losses = {one.title: one.losses for one in run.detectors if one.losses}
    alt = "Training loss by epoch, one panel a detector, one line a fold"
    return save_drawing(figures.draw_training(losses), folder, "training_curves", alt) if losses else None


def _words(run: Run) -> dict[str, Any]:
    """The sentences that depend on the figures."""
    return {
        "finding": _finding(run),
        "split": _split(run),
        "pooling": _pooling(run),
        "unfinished": _unfinished(run),
        "missing": [name for name in run.dataset.classes if any(name in one.results.missing for one in run.detectors)],
    }


def _finding(run: Run) -> str:
    """The first sentence: the pooled mAP50 of every detector, best first, those that miss folds last."""
    compared = dict(zip(run.detectors, tables.comparable(run), strict=True))
    known = [one for one in run.detectors if one.results.map50.pooled is not None]
    ranked = sorted(known, key=lambda one: (not compared[one], -(one.results.map50.pooled or 0)))
    told = [f"{one.title} {_pooled(one)}" for one in ranked]
    return f"Pooled mAP50: {'; '.join(told)}." if told else "No detector has a figure yet."


def _pooled(one: Contender) -> str:
    figure = one.results.map50
    remarks = [tables.coverage(one)] if one.results.incomplete else []
    remarks += [] if figure.ci95 is None else ["{} interval {:.3f} to {:.3f}".format(NINETY_FIVE, *figure.ci95)]
    return tables.three(figure.pooled) + (f" ({'; '.join(remarks)})" if remarks else "")


def _split(run: Run) -> str:
    protocol = run.results.protocol
    folds = "a hold-out split" if protocol.folds == 1 else f"{protocol.folds}-fold cross-validation"
    unit = "patient" if protocol.grouped_by == "patient" else "image, each taken for a patient of its own"
    return f"{folds} grouped by {unit}"


def _pooling(run: Run) -> str:
    protocol = run.results.protocol
    if not protocol.resamples:
        return ""
    draws = f"{protocol.resamples:,} resamples of the {protocol.grouped_by}s"
    return f", with the {NINETY_FIVE} percentile interval over {draws}"


def _unfinished(run: Run) -> list[str]:
    """One sentence for each detector whose figures do not cover every fold."""
    sentences = [
        f"{one.title}: fold {', '.join(map(str, one.results.incomplete))} not finished; "
        f"its figures cover {len(one.results.folds)} of {run.results.protocol.folds} folds."
        for one in run.detectors
        if one.results.incomplete
    ]
    return sentences + [f"{title}: no fold finished yet." for title in run.unfinished]
