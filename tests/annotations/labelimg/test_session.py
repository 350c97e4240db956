"""What an annotator is asked to do, as it travels to LabelImg's process."""

from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.labelimg.session import Hint, Session, Work


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Three images; the first has a file."""
    works = tuple(Work(image=name, path=tmp_path / f"{name}.png", xml=tmp_path / f"{name}.xml") for name in "abc")
    works[0].xml.touch()
    return Session(title="LabelImg", annotator="Anna", folder=tmp_path, works=works, classes=("椎间盘",), closed=True)


def test_a_session_travels_as_json(session: Session, tmp_path: Path) -> None:
    hint = Hint(annotator="Boris", name="椎间盘", box=Box(1, 2.5, 3, 4), reason="class")
    sent = session.model_copy(update={"works": (session.works[0].model_copy(update={"hints": (hint,)}),)})
    sent.write(tmp_path / "session.json")
    assert Session.read(tmp_path / "session.json") == sent


def test_the_first_unfinished_image_is_opened(session: Session) -> None:
    assert session.first() == 1
    assert session.finished() == 1


def test_a_damaged_file_is_no_finished_one(session: Session) -> None:
    assert session.first(damaged={0}) == 0


def test_a_killed_session_goes_on_where_it_stopped(session: Session) -> None:
    assert session.first(interrupted="c") == 2
    assert session.first(interrupted="not of this session") == 1


def test_a_finished_set_is_looked_through_from_its_first_image(session: Session) -> None:
    for work in session.works:
        work.xml.touch()
    assert session.first() == 0
