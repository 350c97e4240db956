"""Logs written by hand, and the times that follow from them, to the digit."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.reading import Event, Log, Timing, Visit, is_finished, read_log, timings_of, visits_of
from spinedet.annotations.voc import Annotation, VocObject, voc_bytes

WALL = "2025-03-01T08:00:00.000+00:00"


def at(t: float, event: Any, about: str | None = None, sitting: int = 1) -> Event:
    """An event; `about` is the image of those that are about one, and the reason of a pause."""
    field = {"shown": "image", "left": "image", "pause": "why", "resume": "why", "sitting": "protocol"}
    more = {} if about is None else {field[event]: about}
    return Event(event=event, t=t, wall=WALL, sitting=sitting, **more)  # type: ignore[arg-type]


def seen(*events: Event) -> list[tuple[str, float, float, int, bool]]:
    """Image, reading time, pauses, number of pauses and whether it was cut, of each visit."""
    return [
        (visit.image, round(visit.seconds, 9), round(visit.paused, 9), visit.pauses, visit.cut)
        for visit in visits_of(events)
    ]


def test_time_runs_from_shown_to_left() -> None:
    events = [at(100, "shown", "A"), at(112.5, "left", "A"), at(112.7, "shown", "B"), at(120, "left", "B")]
    assert seen(*events) == [("A", 12.5, 0, 0, False), ("B", 7.3, 0, 0, False)]


def test_a_pause_is_taken_off_and_told() -> None:
    events = [at(0, "shown", "A"), at(10, "pause", "key"), at(40, "resume", "key"), at(45, "left", "A")]
    assert seen(*events) == [("A", 15, 30, 1, False)]


def test_two_pauses_add_up() -> None:
    first = [at(0, "shown", "A"), at(2, "pause", "key"), at(3, "resume", "key")]
    second = [at(5, "pause", "idle"), at(9, "resume", "idle"), at(10, "left", "A")]
    assert seen(*first, *second) == [("A", 5, 5, 2, False)]


def test_reasons_that_overlap_are_one_pause() -> None:
    """The window is left at 10, the key's pause begins at 15 within it and outlasts it: 10 to 30."""
    events = [
        at(0, "shown", "A"),
        at(10, "pause", "window"),
        at(15, "pause", "key"),
        at(20, "resume", "window"),
        at(30, "resume", "key"),
        at(34, "left", "A"),
    ]
    assert seen(*events) == [("A", 14, 20, 1, False)]


def test_a_reason_within_another_changes_nothing() -> None:
    inner = [at(15, "pause", "window"), at(20, "resume", "window")]
    events = [at(0, "shown", "A"), at(10, "pause", "key"), *inner, at(30, "resume", "key"), at(34, "left", "A")]
    assert seen(*events) == [("A", 14, 20, 1, False)]


def test_a_reason_told_twice_is_one_pause() -> None:
    twice = [at(10, "pause", "key"), at(12, "pause", "key"), at(15, "resume", "key"), at(16, "resume", "key")]
    assert seen(at(0, "shown", "A"), *twice, at(20, "left", "A")) == [("A", 15, 5, 1, False)]


def test_a_pause_without_an_end_lasts_until_the_image_is_left() -> None:
    events = [at(0, "shown", "A"), at(6, "pause", "window"), at(50, "left", "A"), at(50, "end")]
    assert seen(*events) == [("A", 6, 44, 1, False)]


def test_a_pause_that_holds_when_the_next_image_comes_counts_for_it_too() -> None:
    first = [at(0, "shown", "A"), at(4, "pause", "window"), at(5, "left", "A")]
    second = [at(6, "shown", "B"), at(8, "resume", "window"), at(11, "left", "B")]
    assert seen(*first, *second) == [("A", 4, 1, 1, False), ("B", 3, 2, 1, False)]


def test_pauses_between_images_belong_to_none() -> None:
    between = [at(5, "left", "A"), at(6, "pause", "key"), at(90, "resume", "key"), at(100, "shown", "B")]
    assert seen(at(0, "shown", "A"), *between, at(103, "left", "B")) == [
        ("A", 5, 0, 0, False),
        ("B", 3, 0, 0, False),
    ]


def test_a_kill_ends_the_visit_at_the_last_beat() -> None:
    """The monotonic clock of the second sitting began anew with the machine."""
    killed = [at(500, "sitting"), at(501, "shown", "A"), at(505, "pause", "key"), at(507, "cut")]
    again = [at(3, "sitting", sitting=2), at(4, "shown", "A", sitting=2), at(10, "left", "A", sitting=2)]
    assert seen(*killed, *again) == [("A", 4, 2, 1, True), ("A", 6, 0, 0, False)]


def test_a_kill_that_nobody_came_back_from_has_no_end() -> None:
    assert seen(at(0, "sitting"), at(1, "shown", "A")) == []


def test_a_sitting_begins_without_the_pauses_of_the_one_before() -> None:
    killed = [at(0, "shown", "A"), at(1, "pause", "key"), at(2, "cut")]
    again = [at(0, "sitting", sitting=2), at(1, "shown", "B", sitting=2), at(4, "left", "B", sitting=2)]
    assert seen(*killed, *again)[1] == ("B", 3, 0, 0, False)


