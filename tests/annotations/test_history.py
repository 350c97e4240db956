"""No byte that was saved is lost: not by the next save, not by a kill at any line, not by a full disk."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.annotations import history
from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.history import HISTORY, UNFINISHED, recover, restore, save, set_aside, versions
from spinedet.datasets.dataset import Dataset


def drawn(word: object) -> bytes:
    """A file that is XML and tells itself from others."""
    return f"<annotation>{word}</annotation>\n".encode()


def contents(path: Path) -> list[bytes]:
    """The versions' bytes, newest first."""
    return [version.path.read_bytes() for version in versions(path)]


def left_over(folder: Path) -> list[Path]:
    return list(folder.glob(f".*{UNFINISHED}"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Annotations" / "a17.xml"


def test_a_save_keeps_the_file_before_it(path: Path) -> None:
    for word in "abc":
        save(path, drawn(word))
    assert path.read_bytes() == drawn("c")
    assert contents(path) == [drawn("b"), drawn("a")]
    assert [version.number for version in versions(path)] == [1, 2]
    assert sorted(file.name for file in path.parent.iterdir()) == [HISTORY, "a17.xml"]


def test_a_version_has_the_time_at_which_it_was_saved(path: Path) -> None:
    save(path, drawn("a"))
    noon = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    os.utime(path, ns=(0, int(noon.timestamp() * 1e6) * 1000))
    save(path, drawn("b"))
    assert versions(path)[0].saved == noon
    assert versions(path)[0].path == path.parent / HISTORY / "a17" / "20260301T120000.250000Z.xml"


def test_the_same_bytes_are_not_saved_twice(path: Path) -> None:
    save(path, drawn("a"))
    before = path.stat()
    save(path, drawn("a"))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert versions(path) == []


@pytest.mark.parametrize("seconds", [1e9, 4e9, 0.0], ids=["equal", "future", "epoch"])
def test_clocks_that_stand_still_or_go_wrong_leave_the_order(path: Path, seconds: float) -> None:
    for word in "abcd":
        save(path, drawn(word))
        os.utime(path, (seconds, seconds))
    assert contents(path) == [drawn("c"), drawn("b"), drawn("a")]
    assert all(version.saved <= datetime.now(UTC) for version in versions(path))


def test_a_file_changed_by_another_program_is_kept_too(path: Path) -> None:
    save(path, drawn("ours"))
    path.write_bytes(drawn("theirs, written into the same file"))
    save(path, drawn("ours again"))
    assert contents(path) == [drawn("theirs, written into the same file")]


@pytest.mark.parametrize("stem", ["腰椎 1", "a.b.c", "x" * 180])
def test_names_of_every_kind_have_a_history(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.xml"
    save(path, drawn("a"))
    save(path, drawn("b"))
    restore(path)
    assert (path.read_bytes(), contents(path)) == (drawn("a"), [drawn("b"), drawn("a")])


def test_what_others_put_into_the_history_is_no_version(path: Path) -> None:
    save(path, drawn("a"))
    save(path, drawn("b"))
    folder = history.history_folder(path)
    for name in ("Thumbs.db", ".DS_Store", "copy of 20260301T120000.250000Z.xml", "20260301T120000.250000Z.part"):
        (folder / name).write_bytes(b"x")
    (folder / "20260301T120000.250000Z.xml").touch()  # a disk without hard links, killed between two steps
    assert contents(path) == [drawn("a")]


def test_restoring_keeps_the_present_file(path: Path) -> None:
    for word in "abc":
        save(path, drawn(word))
    assert restore(path, 2).number == 2
    assert path.read_bytes() == drawn("a")
    assert contents(path) == [drawn("c"), drawn("b"), drawn("a")]


def test_a_deleted_annotation_is_restored(path: Path) -> None:
    save(path, drawn("a"))
    save(path, drawn("b"))
    path.unlink()
    restore(path)
    assert path.read_bytes() == drawn("a")


def test_a_version_that_there_is_not_is_told_with_those_there_are(path: Path) -> None:
    with pytest.raises(InputError, match="There is no earlier version"):
        restore(path)
    save(path, drawn("a"))
    save(path, drawn("b"))
    for number in (0, 2, -1):
        with pytest.raises(InputError, match=r"(?s)expected: one of 1 \(\d{4}-.*found: " + str(number)):
            restore(path, number)
    assert path.read_bytes() == drawn("b")


def forget(path: Path, ever: set[bytes]) -> None:
    """The present bytes go without a save of ours, and are not asked for unless the history has them."""
    if path.exists() and path.read_bytes() not in contents(path):
        ever.discard(path.read_bytes())


def take(step: str, number: int, path: Path, ever: set[bytes]) -> None:
    """One thing that a person, we, or another program do to an annotation."""
    if step == "save":
        save(path, drawn(number))
    elif step == "restore" and versions(path):
        restore(path, number % len(versions(path)) + 1)
    elif step == "edit":
        forget(path, ever)
        path.write_bytes(drawn(f"edited {number}"))
    elif step == "delete":
        forget(path, ever)
        path.unlink(missing_ok=True)


STEPS = st.lists(st.tuples(st.sampled_from(["save", "restore", "delete", "edit"]), st.integers(0, 4)), max_size=12)


@settings(max_examples=50, deadline=None)
@given(steps=STEPS)
def test_everything_that_was_saved_is_there_or_in_the_history(steps: list[tuple[str, int]]) -> None:
    """Saves, restores, edits and deletions in any order: only what we never saw replaced goes."""
    with tempfile.TemporaryDirectory() as folder:
        path, ever = Path(folder) / "a17.xml", set[bytes]()
        for step, number in steps:
            take(step, number, path, ever)
            present = {path.read_bytes()} if path.exists() else set()
            ever |= present
            assert ever <= present | set(contents(path))


def test_a_long_history_is_thinned_where_it_is_old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 saves the first, the newest, and ever wider steps between stay; there are never more than 20."""
    monkeypatch.setattr(history, "MOST", 20)
    monkeypatch.setattr(history, "NEWEST", 6)
    for number in range(61):
        save(path, drawn(number))
        assert len(versions(path)) <= 20
    kept = [int(data.removeprefix(b"<annotation>").split(b"<")[0]) for data in reversed(contents(path))]
    assert kept[0] == 0
    assert kept[-6:] == list(range(54, 60))
    steps = [later - earlier for earlier, later in pairwise(kept)]
    assert sorted(steps, reverse=True) == steps
    assert steps[0] > 1


def test_leftovers_and_histories_are_no_annotations(two_classes: Path) -> None:
    folder = two_classes / "Annotations"
    before = Dataset.load(two_classes).fingerprint()
    path = folder / "p0_1.xml"
    present = path.read_bytes()
    save(path, drawn("a"))
    save(path, present)
    (folder / f".p0_1.xml.0123abcd{UNFINISHED}").write_bytes(b"<annot")
    assert Dataset.load(two_classes).fingerprint() == before


def test_an_interrupted_save_can_be_restored(path: Path) -> None:
    save(path, drawn("a"))
    (path.parent / f".a17.xml.0123abcd{UNFINISHED}").write_bytes(drawn("b"))
    (path.parent / f".new.xml.0123abcd{UNFINISHED}").write_bytes(drawn("c"))
    won = recover(path.parent)
    assert [(version.number, version.path.parent.name) for version in won] == [(1, "a17"), (1, "new")]
    restore(path)
    assert (path.read_bytes(), contents(path)) == (drawn("b"), [drawn("a"), drawn("b")])
    restore(path.with_name("new.xml"))
    assert path.with_name("new.xml").read_bytes() == drawn("c")
    assert recover(path.parent) == []


def test_a_half_written_file_is_kept_and_is_no_version(path: Path) -> None:
    save(path, drawn("a"))
    (path.parent / f".a17.xml.0123abcd{UNFINISHED}").write_bytes(drawn("b")[:-5])
    assert recover(path.parent) == []
    parts = list(history.history_folder(path).glob("*.part"))
    assert [part.read_bytes() for part in parts] == [drawn("b")[:-5]]
    assert (versions(path), left_over(path.parent)) == ([], [])


@pytest.mark.parametrize("data", [b"", drawn("a"), drawn("a")[:9]], ids=["empty", "whole", "half"])
def test_what_the_present_file_holds_is_not_kept_twice(path: Path, data: bytes) -> None:
    save(path, drawn("a"))
    (path.parent / f".a17.xml.0123abcd{UNFINISHED}").write_bytes(data)
    assert recover(path.parent) == []
    assert [file.name for file in path.parent.iterdir()] == ["a17.xml"]


def test_a_folder_that_there_is_not_has_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(tmp_path / "none") == []


def test_a_rename_that_fails_leaves_the_drawing_to_be_recovered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under Windows, where another program that reads the file keeps it from being replaced."""
    save(path, drawn("a"))

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        for _ in range(2):
            with pytest.raises(WorkError, match="Permission denied"):
                save(path, drawn("b"))
    assert (path.read_bytes(), contents(path)) == (drawn("a"), [drawn("a")])
    assert [version.path.read_bytes() for version in recover(path.parent)] == [drawn("b")]


def test_a_disk_without_hard_links_and_folder_syncs_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def no_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(handle)

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(os, "fsync", no_folders)
    for word in "abc":
        save(path, drawn(word))
    assert (path.read_bytes(), contents(path)) == (drawn("c"), [drawn("b"), drawn("a")])
    assert left_over(path.parent) == []


def test_a_disk_that_fills_up_while_saving(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sync fails, then the second (the copy of the old file); the old file stands, no half file is left."""
    save(path, drawn("a"))
    sync = os.fsync
    for failing in (1, 2):
        calls = iter(range(1, 100))

        def full(handle: int, calls: Iterator[int] = calls, failing: int = failing) -> None:
            if next(calls) >= failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(handle)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(WorkError, match="No space left"):
            save(path, drawn("b"))
        assert (path.read_bytes(), contents(path)) == (drawn("a"), [])
        assert [left.read_bytes() for left in left_over(path.parent)] == [drawn("b")] * (failing - 1)
    monkeypatch.setattr(os, "fsync", sync)
    assert len(recover(path.parent)) == 1


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, which only root on Linux can make."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a tiny disk needs root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "spinedet", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def saved_until_full(path: Path, words: list[str]) -> int:
    """How many saves were done before the disk was full."""
    for number, word in enumerate(words):
        try:
            save(path, drawn(word))
        except WorkError as error:
            assert "No space left" in str(error)  # noqa: PT017
            return number
    return len(words)


def test_a_disk_that_is_full(disk: Path) -> None:
    """Saves of 8 kB go on until one has no room; every one before it is there."""
    path = disk / "a17.xml"
    words = [f"{number} {'x' * 8000}" for number in range(20)]
    done = saved_until_full(path, words)
    assert 0 < done < 20
    assert path.read_bytes() == drawn(words[done - 1])
    recover(disk)
    assert {drawn(word) for word in words[: done - 1]} <= set(contents(path))


def test_a_folder_that_cannot_be_written(read_only: Path) -> None:
    with pytest.raises(WorkError, match="could not be saved") as caught:
        save(read_only / "a17.xml", drawn("b"))
    assert caught.value.details["where"] == str(read_only / "a17.xml")
    assert (read_only / "a17.xml").read_bytes() == b"old"


def test_what_is_set_aside_is_the_newest_version(path: Path) -> None:
    save(path, drawn("a"))
    set_aside(path)
    assert not path.exists()
    assert [version.path.read_bytes() for version in versions(path)] == [drawn("a")]
    set_aside(path)  # nothing there: nothing to do
    restore(path)
    assert path.read_bytes() == drawn("a")
