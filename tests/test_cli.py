"""Every command as a person types it, run in this process on tiny datasets with the fake detector."""

import csv
import io
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from in_process import Said, spinedet

from spinedet import actions
from spinedet.annotations.voc import read_voc
from spinedet.cli import main
from spinedet.commands.phantoms import WHOLE_IMAGES
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import load_folds

VECTOR = Path(__file__).parents[2] / "shared" / "reference" / "voc_vector"

VECTOR_AP = {
    (0.1, "all-point"): 0.3371980676,
    (0.1, "11-point"): 0.3333333333,
    (0.3, "all-point"): 0.2456866805,
    (0.3, "11-point"): 0.2683982684,
    (0.5, "all-point"): 0.0222222222,
    (0.5, "11-point"): 0.0303030303,
    (0.75, "all-point"): 0.0,
    (0.75, "11-point"): 0.0,
}
"""Published AP of the VOC vector (rafaelpadilla/review_object_detection_metrics) by IoU and rule."""

OBJECT = """<object><name>{name}</name><bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin>\
<xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox></object>"""


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def stamps(folder: Path, *names: str) -> dict[Path, int]:
    """When the files of these names were last written."""
    return {path: path.stat().st_mtime_ns for name in names for path in folder.rglob(name)}


@pytest.fixture(scope="module")
def lumbar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lumbar phantom of four patients."""
    folder = tmp_path_factory.mktemp("phantom") / "lumbar"
    assert spinedet("phantom", "lumbar", "--patients", 4, "--seed", 1, "--out", folder).code == 0
    return folder


@pytest.fixture(scope="module")
def run(lumbar: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A finished benchmark of the fake detector on two folds, and what it said."""
    folder = tmp_path_factory.mktemp("benchmark") / "run"
    return folder, spinedet(
        "benchmark", lumbar, "--detectors", "fake", "--folds", 2, "--task", "lumbar", "--out", folder
    )


