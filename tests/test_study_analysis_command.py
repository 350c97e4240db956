"""`spinedet study analyse`, from a study's folder to its tables."""

import json
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
def study(tmp_path: Path) -> StudyFolder:
    """A study of a fake model and of R1, who called every rare disc a plain one."""
    data = write_images(tmp_path / "data", PATIENTS)
    model = train(Dataset.load(data), ["pat1"], tmp_path / "job")
    words = ("--readers", "R1,R2", "--model", model, "--images", 6, "--practice", 0, "--positive", "rare")
    assert spinedet("study", "new", data, *words, "--out", tmp_path / "study").code == 0
    folder = StudyFolder(tmp_path / "study")
    for one in read_standard(folder).truth:
        write_voc(tmp_path / "read" / f"{one.code}.xml", drawn(one.code, ["disc"] * len(one.marks)))
    times = tmp_path / "times.csv"
    rows = [f"{code},{number}" for number, code in enumerate(folder.protocol.codes, start=1)]
    times.write_text("\n".join(["image,seconds", *rows]) + "\n", encoding="utf-8")
    assert spinedet("study", "model", folder.root, model, "--threads", 1).code == 0
    elsewhere = ("--reader", "R1", "--annotations", tmp_path / "read", "--times", times)
    assert spinedet("study", "import", folder.root, *elsewhere).code == 0
    return folder


def test_a_study_is_analysed(study: StudyFolder) -> None:
    said = spinedet("study", "analyse", study.root, "--resamples", 50)
    assert (said.code, said.err) == (0, "")
    assert "Accuracy (share of right diagnoses) over objects: R1" in said.out.replace("\n", " ")
    assert "R2: has not begun" in said.out
    assert "drawn anew 50 times; the protocol says 2000" in said.out.replace("\n", " ")
    results = json.loads((study.analysis / "results.json").read_text(encoding="utf-8"))
    assert (results["images"], results["resamples"]) == (6, 50)
    reader = next(one for one in results["units"][0]["raters"] if one["rater"] == "R1")
    rare = next(one for one in reader["scopes"] if one["label"] == "rare")
    assert rare["cells"]["tp"] == 0
    assert rare["cells"]["fn"] == results["units"][0]["counts"]["rare"] > 0
    assert (study.analysis / "tables" / "table3.csv").is_file()


def test_json_is_what_was_written(study: StudyFolder) -> None:
    said = spinedet("study", "analyse", study.root, "--resamples", 20, "--json")
    assert json.loads(said.out) == json.loads((study.analysis / "results.json").read_text(encoding="utf-8"))


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    said = spinedet("study", "analyse", tmp_path)
    assert (said.code, "no study protocol to read" in said.err) == (2, True)
    assert not (tmp_path / "analysis").exists()
