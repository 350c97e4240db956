"""`spinedet agreement` as a person types it, run in this process."""

import json
from pathlib import Path
from shutil import copytree

import pytest
from in_process import Said, spinedet


def agreement(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("agreement", *words)


@pytest.fixture
def annotated(two_classes: Path) -> Path:
    """Ann drew what the dataset has; so did Bob, but he has not done the last image."""
    for name in ("Ann", "Bob"):
        copytree(two_classes / "Annotations", two_classes / "annotators" / name)
    (two_classes / "annotators" / "Bob" / "p5_2.xml").unlink()
    return two_classes


def test_a_table_and_a_page(annotated: Path, tmp_path: Path) -> None:
    """Eleven images, eleven discs and six vertebrae, all alike."""
    said = agreement(annotated, "--annotators", "Ann,Bob", "--resamples", 20, "--out", tmp_path / "a.html")
    rows = [line.split() for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert rows[1][:6] == ["Ann,", "Bob", "all", "17", "/", "17"]
    assert "11 images; 1 left out, not finished by all: p5_2 (Bob)" in said.out
    assert said.out.splitlines()[-1] == f"Page: {tmp_path / 'a.html'}"
    assert (tmp_path / "a.html").is_file()


def test_json_has_every_figure_and_makes_no_page(
    annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = agreement(annotated, "--annotators", "Ann,Bob", "--resamples", 20, "--json", "--reference", "Annotations")
    found = json.loads(said.out)
    assert (said.code, found["images"], found["left_out"]) == (0, 11, {"p5_2": ["Bob"]})
    assert found["pairs"][0]["rows"][0]["f1"] == {"value": 1.0, "ci95": [1.0, 1.0], "count": 34, "of": 34}
    assert [pair["second"] for pair in found["reference"]] == ["Annotations", "Annotations"]
    assert not (tmp_path / "agreement.html").exists()


def test_the_page_goes_where_the_person_is(annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert agreement(annotated, "--annotators", "Ann,Bob", "--resamples", 0, "--no-pictures").code == 0
    assert "data:image/jpeg" not in (tmp_path / "agreement.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Ann"], "two annotators or more"),
        (["Ann,Ann"], "named twice"),
        (["Ann,Bo"], "did you mean 'Bob'?"),
        (["Ann,Bob", "--iou", "0"], "out of range"),
        (["Ann,Bob", "--task", "lumbar"], "A class is unknown"),
    ],
)
def test_what_cannot_be_compared_is_told(annotated: Path, tmp_path: Path, words: list[str], told: str) -> None:
    said = agreement(annotated, "--out", tmp_path / "a.html", "--annotators", *words)
    assert said.code == 2
    assert told in said.err
    assert not (tmp_path / "a.html").exists()