@pytest.fixture(scope="module")
def model(lumbar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of the fake detector, trained on the whole phantom."""
    job = tmp_path_factory.mktemp("train") / "job"
    said = spinedet("train", lumbar, "--detector", "fake", "--epochs", 3, "--out", job)
    assert (said.code, str(job / "model") in said.out) == (0, True)
    return job / "model"


def test_phantom_makes_a_dataset_and_counts_it(tmp_path: Path) -> None:
    said = spinedet("phantom", "lumbar", "--patients", 2, "--out", tmp_path / "made")
    data = Dataset.load(tmp_path / "made")
    assert said.code == 0
    assert f"{len(data)} images of 2 patients" in said.out
    assert f"{data.counts()['normal']} normal" in said.out


def test_folds_show_every_part_and_can_be_loaded(two_classes: Path, tmp_path: Path) -> None:
    said = spinedet("folds", two_classes, "--folds", 3, "--seed", 5, "--out", tmp_path / "folds.json")
    made = load_folds(tmp_path / "folds.json", Dataset.load(two_classes))
    assert (said.code, len(made.folds), made.seed) == (0, 3, 5)
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[0] == ["fold", "part", "images", "patients", "disc", "vertebra"]
    assert rows[1:] == [
        [str(fold), part, *numbers]
        for fold in (1, 2, 3)
        for part, numbers in (("train", ["8", "4", "8", "4"]), ("test", ["4", "2", "4", "2"]))
    ]


def test_folds_can_be_one_hold_out_split(two_classes: Path, tmp_path: Path) -> None:
    said = spinedet("folds", two_classes, "--hold-out", "0.5,0.25,0.25", "--out", tmp_path / "split.json")
    (fold,) = load_folds(tmp_path / "split.json", Dataset.load(two_classes)).folds
    assert (said.code, fold.number) == (0, 0)
    assert min(len(fold.train), len(fold.val), len(fold.test)) > 0


def test_folds_never_overwrite_a_file(two_classes: Path, tmp_path: Path) -> None:
    file = tmp_path / "folds.json"
    file.write_text("mine", encoding="utf-8")
    said = spinedet("folds", two_classes, "--folds", 2, "--out", file)
    assert (said.code, file.read_text(encoding="utf-8")) == (2, "mine")
    assert str(file) in said.err


def test_an_image_can_be_its_own_patient(make_dataset: Any, tmp_path: Path) -> None:
    rows = {name: ("", [("disc", 1, 1, 9, 9)]) for name in "abcd"}
    folder = make_dataset(rows, patients=False)
    words = ("folds", folder, "--folds", 2, "--out", tmp_path / "folds.json")
    refused = spinedet(*words)
    assert refused.code == 2
    assert "--each-image-is-a-patient" in refused.err
    assert spinedet(*words, "--each-image-is-a-patient").code == 0
    assert read(tmp_path / "folds.json")["grouped_by"] == "image"


def test_train_leaves_a_job_that_is_not_done_twice(lumbar: Path, model: Path) -> None:
    before = stamps(model.parent, "*")
    said = spinedet("train", lumbar, "--detector", "fake", "--epochs", 3, "--out", model.parent)
    assert (said.code, stamps(model.parent, "*")) == (0, before)
    assert read(model.parent / "done.json")["epochs"] == 3


def test_train_sets_patients_aside_for_validation(two_classes: Path, tmp_path: Path) -> None:
    said = spinedet("train", two_classes, "--detector", "fake:one", "--val-ratio", 0.34, "--out", tmp_path / "job")
    job = read(tmp_path / "job" / "job.json")
    assert (said.code, len(job["train"]), len(job["val"])) == (0, 8, 4)


def test_predict_draws_and_writes_what_can_be_read_again(lumbar: Path, model: Path, tmp_path: Path) -> None:
    said = spinedet("predict", model, lumbar / "JPEGImages", "--out", tmp_path / "found", "--score", 0.5)
    data = Dataset.load(lumbar)
    assert (said.code, said.out.split(" images")[0]) == (0, str(len(data)))
    for item in data.items:
        drawn = cv2.imdecode(np.fromfile(tmp_path / "found" / f"{item.image}.png", np.uint8), cv2.IMREAD_COLOR)
        written = read_voc(tmp_path / "found" / f"{item.image}.xml")
        assert drawn is not None
        assert drawn.shape == (item.annotation.height, item.annotation.width, 3)
        assert (written.width, written.height) == (item.annotation.width, item.annotation.height)
        assert {thing.name for thing in written.objects} <= set(data.classes)
        assert written.objects
    rows = read(tmp_path / "found" / "predictions.json")
    assert {row["image"] for row in rows} == set(data.images)


def test_predict_writes_the_asked_formats_alone(lumbar: Path, model: Path, tmp_path: Path) -> None:
    one = next((lumbar / "JPEGImages").iterdir())
    assert spinedet("predict", model, one, "--format", "json", "--out", tmp_path / "found").code == 0
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["predictions.json"]


def test_predictions_are_scored(lumbar: Path, model: Path, tmp_path: Path) -> None:
    spinedet("predict", model, lumbar / "JPEGImages", "--format", "json", "--out", tmp_path)
    words = ("evaluate", lumbar, tmp_path / "predictions.json", "--resamples", 50)
    table, exact = spinedet(*words), spinedet(*words, "--json")
    found = json.loads(exact.out)
    assert (table.code, exact.code) == (0, 0)
    assert found["mean_ap"] > 0
    assert f"mAP {found['mean_ap']:.4f}" in table.out
    assert all(row["label"] in table.out for row in found["classes"])


def test_evaluate_needs_no_image(make_dataset: Any, tmp_path: Path) -> None:
    folder = make_dataset({"a": ("ann", [("disc", 1, 1, 20, 10)])}, images=False, patients=False)
    file = tmp_path / "predictions.json"
    file.write_text('[{"image": "a", "label": "disc", "box": [0, 0, 20, 10], "score": 0.5}]', encoding="utf-8")
    said = spinedet("evaluate", folder, file, "--json")
    assert (said.code, json.loads(said.out)["mean_ap"]) == (0, 1.0)


def test_odd_names_are_names(make_dataset: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Umlauts, spaces, dots, brackets, a trailing slash, a relative path: a folder as it lies on a surgeon's desk."""
    boxes = [("Wirbelkörper", 1, 1, 20, 10)]
    rows = {name: (f"Müller {name}", boxes) for name in ("Röntgen 1.2", "L5 [a]", "c", "d")}
    make_dataset(rows).rename(tmp_path / "Übung [1].v2")
    monkeypatch.chdir(tmp_path)
    trained = spinedet("train", "Übung [1].v2/", "--detector", "fake", "--out", "Lauf [/x]/Ä")
    assert (trained.code, "Lauf [/x]/Ä" in trained.out.replace("\\", "/")) == (0, True)
    predict = (
        "predict",
        "Lauf [/x]/Ä/model/",
        "Übung [1].v2/JPEGImages/",
        "--out",
        "Ergebnis ö",
        "--format",
        "voc, json",
    )
    assert spinedet(*predict).code == 0
    found = {path.name for path in (tmp_path / "Ergebnis ö").iterdir()}
    assert found == {*(f"{name}.xml" for name in rows), "predictions.json"}
    scored = spinedet("evaluate", "./Übung [1].v2", "Ergebnis ö/predictions.json", "--json")
    assert json.loads(scored.out)["mean_ap"] == 1.0


def test_a_pipe_without_umlauts_ends_no_command(make_dataset: Any, tmp_path: Path) -> None:
    """A console of another code page shows a question mark for a letter that it does not have."""
    folder = make_dataset({"a": ("ann", [("Wirbelkörper", 1, 1, 20, 10)])}, images=False)
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setattr(sys, "argv", ["spinedet", "evaluate", str(folder), str(tmp_path / "none.json")])
        assert main() == 0
    out.flush()
    assert b"Wirbelk?rper" in out.buffer.getvalue()


def test_brackets_in_a_class_are_no_markup(make_dataset: Any, tmp_path: Path) -> None:
    """A rich console takes [l4] for a style and [/l4] for its end."""
    folder = make_dataset({"a": ("ann", [("disc [l4]", 1, 1, 20, 10), ("end [/l4]", 1, 11, 20, 20)])}, images=False)
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    said = spinedet("evaluate", folder, tmp_path / "none.json")
    assert said.code == 0
    assert "disc [l4]" in said.out
    assert "end [/l4]" in said.out


def _vector_xml(rows: Sequence[dict[str, str]]) -> str:
    objects = "".join(OBJECT.format(**row) for row in rows)
    return f"<annotation><size><width>200</width><height>200</height></size>{objects}</annotation>"


@pytest.fixture(scope="module")
def vector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published vector as annotations without images, and `predictions.json` in continuous edges."""
    if not VECTOR.is_dir():
        pytest.skip("the VOC vector is not beside this checkout")
    folder = tmp_path_factory.mktemp("vector")
    truth, found = (
        list(csv.DictReader((VECTOR / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
        for name in ("ground_truth", "detections")
    )
    (folder / "Annotations").mkdir()
    for image in {row["image"] for row in truth}:
        text = _vector_xml([row for row in truth if row["image"] == image])
        (folder / "Annotations" / f"{image}.xml").write_text(text, encoding="utf-8")
    entries = [
        {
            "image": row["image"],
            "label": row["name"],
            "box": [float(row["xmin"]) - 1, float(row["ymin"]) - 1, float(row["xmax"]), float(row["ymax"])],
            "score": float(row["score"]),
        }
        for row in found
    ]
    (folder / "predictions.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("iou", "rule"), VECTOR_AP)
def test_published_average_precision(vector: Path, iou: float, rule: str) -> None:
    said = spinedet("evaluate", vector, vector / "predictions.json", "--iou", iou, "--ap", rule, "--json")
    assert said.code == 0
    assert json.loads(said.out)["mean_ap"] == pytest.approx(VECTOR_AP[iou, rule], abs=1e-6)


def test_benchmark_leaves_results_report_and_figures(run: tuple[Path, Said], lumbar: Path) -> None:
    folder, said = run
    assert said.code == 0
    results = read(folder / "results.json")
    assert [row["fold"] for row in results["detectors"]["fake"]["folds"]] == [1, 2]
    assert results["dataset"]["fingerprint"] == Dataset.load(lumbar).fingerprint()
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "fake" in report
    assert str(lumbar.parent) not in report
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".svg"}
    assert f"Report: {folder / 'report.html'}" in said.out
    assert "spondylolisthesis" in said.out
    assert "fake/fold2" in said.err


def test_benchmark_done_again_trains_nothing(run: tuple[Path, Said], lumbar: Path) -> None:
    folder, first = run
    names = ("done.json", "progress.jsonl", "log.txt", "model.onnx", "predictions.json")
    before = stamps(folder, *names)
    again = spinedet("benchmark", lumbar, "--detectors", "fake", "--folds", 2, "--task", "lumbar", "--out", folder)
    assert (again.code, again.out) == (0, first.out)
    assert len(before) == 2 * len(names)
    assert stamps(folder, *names) == before


def test_the_command_in_the_report_can_be_typed_and_shows_no_path(lumbar: Path) -> None:
    words = (
        "benchmark",
        str(lumbar),
        "--detectors",
        "fake",
        "--weights=/home/ann/my best.pt",
        "--out",
        "/home/ann/run",
    )
    shown = actions.command_line(words, Dataset.load(lumbar))
    assert shown == "spinedet benchmark 'lumbar phantom' --detectors fake '--weights=my best.pt' --out run"


def test_benchmark_takes_folds_from_a_file(two_classes: Path, tmp_path: Path) -> None:
    spinedet("folds", two_classes, "--hold-out", "0.6,0.2,0.2", "--out", tmp_path / "split.json")
    words = ("--detectors", "fake", "--folds-file", tmp_path / "split.json", "--out", tmp_path / "run")
    assert spinedet("benchmark", two_classes, *words).code == 0
    assert (tmp_path / "run" / "fake" / "fold0" / "done.json").exists()
    assert read(tmp_path / "run" / "folds.json")["folds"] == read(tmp_path / "split.json")["folds"]


def test_work_that_fails_ends_with_one(two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Published weights are announced before they are fetched; without a network the file can be brought by hand."""

    def no_network(*_: object, **__: object) -> None:
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    said = spinedet("train", two_classes, "--detector", "yolov5:n", "--weights", "coco", "--out", tmp_path / "job")
    assert said.code == 1
    announced, failed = said.err.split("error:")
    assert "Fetching https://" in announced
    assert "--weights PATH" in failed
    assert not (tmp_path / "job").exists()


def test_ctrl_c_ends_in_words(two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "score", pressed)
    said = spinedet("evaluate", two_classes, tmp_path / "found.json")
    assert (said.code, said.out) == (1, "")
    assert "error: Stopped." in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("no-such-command",), "no-such-command"),
        (("folds",), "DATASET"),
        (("benchmark", "folder"), "--out"),
        (("folds", "folder", "--seed", "-1"), "--seed"),
        (("evaluate", "folder", "file.json", "--ap", "12-point"), "11-point"),
    ],
)
def test_wrong_words_end_with_two(words: tuple[str, ...], told: str) -> None:
    said = spinedet(*words)
    assert said.code == 2
    assert told in said.err


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("phantom",),
        ("phantom", "lumbar"),
        ("folds",),
        ("train",),
        ("benchmark",),
        ("predict",),
        ("evaluate",),
        ("anchors",),
        ("annotate",),
        ("diagnostic",),
        ("regions",),
        *(("phantom", what) for what in WHOLE_IMAGES),
        ("task",),
        *(("task", word) for word in ("check", "list", "show")),
        *(("import", kind) for kind in ("labels", "folders")),
        ("history",),
        ("restore",),
        ("lint",),
        ("describe",),
        ("consensus",),
        ("agreement",),
        ("import",),
        *(("import", kind) for kind in ("yolo", "coco", "csv", "labelme", "masks", "cvat")),
        ("export",),
        *(("export", kind) for kind in ("yolo", "coco", "csv", "labelme", "masks")),
    ],
)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    said = spinedet(*command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Usage:" in said.out


def test_python_m_spinedet_is_spinedet(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "spinedet", "evaluate", "no-such-folder", "no.json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no such dataset folder" in done.stderr
