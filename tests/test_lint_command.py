"""`spinedet lint` as a person types it, run in this process."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from in_process import Said, spinedet

from spinedet.annotations.history import restore


def lint(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("lint", *words)


@pytest.fixture
def clean(two_classes: Path) -> Path:
    """The set of two classes, with images that differ."""
    draws = np.random.default_rng(0)
    for path in sorted((two_classes / "JPEGImages").iterdir()):
        path.write_bytes(cv2.imencode(".png", draws.integers(0, 256, (48, 64), np.uint8))[1].tobytes())
    (two_classes / "dataset.yaml").write_text("classes: [disc, vertebra]\n", encoding="utf-8")
    return two_classes


@pytest.fixture
def faulty(clean: Path) -> Path:
    """One class written otherwise, one box drawn twice in nearly the same place."""
    path = clean / "Annotations" / "p0_2.xml"
    text = path.read_text("utf-8").replace("<name>disc", "<name>Disc")
    path.write_text(text, "utf-8")
    other = clean / "Annotations" / "p1_2.xml"
    text = other.read_text("utf-8")
    start, end = text.index("  <object>"), text.index("</annotation>")
    other.write_text(text[:end] + text[start:end].replace("<xmax>24", "<xmax>25") + text[end:], "utf-8")
    return clean


def test_a_clean_dataset_ends_with_nought(clean: Path) -> None:
    said = lint(clean, "--folds", 5)
    assert (said.code, said.err) == (0, "")
    assert said.out == "spinedet lint: nothing found in 12 annotations with 18 boxes and 12 images\n"


def test_errors_end_with_one_and_warnings_with_nought(faulty: Path) -> None:
    said = lint(faulty)
    assert said.code == 1
    assert "Annotations/p0_2.xml:9  error    C202" in said.out
    assert "1 error, 1 warning in 12 annotations" in said.out
    assert lint(faulty, "--ignore", "C202").code == 0
    assert lint(faulty, "--only", "B,P").code == 0


def test_fix_mends_and_restore_takes_it_back(faulty: Path) -> None:
    before = (faulty / "Annotations" / "p0_2.xml").read_bytes()
    said = lint(faulty, "--fix")
    assert said.code == 0
    assert "Annotations/p0_2.xml  mended   C202" in said.out
    assert "warning  B102" in said.out
    assert "mended" not in lint(faulty, "--fix").out
    restore(faulty / "Annotations" / "p0_2.xml")
    assert (faulty / "Annotations" / "p0_2.xml").read_bytes() == before


def test_json_is_json_alone(faulty: Path) -> None:
    said = lint(faulty, "--format", "json", "--no-pixels")
    record = json.loads(said.out)
    assert (said.code, record["pixels"], record["found"]) == (1, False, {"B102": 1, "C202": 1})


def test_a_report_goes_to_a_file_and_replaces_only_a_report(faulty: Path, tmp_path: Path) -> None:
    for form in ("html", "json", "text"):
        file = tmp_path / f"report.{form}"
        said = lint(faulty, "--format", form, "--out", file)
        assert said.code == 1
        assert f"the report is in {file}" in said.out
        assert "C202" in file.read_text("utf-8")
        assert lint(faulty, "--format", form, "--out", file).code == 1
    mine = tmp_path / "mine.txt"
    mine.write_text("my own words", "utf-8")
    said = lint(faulty, "--out", mine)
    assert (said.code, mine.read_text("utf-8")) == (2, "my own words")
    assert "is no report of this command" in said.err


def test_the_task_gives_classes_and_folds(clean: Path, tmp_path: Path) -> None:
    task = tmp_path / "mine.yaml"
    words = "{task: mine, about: a, classes: [disc, sacrum], box: b, positive: [disc], split: {folds: 9}}"
    task.write_text(words, "utf-8")
    found = json.loads(lint(clean, "--task", task, "--format", "json").out)["found"]
    assert found == {"C201": 6, "C205": 1, "P407": 1}
    found = json.loads(lint(clean, "--task", task, "--folds", 3, "--format", "json").out)["found"]
    assert found == {"C201": 6, "C205": 1}


def test_rules_are_listed_without_a_dataset() -> None:
    said = lint("--rules")
    assert said.code == 0
    assert "B101  warning  a box is drawn twice" in said.out


def test_help_names_every_option() -> None:
    said = lint("--help")
    assert said.code == 0
    for option in (
        "--annotator",
        "--task",
        "--folds",
        "--format",
        "--out",
        "--fix",
        "--no-pixels",
        "--only",
        "--ignore",
    ):
        assert option in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--format", "html"), "A page needs a file"),
        (("--format", "xml"), "--format"),
        (("--only", "Q"), "There is no such rule"),
        (("--folds", "1"), "--folds"),
        (("--task", "lumber"), "did you mean 'lumbar'"),
        (("--annotator", "Anna"), "There is no such annotator"),
    ],
)
def test_wrong_words_end_with_two(clean: Path, words: tuple[str, ...], told: str) -> None:
    said = lint(clean, *words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_missing_folder_or_none_is_told(tmp_path: Path) -> None:
    assert "There is no such dataset folder" in lint(tmp_path / "nowhere").err
    assert "There is no dataset to check" in lint().err


def test_a_bare_folder_is_a_finding(make_dataset: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing drawn and nobody's image: told as findings, in one go."""
    (tmp_path / "empty").mkdir()
    said = lint(tmp_path / "empty")
    assert said.code == 1
    assert "I308" in said.out
    assert "P401" in said.out
