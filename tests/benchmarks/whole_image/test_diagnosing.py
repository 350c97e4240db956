"""`spinedet diagnostic`: a table or counts in, figures out. The command's own function, in an app of its own."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.diagnosing import diagnose_table, parse_counts
from spinedet.commands.whole_image import diagnostic

P2 = "DMD=123/130,BMD=81/98,other=386/420"
"""P2 prints the first two and the 420; 386 right ones give its specificity (0.92) and accuracy (0.91)."""


def run(*words: str) -> str:
    app = typer.Typer()
    app.command()(diagnostic)
    said = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert said.exit_code == 0
    return said.output


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_p2_as_printed() -> None:
    found = json.loads(run("--positive", "DMD,BMD", "--counts", P2, "--json"))
    sensitivity = found["diagnosis"]["sensitivity"]
    assert round(sensitivity["value"], 4) == 0.8947
    assert [round(end, 3) for end in sensitivity["ci95"]] == [0.848, 0.928]
    assert sensitivity["counts"] == {"hits": 204, "of": 228}
    assert [round(found["diagnosis"][name]["value"], 2) for name in ("specificity", "accuracy")] == [0.92, 0.91]
    assert [found["classes"][name]["counts"]["hits"] for name in ("DMD", "BMD", "other")] == [123, 81, 386]


def test_p2_as_a_table() -> None:
    rows = [line.split() for line in run("--positive", "DMD,BMD", "--counts", P2).splitlines()]
    assert rows[2] == ["sensitivity", "0.8947", "0.848", "to", "0.928", *rows[2][5:8], "204/228"]


def test_a_table_of_calls(written: Path) -> None:
    """BMD taken for DMD is called positive all the same."""
    write(written, "image,patient,truth,predicted", "a,p,DMD,DMD", "b,p,BMD,DMD", "c,q,other,other", "d,r,other,DMD")
    found = diagnose_table(written, ["DMD", "BMD"], resamples=10)
    assert (found.images, found.patients, found.auc, found.threshold) == (4, 3, None, None)
    assert (found.diagnosis.sensitivity.value, found.diagnosis.specificity.value) == (1.0, 0.5)
    assert found.classes["BMD"].counts == {"hits": 1, "of": 1}


def test_a_table_of_scores_also_with_decimal_commas(written: Path) -> None:
    write(written, "image;patient;truth;DMD;other", "a;p;DMD;0,7;0,3", "b;q;DMD;0,4;0,6", "c;r;other;0,2;0,8")
    found = diagnose_table(written, ["DMD"], resamples=10)
    assert found.auc is not None
    assert (found.auc.value, found.diagnosis.sensitivity.value) == (1.0, 0.5)
    assert diagnose_table(written, ["DMD"], threshold=0.3, resamples=10).diagnosis.sensitivity.value == 1.0
    assert "AUC" in run(str(written), "--positive", "DMD", "--resamples", "10")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["image,truth,predicted", "a,x,x"], "columns are wrong"),
        (["image,patient,truth", "a,p,x"], "columns are wrong"),
        (["image,patient,truth,predicted"], "no row"),
        (["image,patient,truth,predicted", "a,p,x,"], "cell is empty"),
        (["image,patient,truth,predicted", "a,p,x,x"], "one class only"),
        (["image,patient,truth,predicted", "a,p,x,x", "a,p,y,y"], "listed twice"),
        (["image,patient,truth,x,y", "a,p,z,0.5,0.5"], "no column"),
        (["image,patient,truth,x,y", "a,p,x,much,0.5"], "no number"),
        (["image,patient,truth,x,y", "a,p,x,0.9,0.9"], "add up to 1"),
        (["image,patient,truth,y,z", "a,p,y,0.1,0.9"], "no such class"),
    ],
)
def test_a_wrong_table_is_refused(written: Path, lines: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        diagnose_table(write(written, *lines), ["x"], resamples=0)


@pytest.mark.parametrize("text", ["", "DMD", "DMD=3", "DMD=3/-4", "=3/4", "a=1/2,a=1/2", "a=1/2,"])
def test_counts_written_otherwise_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not understood"):
        parse_counts(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--positive", "a"], "What is to be measured"),
        (["x.csv", "--positive", "a", "--counts", "a=1/2"], "What is to be measured"),
        (["--counts", "a=1/2"], "Which classes"),
        (["--counts", "a=3/2", "--positive", "a"], "no shares"),
        (["--counts", "a=1/2", "--positive", "b"], "no such class"),
    ],
)
def test_wrong_words_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        run(*words)
