"""`spinedet annotate` where LabelImg cannot be shown, or there is nothing to show; run in this process."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import Said, spinedet

from spinedet.annotations.labelimg import launch
from spinedet.annotations.labelimg.session import Session

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def annotate(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("annotate", *words)


@pytest.fixture
def root(make_dataset: Callable[..., Path]) -> Path:
    """Two images, both with a file."""
    return make_dataset({name: ("P", [("disc", 1, 1, 20, 10)]) for name in ("a1", "b1")})


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if LabelImg and a screen were there: what is wrong is said before either is needed."""
    monkeypatch.setattr(launch, "NEEDED", ())
    monkeypatch.setenv("DISPLAY", ":987")


def test_without_a_display_it_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "NEEDED", ())
    monkeypatch.setattr(sys, "platform", "linux")
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    said = annotate(root)
    assert said.code == 2
    assert "There is no display to show LabelImg on." in said.err
    assert "ssh -X" in said.err


def test_without_pyqt5_it_says_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "PyQt5" else find(name))
    said = annotate(root)
    assert said.code == 2
    assert "LabelImg is not installed." in said.err
    assert 'pip install "spinedet[annotate]"' in said.err
    assert "PyQt5" in said.err


needs_labelimg = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in launch.NEEDED), reason="needs PyQt5 and labelImg"
)


@needs_labelimg
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X11 has a DISPLAY")
def test_a_display_that_does_not_answer_is_told_and_holds_no_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    for _ in range(2):
        said = annotate(root, "--annotator", "Anna")
        assert said.code == 2
        assert "There is no display to show LabelImg on." in said.err
        assert "DISPLAY=:987" in said.err


@needs_labelimg
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    folder = root / "Annotations"
    folder.chmod(0o555)
    said = annotate(root)
    folder.chmod(0o755)
    assert said.code == 2
    assert "This folder cannot be written" in said.err


@pytest.mark.usefixtures("desktop")
def test_a_folder_without_images_is_told(tmp_path: Path) -> None:
    (tmp_path / "JPEGImages").mkdir()
    said = annotate(tmp_path)
    assert said.code == 2
    assert "There is no image to annotate." in said.err


@pytest.mark.usefixtures("desktop")
def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    assert annotate(tmp_path / "nothing").code == 2


@pytest.mark.usefixtures("desktop")
def test_nothing_left_unlabelled_is_told(root: Path) -> None:
    said = annotate(root, "--only", "unlabelled")
    assert said.code == 2
    assert "leave --only out" in said.err


@pytest.mark.usefixtures("desktop")
def test_two_annotators_with_one_name_are_refused(root: Path) -> None:
    (root / "annotators" / "Anna").mkdir(parents=True)
    said = annotate(root, "--annotator", "ANNA")
    assert said.code == 2
    assert "Two annotators would have one name." in said.err
    assert [path.name for path in (root / "annotators").iterdir()] == ["Anna"]


@pytest.mark.usefixtures("desktop")
@pytest.mark.parametrize("name", ["", "a/b", "..", "con", "Anna."])
def test_a_name_that_cannot_be_a_folder_is_refused(root: Path, name: str) -> None:
    said = annotate(root, "--annotator", name)
    assert said.code == 2
    assert "This cannot be an annotator's name." in said.err
    assert not (root / "annotators").exists()


@pytest.mark.usefixtures("desktop")
def test_an_unknown_task_is_refused(root: Path) -> None:
    assert annotate(root, "--task", "no such task").code == 2


@pytest.mark.usefixtures("desktop")
def test_an_unknown_choice_of_images_is_refused_with_the_choices(root: Path) -> None:
    said = annotate(root, "--only", "some")
    assert said.code == 2
    assert "unlabelled" in said.err
    assert "disputed" in said.err


@pytest.mark.usefixtures("desktop")
def test_a_file_in_the_place_of_the_folder_is_told(root: Path) -> None:
    (root / "annotators").write_text("", encoding="utf-8")
    assert annotate(root, "--annotator", "Anna").code == 2


@pytest.mark.usefixtures("desktop")
def test_the_end_says_how_many_images_are_left(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Session] = []

    def shown(session: Session) -> tuple[str, ...]:
        asked.append(session)
        return ("a1",)

    (root / "Annotations" / "b1.xml").unlink()
    monkeypatch.setattr(launch, "annotate", shown)
    said = annotate(root)
    assert said.code == 0
    assert "1 of 2 images have a file in" in said.out
    assert "1 left" in said.out
    assert "history of a1" in said.out
    assert asked[0].folder == root / "Annotations"


def test_labelimg_that_ends_by_itself_is_told_with_its_last_words(
    root: Path, monkeypatch: pytest.MonkeyPatch, desktop: None
) -> None:
    """A module that does not exist stands for a LabelImg that breaks."""
    monkeypatch.setattr(launch, "MODULE", "spinedet.no_such_module")
    said = annotate(root)
    assert said.code == 1
    assert "LabelImg ended by itself." in said.err
    assert "no_such_module" in said.err
