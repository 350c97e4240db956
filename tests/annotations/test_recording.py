"""A sitting written down with a clock of the test's own; what a kill leaves, and what the next sitting makes of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.reading import read_log, visits_of
from spinedet.annotations.recording import BEAT_BYTES, Beat, Recorder, cut_of


class Clock:
    """Tells the time that it was set to."""

    def __init__(self, t: float) -> None:
        self.t = t

    def __call__(self) -> float:
        return self.t


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


Begin = Callable[[float], Recorder]


@pytest.fixture
def clock() -> Clock:
    return Clock(100)


@pytest.fixture
def begin(path: Path, clock: Clock) -> Iterator[Begin]:
    """Begins a sitting that nobody ends; after a kill the system closes its files."""
    made: list[Recorder] = []

    def _begin(t: float) -> Recorder:
        clock.t = t
        made.append(Recorder(path, "cafe", clock))
        return made[-1]

    yield _begin
    for one in made:
        one._log.close()
        one._beat.close()


def told(path: Path) -> list[tuple[int, str, float]]:
    """Sitting, event and time of each line."""
    return [(event.sitting, event.event, event.t) for event in read_log(path)]


def test_a_sitting(path: Path) -> None:
    clock = Clock(100)
    recorder = Recorder(path, "cafe", clock)
    recorder.note("shown", 101.25, "A")
    clock.t = 110
    recorder.note("left", image="A")
    clock.t = 111
    recorder.close()
    assert told(path) == [(1, "sitting", 100), (1, "shown", 101.25), (1, "left", 110), (1, "end", 111)]
    assert [(visit.image, visit.seconds) for visit in visits_of(read_log(path))] == [("A", 8.75)]
    assert read_log(path)[0].protocol == "cafe"


def test_a_kill_is_cut_at_the_last_beat(path: Path, clock: Clock, begin: Begin) -> None:
    killed = begin(100)
    killed.note("shown", 101, "A")
    for clock.t in (104, 106.5):
        killed.beat()
    Recorder(path, "cafe", Clock(7)).close()  # the machine was started anew
    assert told(path) == [
        (1, "sitting", 100),
        (1, "shown", 101),
        (1, "cut", 106.5),
        (2, "sitting", 7),
        (2, "end", 7),
    ]
    (visit,) = visits_of(read_log(path))
    assert (visit.seconds, visit.cut) == (5.5, True)


def test_an_orderly_end_is_not_cut(path: Path) -> None:
    for start in (100, 200):
        Recorder(path, "cafe", Clock(start)).close()
    assert [event for _, event, _ in told(path)] == ["sitting", "end"] * 2


@pytest.mark.parametrize("beat", [None, Beat(sitting=1, t=900, wall=""), Beat(sitting=2, t=50, wall="")])
def test_a_beat_that_says_nothing_of_the_sitting_leaves_its_last_event(
    path: Path, begin: Begin, beat: Beat | None
) -> None:
    """None at all, one of an earlier sitting, and one from before the last event."""
    Recorder(path, "cafe", Clock(60)).close()
    begin(70).note("shown", 70, "A")
    cut = cut_of(read_log(path), beat)
    assert cut is not None
    assert (cut.sitting, cut.t) == (2, 70)


@pytest.mark.parametrize("torn", [b"", b'{"sitting": 1, "t"', b"\0" * BEAT_BYTES])
def test_a_torn_beat_is_none(path: Path, clock: Clock, begin: Begin, torn: bytes) -> None:
    killed = begin(100)
    clock.t = 105
    killed.beat()
    path.with_suffix(".beat").write_bytes(torn)
    Recorder(path, "cafe", Clock(7)).close()
    assert (1, "cut", 100) in told(path)


def test_a_shorter_beat_covers_a_longer_one(path: Path, clock: Clock, begin: Begin) -> None:
    recorder = begin(4.0)
    for clock.t in (123456.987654321, 5.0):
        recorder.beat()
        data = path.with_suffix(".beat").read_bytes()
        assert len(data) == BEAT_BYTES
        assert Beat.model_validate_json(data.strip()).t == clock.t


def test_no_event_comes_before_the_last(path: Path) -> None:
    """A key was pressed at 5, a question answered until 9, and only then was it known that the image is left."""
    clock = Clock(0)
    recorder = Recorder(path, "cafe", clock)
    clock.t = 9
    recorder.note("resume", 9, why="window")
    recorder.note("left", 5, "A")
    recorder.close()
    assert [t for _, _, t in told(path)] == [0, 9, 9, 9]


def test_another_protocol_is_refused_and_nothing_written(path: Path) -> None:
    Recorder(path, "cafe" * 16, Clock(0)).close()
    before = path.read_bytes()
    with pytest.raises(InputError) as refused:
        Recorder(path, "beef" * 16, Clock(0))
    assert refused.value.what == "This reading was begun under another protocol."
    assert refused.value.details["where"] == f"{path}:1"
    assert path.read_bytes() == before


def test_what_a_full_disk_refuses_is_written_with_the_next_beat(
    path: Path, clock: Clock, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = begin(0)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for t, event in ((1, "shown"), (3, "left")):
            clock.t = t
            with pytest.raises(WorkError, match="No space left"):
                recorder.note(event, image="A")  # type: ignore[arg-type]
    clock.t = 8
    recorder.beat()
    assert told(path) == [(1, "sitting", 0), (1, "shown", 1), (1, "left", 3)]
