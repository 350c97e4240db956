"""What a reader's keys do in the window of a study, and what the log and the files say afterwards."""

from pathlib import Path
from typing import Any

import pytest
from sealed_study import READER, sealed_study

from spinedet.annotations.boxes import Box
from spinedet.annotations.reading import read_log, timings_of, visits_of
from spinedet.annotations.voc import Annotation, read_voc, voc_bytes
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Mark
from spinedet.benchmarks.study.sitting import make_sitting

MARK = Mark(label="disc", box=(40, 50, 120, 110), score=0.87)


class Room:
    """A study, and LabelImg on it without a screen."""

    def __init__(self, studio: Any, folder: StudyFolder, treatment: str = "unaided") -> None:
        self.studio, self.folder, self.treatment = studio, folder, treatment

    @property
    def place(self) -> Path:
        return self.folder.reader(READER, self.treatment)

    def play(self, scene: str, *words: str) -> list[str]:
        """Play a scene to its end; what it told."""
        session = make_sitting(self.folder, READER, self.treatment)
        child = self.studio.begin_session(session, f"timed.{scene}", *words)
        told = list(iter(child.told, ""))
        child.end()
        return told

    def xml(self, code: str) -> Path:
        return self.place / "Annotations" / f"{code}.xml"

    def said(self, code: str) -> tuple[list[str], bool]:
        """The classes in an image's file, and whether the reader has finished it."""
        annotation = read_voc(self.xml(code))
        return [thing.name for thing in annotation.objects], annotation.verified

    def shown(self, log: str = "log.jsonl") -> list[str | None]:
        return [event.image for event in read_log(self.place / log) if event.event == "shown"]

    def why(self) -> list[tuple[str, str | None]]:
        """The pauses, as the log has them."""
        events = read_log(self.place / "log.jsonl")
        return [(event.event, event.why) for event in events if event.event in {"pause", "resume"}]


@pytest.fixture
def room(studio: Any, tmp_path: Path) -> Room:
    return Room(studio, sealed_study(tmp_path / "study"))


def test_practice_first_and_then_all_images_in_the_readers_order(studio: Any, tmp_path: Path) -> None:
    room = Room(studio, sealed_study(tmp_path / "study", practice=("P1", "P2")))
    told = room.play("nothing_found", "P1", "P2", "S3", "S1", "S4", "S2")
    assert told == ["Practice", "The reading begins", "Thank you"]
    assert room.shown("practice.jsonl") == ["P1", "P2"]
    assert room.shown() == ["S3", "S1", "S4", "S2"]
    assert sorted(path.stem for path in (room.place / "practice").glob("*.xml")) == ["P1", "P2"]
    assert [room.said(code) for code in room.shown()] == [([], True)] * 4  # type: ignore[arg-type]
    assert [event.event for event in read_log(room.place / "log.jsonl")][-1] == "end"


def test_who_has_read_all_is_thanked_again(room: Room) -> None:
    room.play("nothing_found", "S3", "S1", "S4", "S2")
    before = (room.place / "log.jsonl").read_bytes()
    assert room.play("end") == ["Thank you"]
    assert (room.place / "log.jsonl").read_bytes() == before


def test_practice_that_was_done_is_not_asked_for_again(studio: Any, tmp_path: Path) -> None:
    """The window was closed at the page before the reading; half the images were read in the next sitting."""
    room = Room(studio, sealed_study(tmp_path / "study", practice=("P1",)))
    room.play("nothing_found", "P1")
    assert not (room.place / "log.jsonl").exists()
    assert room.play("empty_needs_an_answer")[0] == "The reading begins"
    assert room.play("end") == ["Welcome back"]


def test_an_image_without_a_box_needs_an_answer(room: Room) -> None:
    told = room.play("empty_needs_an_answer")
    assert "press the space bar" in told[1]
    assert "There are boxes on this image" in told[2]
    assert room.said("S3") == (["disc"], True)
    assert not room.xml("S1").exists()


def test_a_key_pressed_twice_finishes_one_image(room: Room) -> None:
    room.play("hasty")
    assert room.said("S3") == ([], True)
    assert room.shown() == ["S3", "S1"]


