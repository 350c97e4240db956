"""A study as a person types it, from `new` to `status`, run in this process."""

from pathlib import Path

import pytest
from in_process import spinedet
from small_study import drawn, train, write_images

from spinedet.annotations.voc import write_voc
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.sealed import read_standard
from spinedet.datasets.dataset import Dataset

PATIENTS = {
    f"pat{one}": {f"pat{one}_{image}": ["disc", *(["rare"] if one % 2 else [])] for image in "ab"} for one in range(8)
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_images(tmp_path / "data", PATIENTS)


@pytest.fixture
def model(data: Path, tmp_path: Path) -> Path:
    return train(Dataset.load(data), ["pat1"], tmp_path / "job")


def read(study: StudyFolder, folder: Path) -> Path:
    """VOC files of somebody who reads elsewhere, and a table of times beside them."""
    for code in study.protocol.codes:
        write_voc(folder / f"{code}.xml", drawn(code, ["disc"]))
    times = folder / "times.csv"
    rows = [f"{code},{number}" for number, code in enumerate(study.protocol.codes, start=1)]
    times.write_text("\n".join(["image,seconds", *rows]) + "\n", encoding="utf-8")
    return times


def test_a_study_is_made_read_and_told(data: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    words = (
        "--readers",
        "R1, R2",
        "--model",
        model,
        "--images",
        4,
        "--practice",
        1,
        "--positive",
        "rare",
        "--out",
        out,
    )
    said = spinedet("study", "new", data, *words)
    assert (said.code, said.err) == (0, "")
    study = StudyFolder(out)
    assert "4 images of 2 patients drawn; 1 patient kept out" in said.out
    assert study.protocol.sha256() in said.out
    assert study.protocol.readers == ("R1", "R2")

    said = spinedet("study", "model", out, model, "--threads", 1)
    assert (said.code, said.err) == (0, "")
    assert "fake has read 4 images." in said.out
    assert "1 threads" in said.out

    times = read(study, tmp_path / "elsewhere")
    said = spinedet("study", "import", out, "--reader", "R1", "--annotations", times.parent, "--times", times)
    assert (said.code, said.out) == (0, "R1 (unaided): 4 of 4 images taken in.\n")

    said = spinedet("study", "status", out)
    rows = [line.split() for line in said.out.splitlines()]
    assert ["R1", "unaided", "4", "of", "4", "2.50"] in rows
    assert ["R2", "unaided", "0", "of", "4", "-"] in rows
    assert "R2: has not begun; left out of the analysis." in said.out


def test_experts_make_the_standard(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    words = ("--readers", "R1", "--experts", "E1,E2", "--images", 4, "--positive", "rare", "--out", out)
    said = spinedet("study", "new", data, *words)
    assert "No model is named" in said.out
    assert f"spinedet annotate {out / 'reference'} --annotator E1" in said.out
    said = spinedet("study", "reference", out)
    assert (said.code, said.out.splitlines()[-1]) == (0, "There is no standard yet.")
    for expert in ("E1", "E2"):
        read(StudyFolder(out), out / "reference" / "annotators" / expert)
    said = spinedet("study", "reference", out, "--experts", "E2,E1", "--senior", "Z")
    assert "The reference standard is in" in said.out
    assert len(read_standard(StudyFolder(out)).truth) == 4
    assert "E1, E2 is there." in spinedet("study", "status", out).out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--experts", "E1,E2", "--reference", "dataset"), "Who makes the reference standard"),
        (("--images", 99), "Too few images are left"),
        (("--aided",), "read with a model that is not there"),
        (("--model", "nowhere"), "not a model folder"),
    ],
)
def test_new_refuses(data: Path, tmp_path: Path, words: tuple[object, ...], message: str) -> None:
    said = spinedet("study", "new", data, "--readers", "R1", "--images", 4, "--out", tmp_path / "study", *words)
    assert said.code == 2
    assert message in said.err
    assert not (tmp_path / "study").exists()


def test_import_must_know_what_and_whose(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    spinedet("study", "new", data, "--readers", "R1", "--images", 4, "--out", out)
    assert "What is to be imported" in spinedet("study", "import", out).err
    assert "Whose reading is it" in spinedet("study", "import", out, "--annotations", data).err


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    for command in ("status", "reference"):
        said = spinedet("study", command, tmp_path)
        assert (said.code, "no study protocol to read" in said.err) == (2, True)
