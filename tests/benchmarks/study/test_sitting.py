"""From a study's folder to a reader's sitting: order, practice, help; and what is refused, with what to do."""

from pathlib import Path

import pytest
from in_process import spinedet
from sealed_study import MODEL, ORDER, READER, frozen_anew, sealed_study

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.labelimg.session import Session
from spinedet.annotations.labelimg.timed_session import TimedSession, read_session
from spinedet.annotations.lock import annotating
from spinedet.annotations.reading import Event, Log
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Mark
from spinedet.benchmarks.study.sitting import make_sitting

MARKS = {
    "S1": (Mark(label="disc", box=(10, 20, 30, 40), score=0.876),),
    "P1": (Mark(label="vertebra", box=(1, 2, 3, 4)),),
}


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return sealed_study(tmp_path / "study", practice=("P1", "P2"), marks=MARKS)


def begun(folder: StudyFolder, protocol: str) -> Path:
    """A reading with one sitting."""
    path = folder.reader(READER) / "log.jsonl"
    with Log(path) as log:
        log.append(Event(event="sitting", t=1, wall="", sitting=1, protocol=protocol))
        log.append(Event(event="end", t=2, wall="", sitting=1))
    return path


def finish(session: TimedSession, *places: int, verified: bool = True) -> None:
    for place in places:
        work = session.works[place]
        work.xml.parent.mkdir(parents=True, exist_ok=True)
        write_voc(
            work.xml, Annotation(work.path.name, 320, 240, (VocObject("disc", Box(1, 2, 3, 4)),), verified=verified)
        )


def test_practice_comes_first_and_then_the_readers_own_order(folder: StudyFolder) -> None:
    session = make_sitting(folder, READER)
    place = folder.reader(READER)
    assert [work.image for work in session.works] == ["P1", "P2", *ORDER]
    assert (session.practice, session.count, session.places) == (2, 4, range(2, 6))
    assert session.works[0].xml == place / "practice" / "P1.xml"
    assert session.works[2].xml == place / "Annotations" / "S3.xml"
    assert (session.log, session.practice_log) == (place / "log.jsonl", place / "practice.jsonl")
    assert session.folder == place / "Annotations"
    assert (session.classes, session.closed, session.whole_image) == (("disc", "vertebra"), True, False)
    assert session.protocol == folder.protocol.sha256()
    assert session.title == "Reader study - R1 - unaided"


def test_nothing_of_the_model_is_shown_to_who_reads_alone(folder: StudyFolder) -> None:
    assert all(work.hints == () for work in make_sitting(folder, READER).works)


def test_the_models_boxes_are_shown_with_its_help(folder: StudyFolder) -> None:
    works = {work.image: work.hints for work in make_sitting(folder, READER, "aided").works}
    (hint,) = works["S1"]
    assert (hint.annotator, hint.name, hint.box, hint.reason) == (MODEL, "disc", Box(10, 20, 30, 40), "0.88")
    assert [one.name for one in works["P1"]] == ["vertebra"]
    assert works["S2"] == ()


def test_a_session_travels_as_what_it_is(folder: StudyFolder, tmp_path: Path) -> None:
    timed = make_sitting(folder, READER, "aided")
    plain = Session(**{name: getattr(timed, name) for name in Session.model_fields})
    for session in (timed, plain):
        session.write(tmp_path / "session.json")
        assert read_session(tmp_path / "session.json") == session


def test_it_goes_on_with_the_first_image_that_is_not_finished(folder: StudyFolder) -> None:
    session = make_sitting(folder, READER)
    assert session.next_open(session.done()) == 0
    finish(session, 0, 1, 2)
    finish(session, 3, verified=False)  # drawn on, and not left yet
    assert session.done() == {0, 1, 2}
    assert session.next_open(session.done()) == 3
    assert session.finished() == 1
    finish(session, 3, 4, 5)
    assert session.next_open(session.done()) is None


def test_practice_that_was_cut_short_is_over_once_the_reading_has_begun(folder: StudyFolder) -> None:
    session = make_sitting(folder, READER)
    finish(session, 0, 2)
    assert session.next_open(session.done()) == 1
    begun(folder, folder.protocol.sha256())
    assert session.next_open(session.done()) == 3


def test_a_damaged_file_is_not_finished(folder: StudyFolder) -> None:
    session = make_sitting(folder, READER)
    finish(session, 2)
    session.works[2].xml.write_text("<annotation verified='yes'>", encoding="utf-8")
    assert session.done() == set()


def refused(folder: StudyFolder, reader: str = READER, treatment: str = "unaided") -> InputError:
    with pytest.raises(InputError) as told:
        make_sitting(folder, reader, treatment)
    return told.value


def test_a_reader_whom_the_protocol_does_not_know(folder: StudyFolder) -> None:
    error = refused(folder, "r1")
    assert error.what == "The study has no such reader."
    assert error.details["expected"] == "one of R1, R2"


def test_a_treatment_that_the_protocol_does_not_know(folder: StudyFolder) -> None:
    assert refused(folder, treatment="blind").details["expected"] == "one of unaided, aided"


def test_a_model_reads_elsewhere(folder: StudyFolder) -> None:
    error = refused(folder, MODEL)
    assert "is a model" in error.what
    assert "spinedet study model" in str(error.details["to do"])


def test_help_of_a_model_that_has_not_read_yet(folder: StudyFolder) -> None:
    (folder.models / MODEL / "hints.json").unlink()
    assert "has not read the images yet" in refused(folder, treatment="aided").what
    make_sitting(folder, READER)


def test_a_reading_that_was_begun_under_another_protocol(folder: StudyFolder) -> None:
    log = begun(folder, folder.protocol.sha256())
    make_sitting(folder, READER)
    error = refused(frozen_anew(folder, seed=5))
    assert error.what == "This reading was begun under another protocol."
    assert error.details["where"] == f"{log}:1"


def test_a_reading_that_was_made_elsewhere(folder: StudyFolder) -> None:
    (folder.reader(READER) / "reading.json").write_text("{}", encoding="utf-8")
    assert "nobody reads a study twice" in refused(folder).what


def test_an_image_that_is_missing(folder: StudyFolder) -> None:
    (folder.images / "S4.png").unlink()
    assert refused(folder).details["found"] == "no S4.png"


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    assert "no study protocol to read" in refused(StudyFolder(tmp_path)).what


# The command.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reader", "R9"), "one of R1, R2"),
        (("--reader", "R1", "--treatment", "blind"), "one of unaided, aided"),
    ],
)
def test_the_command_says_what_to_do(folder: StudyFolder, words: tuple[str, ...], told: str) -> None:
    said = spinedet("study", "read", folder.root, *words)
    assert said.code == 2
    assert told in said.err
    assert "to do:" in said.err


def test_a_study_that_is_open_elsewhere(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PyQt5")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with annotating(folder.reader(READER) / "Annotations", READER):
        said = spinedet("study", "read", folder.root, "--reader", READER)
    assert said.code == 2
    assert "open in LabelImg already" in said.err
    assert "close that window" in said.err