def test_coming_back_adds_up(room: Room) -> None:
    assert room.play("back_and_forth")[1] == "This is the first image."
    timings = timings_of(visits_of(read_log(room.place / "log.jsonl")))
    assert {code: one.visits for code, one in timings.items()} == {"S3": 2, "S1": 2}
    assert room.said("S3") == (["disc"], True)


def test_an_image_whose_last_box_goes_is_open_again(room: Room) -> None:
    room.play("last_box_deleted")
    assert room.said("S3") == ([], False)
    assert make_sitting(room.folder, READER).finished() == 0


def test_a_pause_hides_the_image_and_holds_the_keys(room: Room) -> None:
    room.play("paused")
    assert room.why() == [("pause", "key"), ("resume", "key")]


def test_one_answer_for_the_whole_image(studio: Any, tmp_path: Path) -> None:
    room = Room(studio, sealed_study(tmp_path / "study", kind="classes", classes=("DMD", "BMD", "other")))
    assert room.play("whole_image")[1] == "First choose what the image shows."
    assert room.said("S3") == (["BMD"], True)
    assert room.said("S1") == (["other"], False)
    assert read_voc(room.xml("S3")).objects[0].box == Box(0, 0, 320, 240)


def test_the_models_boxes_are_shown_under_the_treatment_with_help_alone(studio: Any, tmp_path: Path) -> None:
    folder = sealed_study(tmp_path / "study", marks={"S3": (MARK,)})
    aided = Room(studio, folder, "aided")
    assert aided.play("with_help")[1] == "['yolo: disc (0.87)']"
    assert [thing.box for thing in read_voc(aided.xml("S3")).objects] == [Box(40, 50, 120, 110)]
    alone = Room(studio, folder)
    alone.play("nothing_else_to_see")
    assert not alone.xml("S3").exists()


def test_there_is_nothing_else_to_see(room: Room) -> None:
    assert room.play("nothing_else_to_see")[1] == "Reader study - R1 - S3 (1 of 4)"


def test_an_image_that_cannot_be_opened_is_named_and_passed_by(room: Room) -> None:
    """Its file is of another size."""
    room.xml("S3").parent.mkdir(parents=True)
    room.xml("S3").write_bytes(voc_bytes(Annotation("S3.png", 64, 48, (), depth=1)))
    told = room.play("damaged")
    assert told[-2:] == ["Thank you", "S3 could not be opened. Please tell whoever runs the study; the rest is saved."]
    assert room.shown() == ["S1", "S4", "S2"]


def test_a_full_disk_is_told_and_no_event_forgotten(room: Room) -> None:
    assert room.play("full_disk")[1] == "The log of a reading cannot be written."
    assert room.why() == [("pause", "key"), ("resume", "key")]


def test_what_wakes_the_window_does_nothing_else(studio: Any, tmp_path: Path) -> None:
    room = Room(studio, sealed_study(tmp_path / "study", idle_seconds=0.6))
    assert room.play("idle")[1] == "Are you there?"
    assert room.why() == [("pause", "idle"), ("resume", "idle")] * 2
    visit = visits_of(read_log(room.place / "log.jsonl"))[0]
    assert visit.image == "S3"
    assert 1.2 <= visit.seconds < 2.2


def test_a_second_window_of_one_reader_is_refused(room: Room) -> None:
    session = make_sitting(room.folder, READER)
    first = room.studio.begin_session(session, "timed.waiting")
    first.told()
    refused = room.studio.begin_session(session, "timed.end").end(code=2)
    assert refused["what"] == "This folder is open in LabelImg already."
    first.process.terminate()
    first.end()


def test_a_reading_of_another_protocol_is_not_gone_on_with(room: Room) -> None:
    """The protocol changed between the making of the session and its window."""
    room.play("hasty")
    before = (room.place / "log.jsonl").read_bytes()
    session = make_sitting(room.folder, READER).model_copy(update={"protocol": "0" * 64})
    child = room.studio.begin_session(session, "timed.refused")
    assert "begun under another protocol" in child.told()
    child.end()
    assert (room.place / "log.jsonl").read_bytes() == before
