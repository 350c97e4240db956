"""Results as files."""

import csv
import json
from pathlib import Path

import pytest
from letter_study import Name, Seconds, letter_study

from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults
from spinedet.benchmarks.study_analysis.tables import tables, write_results

TRUTH = {"a": ("p1", "NHS"), "b": ("p2", "NNH")}


@pytest.fixture(scope="module")
def results() -> StudyResults:
    said: dict[Name, dict[str, str]] = {
        "R1": {"a": "NHH", "b": "N-H+S"},
        "R2": {"a": "NHS", "b": "NHH"},
        "M": {"a": "NHS", "b": "NNH"},
    }
    seconds: Seconds = {name: {"a": 10.0 + place, "b": 20.0 + place} for place, name in enumerate(said)}
    return analyse(*letter_study(TRUTH, said, models=["M"], seconds=seconds))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_written_can_be_read(results: StudyResults, tmp_path: Path) -> None:
    written = write_results(tmp_path, results)
    assert all(path.is_file() for path in written)
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert content["schema"] == 1
    assert StudyResults.model_validate(content) == results
    assert {path.stem for path in written} == {"results", *tables(results)}


def test_every_row_is_as_long_as_its_header(results: StudyResults) -> None:
    for name, found in tables(results).items():
        assert {len(row) for row in found} == {len(found[0])}, name


def test_figures_have_every_digit_and_their_counts(results: StudyResults, tmp_path: Path) -> None:
    write_results(tmp_path, results)
    asked = {"unit": "object", "rater": "R1", "class": "herniation", "false_marks": "left out", "measure": "accuracy"}
    found = [row for row in rows(tmp_path, "raters") if asked.items() <= row.items()]
    assert len(found) == 1
    assert float(found[0]["value"]) == 5 / 6
    assert found[0]["counts"] == "hits 5, of 6"
    counts = next(row for row in rows(tmp_path, "counts") if row["class"] == "slip" and row["rater"] == "R1")
    assert [counts[name] for name in ("tp", "fp", "fn", "tn", "false_marks")] == ["0", "0", "1", "5", "1"]


def test_the_table_of_the_manuscript(results: StudyResults, tmp_path: Path) -> None:
    write_results(tmp_path, results)
    found = rows(tmp_path, "table3")
    assert [row["class"] for row in found[:4]] == ["all", "normal", "herniation", "slip"]
    assert found[0]["accuracy"].startswith("66.7 (")
    assert found[2]["specificity"].startswith("75.0 (")
    assert found[0]["seconds per image, mean"] == "15.0"


def test_a_disagreement_has_its_place(results: StudyResults, tmp_path: Path) -> None:
    write_results(tmp_path, results)
    found = rows(tmp_path, "disagreements")
    assert [row["outcome"] for row in found] == ["another", "missed", "false mark", "another"]
    assert [found[2][f"mark_{edge}"] for edge in ("x0", "y0", "x1", "y1")] == ["400.0", "0.0", "480.0", "30.0"]
    assert found[2]["reference_x0"] == ""
