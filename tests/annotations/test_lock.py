"""One window a folder, whatever became of the one before."""

import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.lock import GUARD, LOCK, SILENT_SECONDS, Holder, annotating, check_free, is_free

PATIENCE = 60.0
"""Seconds after which a child process is taken for stuck."""

NOBODY = 2**22 + 1
"""No process has this number: Linux ends at 2^22, and Windows uses multiples of four."""


def leave_lock(folder: Path, *, silent: float = 0.0, name: str = LOCK, **changes: object) -> Holder:
    """The lock file of a session on this machine whose process is gone, unless `changes` say otherwise."""
    fields = {
        "who": "Dr Weber",
        "host": socket.gethostname(),
        "pid": NOBODY,
        "process_started": time.time() - 3600,
        "since": datetime.now(UTC) - timedelta(hours=1),
        "image": "a17",
        "token": "0123456789abcdef",
    }
    holder = Holder.model_validate({**fields, **changes})
    (folder / name).write_text(holder.model_dump_json(), encoding="utf-8")
    age(folder / name, silent)
    return holder


def age(path: Path, seconds: float) -> None:
    """Let a file have been written some time ago."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def litter(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_second_window_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with annotating(tmp_path, "Dr Weber") as lock:
        lock.note("a17")
        with pytest.raises(InputError, match="open in LabelImg already") as caught, annotating(tmp_path, "Dr Roth"):
            pass
        found = str(caught.value.details["found"])
        assert re.fullmatch(
            rf"Dr Weber on {re.escape(socket.gethostname())} since \d{{4}}-\d\d-\d\d \d\d:\d\d, "
            rf"process {os.getpid()}, at image a17",
            found,
        )
        assert caught.value.details["where"] == str(tmp_path)
        assert litter(tmp_path) == [LOCK]


def test_a_closed_window_leaves_nothing(tmp_path: Path) -> None:
    with annotating(tmp_path, "Dr Weber") as lock:
        assert lock.interrupted is None
        lock.note("a17")
    assert litter(tmp_path) == []
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted is None


def test_a_window_that_ends_in_an_error_gives_the_folder_up(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), annotating(tmp_path, "Dr Weber"):
        raise ZeroDivisionError
    assert litter(tmp_path) == []


def test_the_folder_of_a_new_annotator_is_made(tmp_path: Path) -> None:
    with annotating(tmp_path / "annotators" / "Weber", "Dr Weber"):
        assert litter(tmp_path / "annotators" / "Weber") == [LOCK]


def test_two_folders_have_two_locks(tmp_path: Path) -> None:
    with annotating(tmp_path / "a", "Dr Weber"), annotating(tmp_path / "b", "Dr Roth"):
        assert not is_free(tmp_path / "a")
        assert not is_free(tmp_path / "b")


def test_a_dead_session_goes_on_at_its_image(tmp_path: Path) -> None:
    leave_lock(tmp_path)
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted == "a17"
        assert Holder.model_validate_json((tmp_path / LOCK).read_bytes()).who == "Dr Roth"
    assert litter(tmp_path) == []


def test_a_process_that_has_the_number_of_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    """Our own number, but a process that began an hour earlier."""
    leave_lock(tmp_path, pid=os.getpid())
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted == "a17"


def test_the_clock_may_be_corrected_by_a_second(tmp_path: Path) -> None:
    leave_lock(tmp_path, pid=os.getpid(), process_started=psutil.Process().create_time() - 1.0)
    assert not is_free(tmp_path)


def test_a_foreign_machine_holds_the_folder_while_it_is_heard_of(tmp_path: Path) -> None:
    leave_lock(tmp_path, host="RADPC3", silent=SILENT_SECONDS - 30)
    with pytest.raises(InputError, match="Dr Weber on RADPC3") as caught, annotating(tmp_path, "Dr Roth"):
        pass
    assert "frees the folder after 3 minutes" in str(caught.value)
    age(tmp_path / LOCK, SILENT_SECONDS + 30)
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted == "a17"


def test_a_lock_that_cannot_be_read_holds_for_a_while(tmp_path: Path) -> None:
    """A disk without hard links shows a lock empty for a moment; one that stays so was cut short."""
    (tmp_path / LOCK).write_bytes(b"")
    with pytest.raises(InputError, match="a lock that cannot be read"), annotating(tmp_path, "Dr Roth"):
        pass
    age(tmp_path / LOCK, SILENT_SECONDS + 30)
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted is None


def test_a_process_that_may_not_be_looked_at_is_taken_for_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(pid: int) -> psutil.Process:
        raise psutil.AccessDenied(pid)

    leave_lock(tmp_path)
    monkeypatch.setattr(psutil, "Process", denied)
    assert not is_free(tmp_path)
    age(tmp_path / LOCK, SILENT_SECONDS + 30)
    assert is_free(tmp_path)


def test_a_beat_renews_the_lock_and_keeps_its_image(tmp_path: Path) -> None:
    with annotating(tmp_path, "Dr Weber") as lock:
        lock.note("a17")
        age(tmp_path / LOCK, 1000)
        lock.beat()
        assert time.time() - (tmp_path / LOCK).stat().st_mtime < 100
        (tmp_path / LOCK).unlink()
        lock.beat()
        assert Holder.model_validate_json((tmp_path / LOCK).read_bytes()).image == "a17"


def test_a_window_that_was_asleep_learns_that_the_folder_is_taken(tmp_path: Path) -> None:
    with annotating(tmp_path, "Dr Roth") as lock:
        leave_lock(tmp_path, host="RADPC3")
        theirs = (tmp_path / LOCK).read_bytes()
        for renew in (lock.beat, lambda: lock.note("b3")):
            with pytest.raises(InputError, match="Somebody else has opened this folder") as caught:
                renew()
            assert "Dr Weber on RADPC3" in str(caught.value)
    assert (tmp_path / LOCK).read_bytes() == theirs


def test_a_beat_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with annotating(tmp_path, "Dr Weber") as lock:
        for name in ("write_bytes", "read_bytes"):
            with monkeypatch.context() as patch:
                patch.setattr(Path, name, full)
                with pytest.raises(WorkError, match="No space left"):
                    lock.beat()
    assert litter(tmp_path) == []


def test_a_folder_that_cannot_be_written(read_only: Path) -> None:
    with pytest.raises(InputError, match="cannot be written") as caught, annotating(read_only, "Dr Weber"):
        pass
    assert caught.value.details["to do"] is not None
    assert litter(read_only) == ["a17.xml"]
    assert is_free(read_only)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written"), annotating(tmp_path / "a", "Dr Weber"):
        pass


def test_a_free_folder_is_free(tmp_path: Path) -> None:
    check_free(tmp_path)
    check_free(tmp_path / "none")
    leave_lock(tmp_path)
    check_free(tmp_path)
    with annotating(tmp_path, "Dr Weber"), pytest.raises(InputError, match="open in LabelImg already"):
        check_free(tmp_path)


def test_a_guard_whose_process_was_killed_is_no_hindrance(tmp_path: Path) -> None:
    """Killed while it took over, twice in a row."""
    for name in (LOCK, LOCK + GUARD, LOCK + GUARD + GUARD):
        leave_lock(tmp_path, name=name)
    with annotating(tmp_path, "Dr Roth") as lock:
        assert lock.interrupted == "a17"
        assert litter(tmp_path) == [LOCK]


def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unknown)
    leave_lock(tmp_path)
    with annotating(tmp_path, "Dr Weber") as lock:
        assert lock.interrupted == "a17"
        with pytest.raises(InputError, match="Dr Weber"), annotating(tmp_path, "Dr Roth"):
            pass
    assert litter(tmp_path) == []


HOLD = """
import sys, time
from pathlib import Path
from spinedet.annotations.lock import annotating
with annotating(Path(sys.argv[1]), "Dr Weber") as lock:
    lock.note("a17")
    print("open", flush=True)
    time.sleep(600)