def test_an_image_that_nobody_left_ends_where_the_next_begins() -> None:
    assert seen(at(0, "shown", "A"), at(5, "shown", "B"), at(7, "end")) == [
        ("A", 5, 0, 0, False),
        ("B", 2, 0, 0, False),
    ]


def test_visits_to_an_image_add_up_in_the_order_of_the_first() -> None:
    visits = [
        Visit(image="B", sitting=1, seconds=4, paused=1, pauses=1),
        Visit(image="A", sitting=1, seconds=2, paused=0, pauses=0, cut=True),
        Visit(image="B", sitting=2, seconds=0.5, paused=2, pauses=3),
    ]
    assert list(timings_of(visits).items()) == [
        ("B", Timing(seconds=4.5, paused=3, pauses=4, visits=2, order=1)),
        ("A", Timing(seconds=2, visits=1, order=2, cut=True)),
    ]


def test_nothing_shown_is_no_time() -> None:
    assert visits_of([]) == []
    assert timings_of([]) == {}
    assert seen(at(0, "sitting"), at(1, "pause", "key"), at(2, "resume", "key"), at(3, "end")) == []


# The file.


def write(path: Path, *events: Event) -> Path:
    with Log(path) as log:
        for event in events:
            log.append(event)
    return path


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    events = [at(0, "sitting", "cafe"), at(1, "shown", "A"), at(2, "pause", "idle"), at(3, "left", "A"), at(3, "end")]
    path = write(tmp_path / "new" / "log.jsonl", *events)
    assert read_log(path) == events
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1]) == {
        "event": "shown",
        "t": 1.0,
        "wall": WALL,
        "sitting": 1,
        "image": "A",
    }


def test_a_log_that_is_not_there_has_no_events(tmp_path: Path) -> None:
    assert read_log(tmp_path / "log.jsonl") == []


@pytest.mark.parametrize("half", [b'{"event": "le', "ü".encode()[:1], b"\0\0\0"])
def test_an_unfinished_last_line_is_no_event_and_spoils_none(tmp_path: Path, half: bytes) -> None:
    path = write(tmp_path / "log.jsonl", at(1, "shown", "A"))
    with path.open("ab") as file:
        file.write(half)
    assert read_log(path) == [at(1, "shown", "A")]
    write(path, at(4, "left", "A"))
    assert read_log(path) == [at(1, "shown", "A"), at(4, "left", "A")]


def test_every_event_is_in_the_file_when_append_returns(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append(at(1, "shown", "A"))
    assert read_log(tmp_path / "log.jsonl") == [at(1, "shown", "A")]
    log.close()


def damage(lines: list[str]) -> None:
    lines[1] = lines[1][:20]


def go_back(lines: list[str]) -> None:
    lines[1], lines[2] = lines[2], lines[1]


def invent(lines: list[str]) -> None:
    lines[1] = lines[1].replace('"shown"', '"seen"')


def add_a_word(lines: list[str]) -> None:
    lines[1] = lines[1].replace("{", '{"patient": "Miller", ')


@pytest.mark.parametrize(
    ("spoil", "line", "what"),
    [
        (damage, 2, "A line of a reading's log is damaged."),
        (invent, 2, "A line of a reading's log is damaged."),
        (add_a_word, 2, "A line of a reading's log is damaged."),
        (go_back, 3, "The clock went back within a sitting."),
    ],
)
def test_a_changed_line_is_named(tmp_path: Path, spoil: Callable[[list[str]], None], line: int, what: str) -> None:
    path = write(tmp_path / "log.jsonl", at(0, "sitting"), at(1.5, "shown", "A"), at(9, "left", "A"))
    lines = path.read_text(encoding="utf-8").splitlines()
    spoil(lines)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_log(path)
    assert told.value.what == what
    assert told.value.details["where"] == f"{path}:{line}"


def test_a_clock_may_begin_anew_with_a_sitting(tmp_path: Path) -> None:
    events = [at(900, "sitting"), at(901, "end"), at(3, "sitting", sitting=2)]
    assert read_log(write(tmp_path / "log.jsonl", *events)) == events


def test_an_event_that_the_disk_refused_can_be_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full after half of the line, and has room again later."""
    log = Log(tmp_path / "log.jsonl")
    log.append(at(1, "shown", "A"))

    def full(handle: int) -> None:
        os.ftruncate(handle, os.fstat(handle).st_size - 10)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WorkError, match="No space left on device"):
            log.append(at(2, "left", "A"))
    log.append(at(2, "left", "A"))
    assert read_log(tmp_path / "log.jsonl") == [at(1, "shown", "A"), at(2, "left", "A")]
    log.close()


def test_a_log_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(WorkError, match="log of a reading cannot be written"):
        Log(tmp_path / "log.jsonl")
    with pytest.raises(InputError, match="log cannot be read"):
        read_log(tmp_path / "log.jsonl")


# Which image is finished.


@pytest.mark.parametrize("things", [(), (VocObject("disc", Box(1, 2, 30, 40)),)])
def test_an_image_is_finished_when_it_was_verified(tmp_path: Path, things: tuple[VocObject, ...]) -> None:
    xml = tmp_path / "A.xml"
    assert not is_finished(xml)
    for verified in (False, True):
        xml.write_bytes(voc_bytes(Annotation("A.png", 320, 240, things, depth=1, verified=verified)))
        assert is_finished(xml) == verified
