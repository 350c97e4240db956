"""The report of a run: every figure of `results.json`, nothing from outside, nobody's name."""

import base64
import json
import re
import shutil
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from PIL import Image as Bitmap

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_json
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.benchmarks.average_precision import average_precision, precision_recall
from spinedet.benchmarks.matching import match_detections
from spinedet.benchmarks.report import examples, figures, tables
from spinedet.benchmarks.report.figures import DASH
from spinedet.benchmarks.report.material import Contender, read_run
from spinedet.benchmarks.report.page import write_report
from spinedet.benchmarks.report.style import save_drawing, style
from spinedet.benchmarks.results import Figure, FoldOutcome, Results, read_results, summarise, write_results
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.folds import Folds, hold_out, make_folds, save_folds
from spinedet.detect.contract import Detections, Settings
from spinedet.detect.predictions import read_predictions, write_predictions

CLASSES = ("normal", "herniation", "<b>slip</b>")
DETECTORS = {"yolov3": 0.7, "yolov5": 0.9, "ppyolov2": 0.95}
PATIENTS = ("Ottilie Zweig", "Balthasar Quint", "Kunigunde Yps", "Leberecht Xaver", "Walpurga Vogt", "Egon Umlauf")
WIDTH, HEIGHT = 96, 128


def make_dataset(folder: Path, classes: tuple[str, ...] = CLASSES) -> Dataset:
    """Two images of each patient, four boxes an image, on noise."""
    random = np.random.default_rng(7)
    rows = ["image,patient"]
    for number in range(2 * len(PATIENTS)):
        tops = 4 + 30 * np.arange(4)
        things = tuple(
            VocObject(classes[(number + place) % len(classes)], Box(30, int(top), 66, int(top) + 18))
            for place, top in enumerate(tops)
        )
        write_voc(folder / f"Annotations/im{number:02}.xml", Annotation(f"im{number:02}.png", WIDTH, HEIGHT, things))
        (folder / "JPEGImages").mkdir(exist_ok=True)
        pixels = random.integers(0, 90, (HEIGHT, WIDTH), np.uint8)
        cv2.imwrite(str(folder / f"JPEGImages/im{number:02}.png"), pixels)
        rows.append(f"im{number:02},{PATIENTS[number // 2]}")
    (folder / "patients.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    listed = "\n".join(f"  - '{name}'" for name in CLASSES)
    (folder / "dataset.yaml").write_text(f"name: Tiny & small\nclasses:\n{listed}\n", encoding="utf-8")
    return Dataset.load(folder)


def jitter(dataset: Dataset, item: Item, quality: float, random: np.random.Generator) -> Detections:
    """Ground truth as a detector of this quality would find it: some missed, some misnamed, some invented."""
    truth = dataset.boxes(item)
    kept = random.random(len(truth.labels)) < quality
    sides = np.tile(truth.boxes[kept, 2:] - truth.boxes[kept, :2], 2)
    boxes = truth.boxes[kept] + random.normal(0, 0.1, (int(kept.sum()), 4)) * sides
    labels = truth.labels[kept]
    odd = random.random(len(labels)) > quality
    labels[odd] = (labels[odd] + 1) % len(dataset.classes)
    false = random.poisson(3 * (1.1 - quality))
    corners = random.uniform(0, 0.7, (false, 2)) * [item.annotation.width, item.annotation.height]
    wrong = np.c_[corners, corners + random.uniform(8, 30, (false, 2))]
    scores = np.r_[random.beta(8, 2, len(labels)), random.beta(2, 5, false)]
    return Detections.ranked(
        np.r_[boxes, wrong], scores, np.r_[labels, random.integers(0, len(dataset.classes), false)]
    )


def make_run(folder: Path, dataset: Dataset, *, folds: int = 3, unfinished: dict[str, set[int]] | None = None) -> Path:
    """A run folder of three detectors, as `spinedet benchmark` leaves it."""
    split, random = make_folds(dataset, folds, 0), np.random.default_rng(1)
    save_folds(folder / "folds.json", split, dataset)
    outcomes: dict[str, list[FoldOutcome]] = {name: [] for name in DETECTORS}
    for name, quality in DETECTORS.items():
        for fold in split.folds:
            job = folder / name / f"fold{fold.number}"
            finished = fold.number not in (unfinished or {}).get(name, set())
            write_progress(job / "progress.jsonl", 12 if finished else 5, random)
            if finished:
                found = {image: jitter(dataset, dataset[image], quality, random) for image in fold.test}
                outcomes[name].append(finish(job, dataset, name, fold.number, found))
    write_results(folder / "results.json", score(dataset, split, outcomes))
    write_json(folder / "run.json", {"command": f"spinedet benchmark 'a folder' --folds {folds}"})
    return folder


def write_progress(path: Path, epochs: int, random: np.random.Generator) -> None:
    path.parent.mkdir(parents=True)
    losses = 1.2 * np.exp(-np.arange(epochs) / 4) + 0.2 + random.normal(0, 0.02, epochs)
    rows = [
        {"epoch": number, "epochs": 12, "loss": float(loss), "seconds": 1.5, "parts": {}}
        for number, loss in enumerate(losses, start=1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def finish(job: Path, dataset: Dataset, name: str, fold: int, found: dict[str, Detections]) -> FoldOutcome:
    done = {
        "detector": name,
        "fold": fold,
        "epochs": 12,
        "train_seconds": 61.5 + fold,
        "predict_ms_per_image": {"median": 10.0 + len(name), "p90": 21.5},
        "peak_memory_mb": 900 + 100 * len(name),
        "versions": {"numpy": "2.4.1", name: "1.0"},
    }
    write_json(job / "done.json", done)
    write_predictions(job / "predictions.json", found, dataset.classes)
    return FoldOutcome(fold, read_predictions(job / "predictions.json", dataset), done)


def score(dataset: Dataset, split: Folds, outcomes: dict[str, list[FoldOutcome]]) -> Results:
    settings = {name: Settings(detector=name, size="n", recipe={"mosaic": 0.5}) for name in outcomes}
    return summarise(
        dataset, split, outcomes, settings, resamples=40, machine={"cores": 2}, versions={"numpy": "2.4.1"}
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its report."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", dataset)
    assert write_report(folder, dataset) == folder / "report.html"
    return folder


@pytest.fixture(scope="module")
def bare(dataset: Dataset) -> Dataset:
    """The same dataset without its images: a report then takes half the time."""
    return Dataset.load(dataset.folder, with_images=False)


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return (run / "report.html").read_text(encoding="utf-8")


def all_figures(results: Results) -> list[Figure]:
    return [figure for one in results.detectors.values() for figure in (one.map50, *one.ap50.values())]


def drawings(page: str) -> list[str]:
    """The SVG drawings embedded in a page."""
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    return [base64.b64decode(data).decode("utf-8") for data in found]


def test_report_prints_every_figure_of_the_results(run: Path, page: str) -> None:
    results = read_results(run / "results.json")
    for figure in all_figures(results):
        assert figure.ci95 is not None
        assert f"{figure.mean:.3f} ± {figure.sd:.3f}" in page
        assert f"{figure.pooled:.3f} [{figure.ci95[0]:.3f}, {figure.ci95[1]:.3f}]" in page
    for one in results.detectors.values():
        for value in (one.coco.ap, one.coco.ap50, one.coco.ap75, *(fold.map50 for fold in one.folds)):
            assert f"{value:.3f}" in page
        assert f"{one.predict_ms_per_image.median:.1f} ({one.predict_ms_per_image.p90:.1f})" in page
        assert f"{one.peak_memory_mb:,.0f}" in page


def test_curves_have_the_pooled_precision_of_the_table(run: Path, dataset: Dataset) -> None:
    """A curve that is redrawn from the detections ends at the figure that the table prints."""
    for one in read_run(run, dataset).detectors:
        for matches in match_detections(one.dataset, one.predictions):
            curve = precision_recall(matches)
            assert average_precision(curve) == pytest.approx(one.results.ap50[matches.label].pooled, abs=1e-12)


def test_report_needs_nothing_from_outside(page: str) -> None:
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert "<script" not in page
    assert "<link" not in page
    assert "url(" not in page
    assert "@import" not in page
    for drawing in drawings(page):
        assert re.findall(r'href="(?!#)[^"]*"', drawing) == []


def test_no_patient_is_named(page: str) -> None:
    words = re.sub(r'"data:[^"]*"', "", page)  # three letters may well occur in base64
    for text in (words, *drawings(page)):
        assert not [name for name in PATIENTS if name in text or name.split()[1] in text]


def test_names_are_escaped(page: str) -> None:
    """A class called <b>slip</b> is shown as it is called; it does not make anything bold."""
    assert "&lt;b&gt;slip&lt;/b&gt;" in page
    assert "<b>slip" not in page
    assert "Tiny &amp; small" in page


def test_figures_are_saved_beside_the_report(run: Path) -> None:
    drawn = ["comparison", "precision_recall", "training_curves", *(f"confusion_{name}" for name in DETECTORS)]
    wanted = {f"{name}.{kind}" for name in drawn for kind in ("png", "svg")}
    wanted |= {f"examples_{name}.png" for name in DETECTORS}
    assert {path.name for path in (run / "figures").iterdir()} == wanted
    with Bitmap.open(run / "figures" / "comparison.png") as bitmap:
        assert bitmap.info["dpi"] == pytest.approx((200, 200), abs=0.1)


def test_matplotlib_is_left_as_it_was(run: Path, dataset: Dataset) -> None:
    before = dict(matplotlib.rcParams)
    with style():
        assert matplotlib.rcParams["svg.hashsalt"] == "spinedet"
    assert dict(matplotlib.rcParams) == before


def test_report_keeps_the_command_and_the_settings(page: str) -> None:
    assert "spinedet benchmark &#39;a folder&#39; --folds 3" in page
    assert "recipe: mosaic" in page
    assert "Not a medical device" in page


def test_unfinished_folds_are_named_and_never_best(tmp_path: Path, bare: Dataset) -> None:
    """PP-YOLOv2 has one fold of three and YOLOv3 none: the first is shown without praise, the second is mentioned."""
    folder = make_run(tmp_path / "run", bare, unfinished={"yolov3": {1, 2, 3}, "ppyolov2": {2, 3}})
    page = write_report(folder, bare).read_text(encoding="utf-8")
    assert "PP-YOLOv2: fold 2, 3 not finished; its figures cover 1 of 3 folds." in page
    assert "YOLOv3: no fold finished yet." in page
    assert re.search(r"Pooled mAP50: YOLOv5 .*; PP-YOLOv2 .* \(1 of 3 folds; 95", page)
    assert len(re.findall(r">\s*unfinished\s*</td>", page)) == 2
    rows = tables.accuracy(read_run(folder, bare))[0].rows
    assert [(row[0].text, row[0].small) for row in rows] == [
        ("YOLOv5", "n, 320 px"),
        ("PP-YOLOv2", "n, 320 px, 1 of 3 folds"),
    ]
    assert not any(cell.best for row in rows for cell in row)  # nothing is left to compare with
    assert "±" not in rows[1][1].text


def test_a_run_without_a_finished_fold_has_a_report(tmp_path: Path, dataset: Dataset) -> None:
    folder = make_run(tmp_path / "run", dataset, unfinished={name: {1, 2, 3} for name in DETECTORS})
    page = write_report(folder, dataset).read_text(encoding="utf-8")
    assert "No detector has a figure yet." in page
    assert "<img" not in page


def test_no_detections_at_all(tmp_path: Path, dataset: Dataset) -> None:
    """A detector that finds nothing scores 0, misses everything, and gets its figures nevertheless."""
    split = make_folds(dataset, 2, 0)
    save_folds(tmp_path / "folds.json", split, dataset)
    done = [finish(tmp_path / f"fake/fold{fold.number}", dataset, "fake", fold.number, {}) for fold in split.folds]
    write_results(tmp_path / "results.json", score(dataset, split, {"fake": done}))
    page = write_report(tmp_path, dataset).read_text(encoding="utf-8")
    assert "0.000 ± 0.000" in page
    assert "<h2>Examples</h2>" in page
    assert "<h2>Training</h2>" not in page  # no job wrote an epoch


def test_a_class_without_objects_has_a_dash_and_a_note(tmp_path: Path) -> None:
    """The third class is declared and never drawn; a hold-out split has no SD either."""
    dataset = make_dataset(tmp_path / "data", classes=CLASSES[:2])
    fold, folder = hold_out(dataset, seed=0), tmp_path / "run"
    split = Folds(0, "patient", (fold,))
    save_folds(folder / "folds.json", split, dataset)
    found = {image: jitter(dataset, dataset[image], 0.9, np.random.default_rng(0)) for image in fold.test}
    outcome = finish(folder / "yolov5/fold0", dataset, "yolov5", 0, found)
    write_results(folder / "results.json", score(dataset, split, {"yolov5": [outcome]}))
    page = write_report(folder, dataset).read_text(encoding="utf-8")
    row = tables.accuracy(read_run(folder, dataset))[0].rows[0]
    assert row[4].text == DASH
    assert "±" not in row[1].text
    assert "No object to find in the finished test images: &lt;b&gt;slip&lt;/b&gt;." in page
    assert "a hold-out split grouped by patient" in page
    assert [row[0].text for row in tables.per_fold(read_run(folder, dataset)).rows] == ["hold-out"]


def test_annotations_alone_give_the_same_drawings_and_no_examples(run: Path, bare: Dataset, tmp_path: Path) -> None:
    """A report can be rebuilt at any time: the drawings are the same, byte for byte."""
    folder = shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("figures", "report.html"))
    page = write_report(folder, bare).read_text(encoding="utf-8")
    assert "<h2>Examples</h2>" not in page
    drawn = sorted((folder / "figures").iterdir())
    assert len(drawn) == 2 * (3 + len(DETECTORS))
    assert [path.name for path in drawn if path.read_bytes() != (run / "figures" / path.name).read_bytes()] == []


def test_another_dataset_is_refused(run: Path, dataset: Dataset) -> None:
    """Curves of other boxes would contradict the table."""
    other = dataset.subset(dataset.images[:4])
    with pytest.raises(InputError, match="not the one that this run was scored on"):
        write_report(run, other)


def judged(one: Contender) -> list[examples.Outcome]:
    found = one.predictions
    return [examples.judge(one.dataset, image, found[image], iou=0.5, score=0.25) for image in one.dataset.images]


def test_examples_count_as_the_evaluator_does(run: Path, dataset: Dataset) -> None:
    """Image by image, hits, false detections and missed objects add up to the evaluator's."""
    for one in read_run(run, dataset).detectors:
        outcomes = judged(one)
        shown = {image: found.above(0.25) for image, found in one.predictions.items()}
        matches = match_detections(one.dataset, shown)
        hits = sum(int(row.hit.sum()) for row in matches)
        assert sum(outcome.hits for outcome in outcomes) == hits
        assert sum(outcome.false for outcome in outcomes) == sum(len(row.hit) for row in matches) - hits
        assert (
            sum(int(outcome.missed.sum()) for outcome in outcomes) == sum(row.objects.sum() for row in matches) - hits
        )


def test_a_detection_on_a_difficult_object_is_neither(tmp_path: Path) -> None:
    """One box on a difficult object, one on nothing: one is left out, one is false, nothing is missed."""
    thing = VocObject("normal", Box(10, 10, 20, 20), difficult=True)
    item = Item("a", None, Annotation("a.png", 64, 64, (thing,)))
    dataset = Dataset(tmp_path, Card(), ("normal",), (item,))
    found = Detections.ranked([[10, 10, 20, 20], [40, 40, 50, 50]], [0.9, 0.8], [0, 0])
    outcome = examples.judge(dataset, "a", found, iou=0.5, score=0.25)
    assert outcome.verdict.tolist() == [examples.LEFT_OUT, examples.FALSE]
    assert (outcome.objects, outcome.hits, outcome.false, int(outcome.missed.sum())) == (0, 0, 1, 0)


def test_examples_are_chosen_by_f1_and_never_twice(run: Path, dataset: Dataset) -> None:
    one = read_run(run, dataset).detectors[0]
    outcomes = judged(one)
    random = examples.random_images(dataset.images, 3)
    best, drawn, worst = examples.choose(outcomes, random)
    images = [outcome.image for row in (best, drawn, worst) for outcome in row.outcomes]
    assert len(set(images)) == len(images) == 3 * examples.EACH
    assert {outcome.image for outcome in drawn.outcomes} == set(random)
    assert min(row.f1 for row in best.outcomes) >= max(row.f1 for row in worst.outcomes)
    others = [outcome.f1 for outcome in outcomes if outcome.image not in random]
    assert (best.outcomes[0].f1, worst.outcomes[0].f1) == (max(others), min(others))
    assert examples.random_images(dataset.images[::-1], 3) == random


@pytest.mark.parametrize(
    ("classes", "short"),
    [
        (("normal", "herniation", "spondylolisthesis"), ("N", "H", "S")),
        (("bulge", "bone"), ("Bu", "Bo")),
        (("slip", "slip II"), ("Slip", "Slip ")),
    ],
)
def test_initials_tell_the_classes_apart(classes: tuple[str, ...], short: tuple[str, ...]) -> None:
    assert examples.initials(classes) == short


def test_best_is_marked_by_what_is_printed() -> None:
    """0.8004 and 0.8001 both print as 0.800 and are both best; a missing figure never is."""
    rows = [[tables.plain(0.8004)], [tables.plain(0.8001)], [tables.plain(0.5)], [tables.plain(None)]]
    assert [cells[0].best for cells in tables.mark_best(rows, [False])] == [True, True, False, False]
    assert [cells[0].best for cells in tables.mark_best(rows, [True])] == [False, False, True, False]
    assert not tables.mark_best(rows[:1], [False])[0][0].best


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.25, "4.2 s"), (59.96, "1 min 00 s"), (192, "3 min 12 s"), (7505, "2 h 05 min"), (None, DASH)],
)
def test_durations_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert tables.duration(seconds) == text


def test_many_classes_go_on_in_a_second_block(tmp_path: Path) -> None:
    assert [len(block) for block in tables._blocks([f"c{number}" for number in range(10)])] == [4, 4, 2]


def test_a_steep_loss_is_drawn_on_a_logarithmic_scale() -> None:
    steep = figures.Loss(1, (1, 2, 3, 4, 5), (5000.0, 30.0, 20.0, 15.0, 12.0))
    gentle = figures.Loss(1, (1, 2), (2.0, 1.0))
    figure = figures.draw_training({"a": [steep], "b": [gentle]})
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]


def test_a_class_named_like_a_formula_keeps_its_name(tmp_path: Path) -> None:
    """Matplotlib would take $L_5$ for a formula, and an unfinished one for an error."""
    with style():
        figure = figures.draw_confusion(np.eye(3, dtype=np.int64), ["$L_5$", "$\\frac$"], "a detector")
        picture = save_drawing(figure, tmp_path, "confusion")
    assert picture.uri.startswith("data:image/svg+xml;base64,")
    assert (tmp_path / "confusion.svg").stat().st_size > 1000
