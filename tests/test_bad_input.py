"""What people get wrong: every mistake ends in words that help, with exit code 2, and nothing is written."""

import io
import json
import re
import shutil
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spinedet.cli import main

Hurt = Callable[[Path], object]

DETAILS = ("expected:", "found:", "where:", "to do:")
"""What a message can say beside its first sentence; one of them it has to."""


def spinedet(*words: object) -> tuple[int, str]:
    """Run one command; returns its exit code and all that it said, lines joined."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", ["spinedet", *map(str, words)])
        code = main()
    assert "Traceback" not in said.getvalue()
    return code, said.getvalue()


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path below a folder with its size and time."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def refused(room: Path, *words: object) -> str:
    """Run a command that must be refused and must leave everything in `room` as it was; returns what it said."""
    before = tree(room)
    code, said = spinedet(*words)
    assert code == 2, said
    assert tree(room) == before
    return said


def told(said: str) -> None:
    """An error of ours names itself and helps with at least one detail."""
    assert said.count("error:") == 1
    assert any(detail in said for detail in DETAILS)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def annotation(folder: Path) -> Path:
    return folder / "Annotations" / "p0_1.xml"


def image(folder: Path) -> Path:
    return folder / "JPEGImages" / "p0_1.png"


def no_xml(folder: Path) -> None:
    for path in (folder / "Annotations").iterdir():
        path.unlink()


def half_an_image(folder: Path, suffix: str) -> None:
    """A copy that stopped half-way: the header is whole, the pixels are not."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 64), np.uint8)
    data = cv2.imencode(suffix, noise)[1].tobytes()
    image(folder).unlink()
    image(folder).with_suffix(suffix).write_bytes(data[: len(data) // 2])


def bomb(folder: Path) -> None:
    """A PNG of 100 bytes that says it has ten thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    image(folder).write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def one_patient_has_it(folder: Path) -> None:
    for path in (folder / "Annotations").iterdir():
        if path != annotation(folder) and "vertebra" in path.read_text(encoding="utf-8"):
            rewrite(path, "vertebra", "disc")


def patients(folder: Path) -> Path:
    return folder / "patients.csv"


HURT: dict[str, tuple[Hurt, tuple[str, ...]]] = {
    "missing folder": (shutil.rmtree, ("There is no such dataset folder", "where:", "to do:")),
    "no annotations": (no_xml, ("no annotations", "LabelImg")),
    "no folder of annotations": (lambda folder: shutil.rmtree(folder / "Annotations"), ("no annotations",)),
    "no folder of images": (lambda folder: shutil.rmtree(folder / "JPEGImages"), ("have no image", "12 without")),
    "annotation without image": (lambda folder: image(folder).unlink(), ("have no image", "p0_1.xml", "1 without")),
    "image without annotation": (
        lambda folder: annotation(folder).unlink(),
        ("no annotation", "p0_1.xml", "1 without"),
    ),
    "annotation cut off": (
        lambda folder: annotation(folder).write_text("<annotation>\n <size>\n", encoding="utf-8"),
        ("damaged", "well-formed XML", r"p0_1\.xml:[23]"),
    ),
    "empty annotation": (lambda folder: annotation(folder).write_bytes(b""), ("damaged", r"p0_1\.xml")),
    "half a PNG": (lambda folder: half_an_image(folder, ".png"), ("damaged", r"p0_1\.png")),
    "half a JPEG": (lambda folder: half_an_image(folder, ".jpg"), ("damaged", r"p0_1\.jpg")),
    "text as image": (lambda folder: image(folder).write_text("words", encoding="utf-8"), ("damaged", r"p0_1\.png")),
    "image bomb": (bomb, ("too large", "100000 x 100000|1,?0+", r"p0_1\.png")),
    "image of another size": (
        lambda folder: rewrite(annotation(folder), "<width>64<", "<width>65<"),
        ("another size", "65 x 48", "64 x 48"),
    ),
    "unknown class": (
        lambda folder: (folder / "dataset.yaml").write_text("classes: [disc, vertebrae]", encoding="utf-8"),
        ("class is unknown", "disc, vertebrae; did you mean 'vertebrae'", r"p0_1\.xml", "'vertebra'"),
    ),
    "box outside": (
        lambda folder: rewrite(annotation(folder), "<xmax>24<", "<xmax>240<"),
        ("leaves the image", "inside 0 0 64 48", r"p0_1\.xml:\d+"),
    ),
    "box without area": (
        lambda folder: rewrite(annotation(folder), "<xmax>24<", "<xmax>4<"),
        ("no area", r"p0_1\.xml:\d+", "LabelImg"),
    ),
    "corner in words": (
        lambda folder: rewrite(annotation(folder), "<xmax>24<", "<xmax>wide<"),
        ("not a number", "'wide'", r"p0_1\.xml:\d+"),
    ),
    "no patients": (lambda folder: patients(folder).unlink(), ("patient", "each-image-is-a-patient")),
    "patients with other columns": (
        lambda folder: rewrite(patients(folder), "image,patient", "file,case"),
        ("columns", "image,patient", "file,case", r"patients\.csv:1"),
    ),
    "image without patient": (
        lambda folder: rewrite(patients(folder), "p0_1,P0\n", ""),
        ("no patient", "1 without: p0_1", r"patients\.csv"),
    ),
    "image listed twice": (
        lambda folder: rewrite(patients(folder), "p0_2,P0", "p0_1,P3"),
        ("listed twice", "p0_1", r"patients\.csv:3"),
    ),
    "class of one patient": (one_patient_has_it, ("one patient alone: vertebra", "--allow-rare")),
}


@pytest.mark.parametrize("hurt", HURT)
def test_damaged_dataset(two_classes: Path, tmp_path: Path, hurt: str) -> None:
    spoil, words = HURT[hurt]
    spoil(two_classes)
    run = ("benchmark", two_classes, "--detectors", "fake", "--folds", 3, "--out", tmp_path / "run")
    said = refused(tmp_path, *run)
    told(said)
    for word in words:
        assert re.search(word, said), said


def test_a_misspelt_class_of_a_task(make_dataset: Any, tmp_path: Path) -> None:
    folder = make_dataset({"a": ("ann", [("normal", 1, 1, 9, 9)]), "b": ("bob", [("herniaton", 1, 1, 9, 9)])})
    said = refused(tmp_path, "folds", folder, "--task", "lumbar", "--folds", 2, "--out", tmp_path / "folds.json")
    assert "normal, herniation, spondylolisthesis; did you mean 'herniation'?" in said
    assert "b.xml" in said


def test_the_way_out_of_a_rare_class(two_classes: Path, tmp_path: Path) -> None:
    one_patient_has_it(two_classes)
    words = ("folds", two_classes, "--folds", 3, "--out", tmp_path / "folds.json", "--allow-rare")
    code, said = spinedet(*words)
    assert code == 0
    assert "warning: Class 'vertebra' (1 patient) is missing from the training part" in said


def test_more_folds_than_patients(two_classes: Path, tmp_path: Path) -> None:
    for count in (7, 10**9):
        said = refused(tmp_path, "folds", two_classes, "--folds", count, "--out", tmp_path / "folds.json")
        assert "at most 6 folds for 6 patients" in said


WRONG_WORDS: dict[str, tuple[tuple[object, ...], str]] = {
    "detector": (("--detectors", "yolov6"), r"yolov3, yolov5, ppyolov2.*did you mean 'yolov"),
    "no detector": (("--detectors", ""), "There is no such detector"),
    "detector twice": (("--detectors", "fake,fake"), "named twice"),
    "size": (("--detectors", "yolov5:q"), "one of n, s, m, l, x"),
    "preset": (("--detectors", "fake", "--preset", "tyny"), "did you mean 'tiny'"),
    "task": (("--detectors", "fake", "--task", "lumber"), "did you mean 'lumbar'"),
    "task file": (("--detectors", "fake", "--task", "my.yaml"), "task file cannot be read"),
    "device": (("--detectors", "fake", "--device", "gpu"), "device = gpu"),
    "image set": (("--detectors", "fake", "--image-set", "train"), "no such image set"),
    "image size": (("--detectors", "fake", "--image-size", 100), "multiple of 32.*image_size = 100|image_size = 100"),
    "negative size": (("--detectors", "fake", "--image-size", -32), "image_size = -32"),
    "no epochs": (("--detectors", "fake", "--epochs", 0), "--epochs"),
    "negative batch": (("--detectors", "fake", "--batch", -1), "--batch"),
    "negative rate": (("--detectors", "fake", "--learning-rate", -1), "learning_rate = -1"),
    "no jobs": (("--detectors", "fake", "--jobs", 0), "--jobs"),
    "negative seed": (("--detectors", "fake", "--seed", -1), "--seed"),
    "one fold": (("--detectors", "fake", "--folds", 1), "at least 2 folds"),
    "negative folds": (("--detectors", "fake", "--folds", -3), "at least 2 folds"),
    "folds in words": (("--detectors", "fake", "--folds", "five"), "--folds"),
    "folds file": (("--detectors", "fake", "--folds-file", "none.json"), "no folds file to read"),
    "weights": (("--detectors", "fake", "--weights", "none.pt"), r"no weights file(.|\n)*none\.pt"),
}


@pytest.mark.parametrize("case", WRONG_WORDS)
def test_wrong_words_of_a_benchmark(two_classes: Path, tmp_path: Path, case: str) -> None:
    words, expected = WRONG_WORDS[case]
    run = ("benchmark", two_classes, "--folds", 3, "--out", tmp_path / "run")
    assert re.search(expected, refused(tmp_path, *run, *words))


@pytest.mark.parametrize("shares", ["0.5,0.5", "a,b,c", "0.9,0.9,0.9", "1,0,0", "nan,nan,nan", "2,0,-1"])
def test_impossible_shares(two_classes: Path, tmp_path: Path, shares: str) -> None:
    words = ("folds", two_classes, "--hold-out", shares, "--out", tmp_path / "folds.json")
    told(refused(tmp_path, *words))


@pytest.mark.parametrize("ratio", [-0.1, 1, 2, "nan"])
def test_impossible_validation_share(two_classes: Path, tmp_path: Path, ratio: object) -> None:
    words = ("train", two_classes, "--detector", "fake", "--val-ratio", ratio, "--out", tmp_path / "job")
    told(refused(tmp_path, *words))


@pytest.mark.parametrize("iou", [0, -0.5, 1.5, "nan"])
def test_impossible_overlap(two_classes: Path, tmp_path: Path, iou: object) -> None:
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    told(refused(tmp_path, "evaluate", two_classes, tmp_path / "none.json", "--iou", iou))


@pytest.mark.parametrize("patients", [0, -5, 10_000])
def test_impossible_number_of_phantoms(tmp_path: Path, patients: int) -> None:
    said = refused(tmp_path, "phantom", "lumbar", "--patients", patients, "--out", tmp_path / "made")
    assert "1 to 9999" in said


ENTRY = {"image": "p0_1", "label": "disc", "box": [1, 1, 9, 9], "score": 0.5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[", r"no valid JSON(.|\n)*found\.json:1"),
        ("{}", "not a predictions file"),
        (json.dumps([{**ENTRY, "image": "p9_9"}]), r"unknown image(.|\n)*'p9_9'(.|\n)*entry 1"),
        (json.dumps([ENTRY, {**ENTRY, "label": "disk"}]), r"did you mean 'disc'(.|\n)*'disk'(.|\n)*entry 2"),
        (json.dumps([{**ENTRY, "box": [9, 9, 1, 1]}]), "inside out"),
        (json.dumps([{**ENTRY, "score": None}]), "score"),
        (json.dumps([{**ENTRY, "score": float("nan")}]), "score"),
    ],
)
def test_wrong_predictions(two_classes: Path, tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "found.json"
    file.write_text(text, encoding="utf-8")
    said = refused(tmp_path, "evaluate", two_classes, file)
    told(said)
    assert re.search(expected, said)


@pytest.mark.parametrize("name", ["", "nowhere.json"])
def test_missing_predictions(two_classes: Path, tmp_path: Path, name: str) -> None:
    assert "no predictions file to read" in refused(tmp_path, "evaluate", two_classes, tmp_path / name)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A phantom of two patients and a finished training job on it."""
    room = tmp_path_factory.mktemp("done")
    assert spinedet("phantom", "lumbar", "--patients", 2, "--out", room / "data")[0] == 0
    assert spinedet("train", room / "data", "--detector", "fake", "--out", room / "job")[0] == 0
    return room / "data", room / "job"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--epochs", 5), "epochs was 2, is 5"),
        (("--seed", 1), "seed was 0, is 1"),
        (("--image-size", 96), "image_size was 64, is 96"),
    ],
)
def test_a_folder_that_holds_another_job(done: tuple[Path, Path], words: tuple[object, ...], expected: str) -> None:
    data, job = done
    said = refused(job, "train", data, "--detector", "fake", "--out", job, *words)
    assert "holds another run" in said
    assert expected in said


