"""`spinedet study mrmc` and `spinedet study agreement` as a person types them."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from fleiss_data import FLEISS_1971, TEN_SUBJECTS
from in_process import spinedet

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"

HEAD = ("reader", "treatment", "case", "truth", "rating")

READERS = {"A": "12223345", "B": "11323352", "C": "21143544"}
TRUTH = "00001111"


def write(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three readers, one of them called net, in treatments plain and aided."""
    rows = [
        (name, treatment, case, TRUTH[case], int(grades[case]) + (treatment == "aided") * int(TRUTH[case]))
        for treatment in ("plain", "aided")
        for name, grades in (*READERS.items(), ("net", "13252546"))
        for case in range(8)
    ]
    return write(tmp_path / "ratings.csv", [HEAD, *rows])


@pytest.fixture
def vandyke() -> Path:
    path = REFERENCE / "vandyke.csv"
    if not path.is_file():
        pytest.skip("vandyke.csv is not beside this checkout")
    return path


@pytest.fixture
def asah(tmp_path: Path) -> Path:
    """One reader, the patient; each marker is a treatment."""
    path = REFERENCE / "asah.csv"
    if not path.is_file():
        pytest.skip("asah.csv is not beside this checkout")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    markers = ("wfns", "ndka", "s100b")
    cells = [
        ("serum", marker, number, int(row["outcome"] == "Poor"), row[marker])
        for number, row in enumerate(rows)
        for marker in markers
    ]
    return write(tmp_path / "asah_ratings.csv", [HEAD, *cells])


def test_van_dyke_as_published(vandyke: Path) -> None:
    said = spinedet("study", "mrmc", vandyke, "--json")
    found = json.loads(said.out)
    assert said.code == 0
    own = found["crossed"]["random"]["differences"][0]["estimate"]
    assert (own["value"], own["se"]) == (pytest.approx(-0.04380032, abs=5e-9), pytest.approx(0.0206825, abs=5e-8))
    assert own["df"] == pytest.approx(15.06611, abs=5e-6)
    assert own["p"] == pytest.approx(0.05123303, abs=5e-9)
    assert found["notes"] == ["columns not used: 2 (case2, case3)"]
    words = ("--covariance", "jackknife", "--merit", "sensitivity", "--threshold", 3)
    test = json.loads(spinedet("study", "mrmc", vandyke, *words, "--json").out)["crossed"]["random"]["test"]
    assert (test["value"], test["p"]) == (pytest.approx(6.689493, abs=5e-7), pytest.approx(0.02008822, abs=5e-9))
    shown = spinedet("study", "mrmc", vandyke).out
    for figure in ("-0.0438", "0.0207", "15.07", "0.0512", "8.7040", "0.0420"):
        assert figure in shown


def test_proc_as_published(asah: Path) -> None:
    found = json.loads(spinedet("study", "mrmc", asah, "--json").out)["crossed"]
    figures = {row["treatment"]: row["estimate"] for row in found["figures"]}
    assert figures["wfns"]["value"] == pytest.approx(0.823678861788618, abs=1e-14)
    assert figures["ndka"]["value"] == pytest.approx(0.611957994579946, abs=1e-14)
    assert figures["ndka"]["ci95"] == pytest.approx((0.501244999, 0.722670990), abs=5e-10)
    pairs = {(row["first"], row["second"]): row["estimate"] for row in found["each_reader"]}
    wfns, ndka = pairs["s100b", "wfns"], pairs["ndka", "s100b"]
    assert (-wfns["statistic"], wfns["p"]) == pytest.approx((2.20898359144091, 0.0271757822291882), abs=1e-12)
    assert (ndka["statistic"], ndka["p"]) == pytest.approx((-1.39077002573558, 0.164295175223054), abs=1e-12)
    assert found["random"]["why"] == "one reader is no sample of readers"


@pytest.mark.parametrize(
    ("counts", "value", "digits", "z"), [(FLEISS_1971, 0.4302445, 5e-8, 17.65183), (TEN_SUBJECTS, 0.210, 5e-4, None)]
)
def test_fleiss_as_published(
    tmp_path: Path, counts: Sequence[Sequence[int]], value: float, digits: float, z: float | None
) -> None:
    cells = [
        (f"R{place}", f"s{subject}", category)
        for subject, row in enumerate(counts)
        for place, category in enumerate(number for number, times in enumerate(row) for _ in range(times))
    ]
    path = write(tmp_path / "ratings.csv", [("reader", "case", "rating"), *cells])
    found = json.loads(spinedet("study", "agreement", path, "--resamples", 100, "--json").out)
    assert found["fleiss"]["value"] == pytest.approx(value, abs=digits)
    if z is not None:
        assert found["fleiss"]["analytic"]["z"] == pytest.approx(z, abs=5e-6)
    shown = spinedet("study", "agreement", path, "--resamples", 0).out
    assert "all (Fleiss)" in shown
    assert "R0, R1, quadratic" in shown


def test_the_model_is_shown_against_the_readers(small: Path) -> None:
    said = spinedet("study", "mrmc", small, "--model", "net", "--against", 0.5, "--correction", "bonferroni")
    assert said.code == 0
    assert "3 readers, 2 treatments, 8 cases (4 positive, 4 negative)" in said.out
    assert "Readers in treatment plain against net on its own" in said.out
    assert "bonferroni" in said.out
    found = json.loads(spinedet("study", "mrmc", small, "--model", "net", "--json").out)
    assert (found["model"], found["readers"]) == ("net", ["A", "B", "C"])
    assert [row["treatment"] for row in found["against_model"]] == ["aided", "plain"]


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    """One reader, one treatment, all right: a table of words, not a traceback."""
    rows = [("A", "x", case, truth, truth) for case, truth in enumerate((0, 0, 1, 1))]
    shown = spinedet("study", "mrmc", write(tmp_path / "ratings.csv", [HEAD, *rows])).out
    assert "one reader is no sample of readers" in shown
    assert "no test of the treatments: there is one treatment only" in shown
    assert "it has no variance here" in shown


def test_missing_cells_are_named_and_may_be_left_out(small: Path, tmp_path: Path) -> None:
    lines = small.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "gap.csv"
    path.write_text("\n".join(lines[:3] + lines[4:]) + "\n", encoding="utf-8")
    said = spinedet("study", "mrmc", path)
    assert said.code == 2
    assert "1 of 64 cells: reader A in treatment plain: 1 (cases 2)" in said.err
    shown = spinedet("study", "mrmc", path, "--missing", "common")
    assert shown.code == 0
    assert "note: 1 of 8 cases left out" in shown.out
    agreed = spinedet("study", "agreement", path, "--treatment", "aided", "--resamples", 10)
    assert (agreed.code, "4 readers, 8 cases" in agreed.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--threshold", 3), "does not fit auc"),
        (("--merit", "sensitivity"), "does not fit sensitivity"),
        (("--model", "nett"), "did you mean 'net'"),
        (("--model-threshold", 3), "own threshold needs a model"),
    ],
)
def test_words_that_do_not_fit(small: Path, words: Sequence[object], told: str) -> None:
    said = spinedet("study", "mrmc", small, *words)
    assert (said.code, told in said.err) == (2, True)


def test_defects_have_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "ratings.csv", [HEAD, ("A", 1, 1, 0, 2), ("A", 1, 1, 0, 3), ("A", 1, 2, 1, "?")])
    said = spinedet("study", "mrmc", path)
    assert said.code == 2
    for words in ("has 2 defects", "ratings.csv:3", "ratings.csv:4: ?"):
        assert words in said.err
    assert spinedet("study", "agreement", tmp_path / "none.csv").code == 2
