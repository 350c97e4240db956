"""`spinedet study simulate`: power by size, and a real study folder read by readers of stated skill."""

import json
from pathlib import Path

from in_process import spinedet
from small_study import write_images

PATIENTS = {f"pat{number}": {f"pat{number}_a": ["disc", "disc", "rare"]} for number in range(8)}

QUICK = ("--studies", 20, "--images", "10,20", "--readers", "1,2", "--discs", 3)


def make(folder: Path) -> Path:
    data = write_images(folder / "data", PATIENTS)
    words = ("--images", 5, "--readers", "R1,R2", "--positive", "rare", "--practice", 1, "--out", folder / "study")
    assert spinedet("study", "new", data, *words).code == 0
    return folder / "study"


def test_every_size_has_its_power() -> None:
    said = spinedet("study", "simulate", *QUICK, "--json")
    rows = json.loads(said.out)
    assert [(row["images"], row["readers"]) for row in rows] == [(10, 1), (10, 2), (20, 1), (20, 2)]
    assert all(0 <= row["ci95"][0] <= row["power"] <= row["ci95"][1] <= 1 for row in rows)
    assert rows[0]["covered"] is None  # nothing follows from one reader about others


def test_the_table_says_what_was_simulated() -> None:
    said = spinedet("study", "simulate", *QUICK, "--reader-skill", 0.8, "--model-skill", 0.9)
    assert said.code == 0
    assert "-0.100" in said.out
    assert "20 studies a line, seed 0" in said.out


def test_wrong_numbers_are_told() -> None:
    for words in (("--images", "ten"), ("--images", "1"), ("--readers", "0")):
        said = spinedet("study", "simulate", *words)
        assert said.code == 2
        assert words[0] in said.err


def test_a_study_is_read_by_everybody_who_has_not_and_can_be_analysed(tmp_path: Path) -> None:
    study = make(tmp_path)
    said = spinedet("study", "simulate", "--on", study, "--reader-skill", 0.99)
    assert (said.code, "R1, R2" in said.out) == (0, True)
    readings = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(study.glob("readers/*/*/reading.json"))]
    assert {one["source"] for one in readings} == {"simulated"}
    assert [len(one["cases"]) for one in readings] == [5, 5]
    found = json.loads(spinedet("study", "analyse", study, "--json", "--resamples", 20).out)
    rights = [rater["right"] for rater in found["units"][0]["raters"]]
    assert all(right["counts"]["of"] == 15 for right in rights)
    assert min(right["value"] for right in rights) > 0.6


def test_a_study_that_everybody_has_read_is_left_alone(tmp_path: Path) -> None:
    study = make(tmp_path)
    assert spinedet("study", "simulate", "--on", study).code == 0
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    said = spinedet("study", "simulate", "--on", study, "--seed", 5)
    assert said.code == 2
    assert "Everybody has read" in said.err
    assert before == {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
