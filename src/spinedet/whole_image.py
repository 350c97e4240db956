"""What `spinedet benchmark` does where a task asks the whole image: compare, measure, look, and show the outcome."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from spinedet.actions import interruptible, table_of
from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import read_json
from spinedet.benchmarks.crossval import RESULTS_FILE, RUN_FILE, Plan, run_benchmark
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.whole_image import run, tables
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.levels import Level
from spinedet.benchmarks.whole_image.looking import Looked, has_masks, play
from spinedet.benchmarks.whole_image.outcomes import (
    Outcome,
    check_one_answer,
    flat_images,
    read_outcomes,
    true_numbers,
)
from spinedet.benchmarks.whole_image.page import PAGE, write_whole_image_page
from spinedet.benchmarks.whole_image.run import Results, measure_run, write_results
from spinedet.benchmarks.whole_image.summary import WholeImageFigures
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import count
from spinedet.datasets.tasks import Task
from spinedet.progress import JobProgress


@dataclass(frozen=True)
class Ask:
    """What is asked of whole images.

    Attributes:
        task: The task.
        sensitivity: The least sensitivity wanted on validation images; None for Youden's point.
        examples: Whether the page shows images.
        occlusion: Whether the pointing game is played with occlusion maps too.
    """

    task: Task
    sensitivity: float | None = None
    examples: bool = True
    occlusion: bool = True


def check(data: Dataset, task: Task | None, sensitivity: float | None) -> None:
    """Refuse what no training could answer, before any.

    Raises:
        InputError: Images have no answer or several, or a sensitivity is asked of a task that has none.
    """
    asked = task is not None and task.whole_image
    if sensitivity is not None:
        if task is None or not asked or not task.positive:
            found = "no task" if task is None else f"'{task.task}'"
            what = "A sensitivity belongs to tasks that ask the whole image and have positive classes."
            raise InputError(what, found=found, todo="leave --sensitivity out")
        if not 0 < sensitivity <= 1:
            raise InputError(
                "This is no sensitivity to ask for.", expected="above 0, at most 1", found=f"{sensitivity:g}"
            )
    if asked:
        check_one_answer(data)


def compare_whole_images(console: Console, notes: Console, data: Dataset, plan: Plan, folder: Path, ask: Ask) -> Path:
    """Run a benchmark of whole images, show its table, and write `whole_image.json` and its page.

    Where jobs failed, the outcome of the others is written before the error goes on; where it was stopped, without the
    maps, which take their time.

    Returns:
        The page's path.
    """
    for sentence in flat_images(data):
        notes.print(Text("warning:", "yellow"), sentence)
    try:
        with interruptible(), JobProgress(notes) as shown:
            run_benchmark(data, plan, folder, shown)
    except WorkError as error:
        stopped = isinstance(error.__cause__, KeyboardInterrupt)
        _tell(console, notes, data, plan, folder, ask, maps=not stopped)
        raise
    return _tell(console, notes, data, plan, folder, ask)


def _tell(
    console: Console, notes: Console, data: Dataset, plan: Plan, folder: Path, ask: Ask, *, maps: bool = True
) -> Path:
    """Measure what is finished, write it and show it."""
    outcomes = read_outcomes(folder, data, plan.folds, ask.task, tuple(plan.settings))
    if not outcomes:
        return folder / RESULTS_FILE
    numbers = true_numbers(data, ask.task)
    with interruptible():
        results = measure_run(
            outcomes,
            data,
            plan.folds,
            ask.task,
            numbers,
            sensitivity=ask.sensitivity,
            look=partial(_look, notes, data, plan.folds.seed, ask, maps=maps),
        )
        write_results(folder / run.FILE, results)
        show_results(console, results)
        command = str(read_json(folder / RUN_FILE, "record of a run").get("command", ""))
        return write_whole_image_page(
            folder / PAGE, results, outcomes, data, numbers, command, examples=ask.examples and maps
        )


def _look(
    notes: Console, data: Dataset, seed: int, ask: Ask, one: Outcome, figures: WholeImageFigures, *, maps: bool
) -> Looked | None:
    """The pointing game, where lesions are known and something is called positive."""
    task = ask.task
    if not (maps and task.positive and has_masks(data)):
        return None
    notes.print(f"{one.name}: what it looked at")
    called = run.called(one.table, figures.image, task)
    return play(one, data, task, called, seed, occlusion=ask.occlusion)


def show_results(console: Console, results: Results) -> None:
    """The comparison as a table: images, then patients, with intervals over patients drawn anew; areas within folds."""
    headings = _headings(results.task)
    shown = table_of("detector", "", *headings)
    for one in results.detectors:
        for unit, part in tables.parts(one):
            areas = {"image": one.area, "patient": one.patient_area}
            figures = (areas[unit] if name == "auc" else _figure(part.all, name) for name in headings.values())
            shown.add_row(title(one.name), count(part.all.rows, unit), *map(_told, figures))
    console.print(shown)


def _headings(task: Task) -> dict[str, str]:
    """Columns, and the figures that stand there."""
    found = {"AUC": "auc", "sensitivity": "sensitivity", "specificity": "specificity"} if task.positive else {}
    if task.kind == "grades":
        found |= {"quadratic kappa": "kappa", "MAE": "mean_absolute_error", "within one": "within_one"}
    if task.kind == "number":
        unit = f" ({task.unit})" if task.unit else ""
        found |= {f"MAE{unit}": "mean_absolute_error", "lower limit": "lower_limit", "upper limit": "upper_limit"}
    return found or {"accuracy": "accuracy", "mean AUC": "macro_auc"}


def _figure(level: Level, name: str) -> Figure | None:
    for record in (level, level.diagnosis, level.grades, level.numbers):
        if record is not None and isinstance(found := getattr(record, name, None), Figure):
            return found
    return None


def _told(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    bounds = figure.ci95_patients or figure.ci95
    return f"{figure.value:.3f}" + (" [{:.3f}, {:.3f}]".format(*bounds) if bounds else "")
