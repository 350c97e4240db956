"""Tasks: those of the package are sound, one's own is checked, and a wrong word is answered."""

from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import read_task, task_names

OWN = """
task: wrist
about: Fractures on radiographs.
classes: [normal, fracture]
box: carpal bone
positive: [fracture]
"""


@pytest.mark.parametrize("name", task_names())
def test_every_task_of_the_package_is_sound(name: str) -> None:
    task = read_task(name)
    assert task.task == name
    assert len(set(task.classes)) == len(task.classes)
    assert task.split.folds >= 2


def test_lumbar_has_the_classes_of_its_paper_and_is_not_mirrored() -> None:
    task = read_task("lumbar")
    assert task.classes == ("normal", "herniation", "spondylolisthesis")
    assert task.positive == ("herniation", "spondylolisthesis")
    assert not task.mirror


def test_ones_own_task_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "Handgelenk.yaml"
    path.write_text(OWN + "split: {folds: 3}\n", encoding="utf-8")
    task = read_task(str(path))
    assert (task.task, task.classes, task.split.folds, task.mirror) == ("wrist", ("normal", "fracture"), 3, False)


def test_the_classes_of_a_task_give_the_order_of_labels(two_classes: Path, tmp_path: Path) -> None:
    path = tmp_path / "turned.yaml"
    path.write_text(OWN.replace("[normal, fracture]", "[vertebra, disc]").replace("[fracture]", "[disc]"), "utf-8")
    data = Dataset.load(two_classes, classes=read_task(str(path)).classes)
    assert data.counts() == {"vertebra": 6, "disc": 12}


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no such task(.|\n)*lumbar(.|\n)*did you mean 'lumbar'(.|\n)*\.yaml"):
        read_task("lumber")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN.replace("[fracture]", "[break]"), r"positive classes(.|\n)*break"),
        (OWN.replace("classes: [normal, fracture]", "classes: []"), "classes:"),
        (OWN + "split: {folds: 1}\n", r"split\.folds"),
        (OWN + "colour: red\n", "colour"),
        ("- a list\n", "the whole"),
        ("classes: [", "no YAML"),
    ],
)
def test_a_wrong_file_names_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"{words}(.|\n)*own.yaml"):
        read_task(str(path))


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_task(str(tmp_path / "absent.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"about: Wirbelk\xf6rper\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_task(str(tmp_path / "latin.yaml"))


def test_grades_from_the_cut_on_are_positive() -> None:
    assert read_task("supraspinatus").positive == ("2", "3", "4")
    assert read_task("stenosis").positive == ("moderate", "severe")


def test_a_number_has_a_value_for_each_bin() -> None:
    task = read_task("bone_age")
    assert len(task.values) == len(task.classes)
    assert task.unit == "months"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN + "roi: legs\n", "ask the whole image"),
        (OWN.replace("positive: [fracture]", "") + "cut: fracture\n", "belongs to grades"),
        (OWN + "kind: grades\ncut: fracture\n", "leave one of"),
        (OWN.replace("positive: [fracture]", "") + "kind: grades\ncut: normal\n", "after the first"),
        (OWN + "kind: number\n", "belong together"),
        (OWN + "values: [1, 2]\n", "belong together"),
        (OWN + "kind: number\nvalues: [2, 1]\n", "must rise"),
        (OWN + "kind: number\nvalues: [1]\n", "must rise"),
        (OWN.replace("[normal, fracture]", "[fracture]") + "kind: classes\n", "two classes"),
    ],
)
def test_contradictions_in_a_task_are_told(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_task(str(path))
