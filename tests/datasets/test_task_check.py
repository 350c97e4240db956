"""A person's own task file: every mistake has its line, and a sound one is told in words."""

from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.task_check import check_task, task_named, task_words
from spinedet.datasets.tasks import task_names

WRIST = """task: wrist
about: Degree of arthritis of a wrist.
kind: grades
classes: [none, mild, severe]
cut: mild
box: wrist
patient_score: maximum
"""


def complaint(path: Path, text: str) -> str:
    """What is said of a file."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_task(path)
    return str(caught.value)


def test_a_sound_file_in_words(tmp_path: Path) -> None:
    path = tmp_path / "wrist.yaml"
    path.write_text(WRIST, encoding="utf-8")
    words = "\n".join(task_words(check_task(path)))
    assert "classes: none < mild < severe" in words
    assert "positive: mild, severe, from the cut mild on; negative: none" in words
    assert "a patient's score: the greatest of" in words
    assert "never flipped" in words


@pytest.mark.parametrize("name", task_names())
def test_every_task_of_the_package_has_words(name: str) -> None:
    words = task_words(task_named(name))
    assert words[0].startswith(f"{name}: ")
    assert all(len(line) > 5 for line in words)


def test_a_number_says_what_its_classes_stand_for() -> None:
    assert any("y02 = 24, y04 = 48" in line and line.endswith("months") for line in task_words(task_named("bone_age")))


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("kind: grades", "kind: grade", 3, "kind"),
        ("box: wrist", "boxes: wrist", 6, "boxes"),
        (
            "[none, mild, severe]",
            "[0, mild, severe]",
            4,
            'classes.1: Input should be a valid string: write "0" in quotes',
        ),
        ("cut: mild", "cut: bad", 5, "the cut must be one of the grades"),
        ("cut: mild", "positive: [bad]", 5, "positive classes must be among"),
        ("[none, mild, severe]", "[none, mild, mild]", 4, "mild stands there twice"),
        ("[none, mild, severe]", "5", 4, "a list is wanted"),
        ("box: wrist", "cut: severe", 6, "cut stands there twice, first in line 5"),
        ("box: wrist", "box: [wrist", 7, "no YAML"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, before: str, after: str, line: int, words: str) -> None:
    said = complaint(tmp_path / "wrist.yaml", WRIST.replace(before, after))
    assert words in said
    assert f"wrist.yaml:{line}" in said


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    said = complaint(tmp_path / "wrist.yaml", WRIST.replace("kind: grades", "kind: x").replace("maximum", "most"))
    assert "line 3: kind" in said
    assert "line 7: patient_score" in said


@pytest.mark.parametrize("text", ["", "- a\n", "wrist\n"])
def test_what_is_no_task(tmp_path: Path, text: str) -> None:
    assert "task: NAME" in complaint(tmp_path / "a.yaml", text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        check_task(tmp_path / "none.yaml")