def test_a_folder_that_holds_another_benchmark(two_classes: Path, tmp_path: Path) -> None:
    run = ("benchmark", two_classes, "--detectors", "fake", "--folds", 2, "--out", tmp_path / "run")
    assert spinedet(*run)[0] == 0
    assert "other folds" in refused(tmp_path, *run, "--seed", 1)
    assert "epochs was 2, is 4" in refused(tmp_path, *run, "--epochs", 4)
    rewrite(annotation(two_classes), "<xmax>24<", "<xmax>23<")
    assert "holds another run" in refused(tmp_path, *run)


@pytest.mark.parametrize("command", ["train", "benchmark", "phantom"])
def test_a_folder_that_holds_something_else(two_classes: Path, tmp_path: Path, command: str) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years", encoding="utf-8")
    words: dict[str, tuple[object, ...]] = {
        "train": ("train", two_classes, "--detector", "fake", "--out", mine),
        "benchmark": ("benchmark", two_classes, "--detectors", "fake", "--folds", 2, "--out", mine),
        "phantom": ("phantom", "lumbar", "--patients", 1, "--out", mine),
    }
    told(refused(tmp_path, *words[command]))


@pytest.mark.parametrize("command", ["train", "benchmark", "phantom", "predict"])
def test_a_file_where_the_output_should_go(
    done: tuple[Path, Path], two_classes: Path, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "file"
    file.write_text("words", encoding="utf-8")
    data, job = done
    words: dict[str, tuple[object, ...]] = {
        "train": ("train", two_classes, "--detector", "fake", "--out", file),
        "benchmark": ("benchmark", two_classes, "--detectors", "fake", "--folds", 2, "--out", file),
        "phantom": ("phantom", "lumbar", "--patients", 1, "--out", file),
        "predict": ("predict", job / "model", data / "JPEGImages", "--out", file),
    }
    said = refused(tmp_path, *words[command])
    told(said)
    assert str(file) in said


def test_results_never_go_among_the_images(done: tuple[Path, Path]) -> None:
    data, job = done
    predict = ("predict", job / "model", data / "JPEGImages", "--out")
    assert "folder of the images" in refused(data, *predict, data / "JPEGImages")
    assert "folder of annotations" in refused(data, *predict, data / "Annotations")
    assert "folder of annotations" in refused(data, *predict, data)
    assert "training job" in refused(job, *predict, job)


def test_a_prediction_never_replaces_what_was_drawn(done: tuple[Path, Path], tmp_path: Path) -> None:
    """Predictions may be predicted again; a file that somebody has saved in LabelImg may not."""
    data, job = done
    predict = ("predict", job / "model", data / "JPEGImages", "--format", "voc", "--out", tmp_path / "found")
    assert [spinedet(*predict)[0] for _ in range(2)] == [0, 0]
    corrected = sorted((tmp_path / "found").iterdir())[0]
    rewrite(corrected, "spinedet prediction", "Unknown")
    said = refused(tmp_path, *predict)
    assert "would be overwritten" in said
    assert str(corrected) in said


def test_what_cannot_be_predicted(done: tuple[Path, Path], tmp_path: Path) -> None:
    data, job = done
    good = sorted((data / "JPEGImages").iterdir())[0]
    room = tmp_path / "images"
    room.mkdir()
    predict = ("predict", job / "model")
    out = ("--out", tmp_path / "out")
    assert "no such image" in refused(tmp_path, *predict, room / "none.png", *out)
    assert "has no images" in refused(tmp_path, *predict, room, *out)
    for name in ("a.jpg", "a.jpeg"):
        shutil.copy(good, room / name)
    assert "same name" in refused(tmp_path, *predict, room, *out)
    (room / "a.jpeg").rename(room / "z.jpeg")
    (room / "z.jpeg").write_bytes(good.read_bytes()[:20_000])
    assert re.search(r"damaged(.|\n)*z\.jpeg", refused(tmp_path, *predict, room, *out))
    assert "did you mean 'json'" in refused(tmp_path, *predict, good, *out, "--format", "jsn")
    assert "--score" in refused(tmp_path, *predict, good, *out, "--score", 2)
    assert "--threads" in refused(tmp_path, *predict, good, *out, "--threads", -1)


def test_what_is_no_model(done: tuple[Path, Path], tmp_path: Path) -> None:
    data, job = done
    words = (data / "JPEGImages", "--out", tmp_path / "out")
    assert "not a model folder" in refused(tmp_path, "predict", tmp_path / "nowhere", *words)
    assert "not a model folder" in refused(tmp_path, "predict", job, *words)
    model = shutil.copytree(job / "model", tmp_path / "model")
    (model / "model.onnx").write_bytes(b"other weights")
    assert "copy the model folder again" in refused(tmp_path, "predict", model, *words)
    (model / "model.json").write_text("{}", encoding="utf-8")
    assert "model card cannot be used" in refused(tmp_path, "predict", model, *words)