"""


def test_a_killed_session_opens_where_it_stopped(tmp_path: Path) -> None:
    """While it lives nobody gets in; killed, it holds nothing, even before its parent has asked for its end."""
    with subprocess.Popen([sys.executable, "-P", "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as session:
        assert session.stdout is not None
        assert session.stdout.readline().strip() == b"open"
        with pytest.raises(InputError, match=f"process {session.pid}"):
            check_free(tmp_path)
        session.kill()
        deadline = time.monotonic() + PATIENCE
        while not is_free(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        with annotating(tmp_path, "Dr Weber") as lock:
            assert lock.interrupted == "a17"


ROUNDS, RACERS = 40, 4

RACE = """
import sys, time
from contextlib import ExitStack
from pathlib import Path
from spinedet.annotations.errors import InputError
from spinedet.annotations.lock import annotating
root, rounds = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
start = float(sys.stdin.readline())
with ExitStack() as stack:
    for number in range(rounds):
        while time.time() < start + 0.03 * number:
            pass
        try:
            stack.enter_context(annotating(root / str(number), "racer"))
            print("won", number, flush=True)
        except InputError:
            print("lost", number, flush=True)
    print("end", flush=True)
    sys.stdin.readline()
"""
"""Tries for one folder after the other at moments that all racers share, and holds what it wins to the end."""


@pytest.mark.parametrize("dead", [True, False], ids=["dead lock", "no lock"])
def test_of_processes_that_race_for_a_folder_one_wins(tmp_path: Path, dead: bool) -> None:
    for number in range(ROUNDS):
        (tmp_path / str(number)).mkdir()
        if dead:
            leave_lock(tmp_path / str(number))
    command = [sys.executable, "-P", "-c", RACE, str(tmp_path), str(ROUNDS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    racers = [subprocess.Popen(command, **pipes) for _ in range(RACERS)]  # type: ignore[call-overload]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    start = f"{time.time() + 0.1}\n"
    for racer in racers:
        racer.stdin.write(start)
        racer.stdin.flush()
    told = []
    for racer in racers:
        told += list(iter(racer.stdout.readline, "end\n"))
    said = [racer.communicate("\n", timeout=PATIENCE)[0] for racer in racers]
    assert said == [""] * RACERS
    assert sorted(line for line in told if line.startswith("won")) == sorted(f"won {k}\n" for k in range(ROUNDS))
    assert len(told) == ROUNDS * RACERS
    assert [litter(tmp_path / str(number)) for number in range(ROUNDS)] == [[]] * ROUNDS
