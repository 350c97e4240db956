"""Processes that die while they save: at every line of the code in turn, and at random moments by a signal."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from spinedet.annotations import files, history
from spinedet.annotations.history import HISTORY, UNFINISHED, recover, save, versions
from spinedet.annotations.voc import read_voc

PATIENCE = 60.0
"""Seconds after which a child process is taken for stuck."""

KILLS = 50


Trace = Callable[[FrameType, str, object], Any]

traced = pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or a coverage tool traces already")


class Killed(BaseException):
    """Stands for the end of the process: nothing in the package catches it."""


def drawn(word: object) -> bytes:
    """A file that is XML and tells itself from others."""
    return f"<annotation>{word}</annotation>\n".encode()


def contents(path: Path) -> list[bytes]:
    """The versions' bytes, newest first."""
    return [version.path.read_bytes() for version in versions(path)]


def left_over(folder: Path) -> list[Path]:
    return list(folder.glob(f".*{UNFINISHED}"))


def kill_at(line: int) -> Trace:
    """A trace function that ends the process, so to speak, at the n-th line run in the two modules."""
    watched, count = {history.__file__, files.__file__}, iter(range(1, 10_000))

    def trace(frame: FrameType, event: str, _: object) -> Trace | None:
        if frame.f_code.co_filename not in watched:
            return None
        if event == "line" and next(count) == line:
            raise Killed
        return trace

    return trace


def run_until(line: int, work: Callable[[], object]) -> bool:
    """Run until the n-th line; True where the work was done before."""
    sys.settrace(kill_at(line))
    try:
        work()
    except Killed:
        return False
    finally:
        sys.settrace(None)
    return True


def check_after_a_kill(path: Path) -> None:
    """`b` was being saved over `a`."""
    present, kept = path.read_bytes(), contents(path)
    assert present in {drawn("a"), drawn("b")}
    assert present == drawn("a") or drawn("a") in kept
    was_written = any(left.read_bytes() == drawn("b") for left in left_over(path.parent))
    recover(path.parent)
    assert left_over(path.parent) == []
    assert not was_written or drawn("b") in contents(path)
    assert drawn("a") in [path.read_bytes(), *contents(path)]


@traced
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that a dead process leaves open
def test_a_save_killed_at_any_line_loses_nothing(tmp_path: Path) -> None:
    done, line = False, 0
    while not done:
        line += 1
        path = tmp_path / str(line) / "a17.xml"
        save(path, drawn("a"))
        done = run_until(line, lambda path=path: save(path, drawn("b")))  # type: ignore[misc]
        check_after_a_kill(path)
        save(path, drawn("c"))
        assert {drawn("a"), path.read_bytes()} <= {*contents(path), drawn("c")}
    assert line > 30


@traced
def test_a_recovery_killed_at_any_line_is_done_by_the_next(tmp_path: Path) -> None:
    done, line = False, 0
    while not done:
        line += 1
        path = tmp_path / str(line) / "a17.xml"
        save(path, drawn("a"))
        (path.parent / f".a17.xml.0123abcd{UNFINISHED}").write_bytes(drawn("b"))
        done = run_until(line, lambda path=path: recover(path.parent))  # type: ignore[misc]
        recover(path.parent)
        assert (path.read_bytes(), contents(path), left_over(path.parent)) == (drawn("a"), [drawn("b")], [])
    assert line > 20


SAVE_ON = """
import sys
from pathlib import Path
from spinedet.annotations.history import save
folder, number = Path(sys.argv[1]), int(sys.argv[2])
text = Path(sys.argv[3]).read_text(encoding="utf-8")
print("ready", flush=True)
while True:
    number += 1
    x, y = number % 1000 + 1, number // 1000 + 1
    save(folder / f"a{number % 8}.xml", text.format(x=x, y=y).encode("utf-8"))
    print(number, flush=True)
"""
"""Saves one number after the other, each as the corner of a box, and tells those that are done."""

MANY_BOXES = (
    "<annotation><filename>a.png</filename><size><width>2000</width><height>2000</height><depth>1</depth></size>"
    + 40
    * (
        "<object><name>disc</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>1500</xmax><ymax>1500</ymax></bndbox>"
        "</object>\n"
    )
    + "</annotation>\n"
)


def number_of(file: Path) -> int:
    """The number that a file encodes; the reader refuses a file that is not whole."""
    annotation = read_voc(file)
    assert len(annotation.objects) == 40
    assert len({thing.box for thing in annotation.objects}) == 1
    x, y, *_ = annotation.objects[0].box
    return int(y) * 1000 + int(x)


def save_and_kill(folder: Path, template: Path, first: int, seconds: float) -> list[int]:
    """Start a process that saves, kill it after some time, and return the numbers that it had told as saved."""
    command = [sys.executable, "-P", "-c", SAVE_ON, str(folder), str(first), str(template)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready", child.communicate(timeout=PATIENCE)[1]
        time.sleep(seconds)
        child.kill()
        told, _ = child.communicate(timeout=PATIENCE)
    return [int(line) for line in told.split(b"\n")[:-1]]


def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    """Each process is killed at a random moment of its saving; every file stays whole, every told save is there."""
    folder, template = tmp_path / "Annotations", tmp_path / "template.xml"
    template.write_text(MANY_BOXES, encoding="utf-8")
    chance, told, seen, last, cut_short = random.Random(4), set[int](), dict[Path, int](), 0, 0
    for _ in range(KILLS):
        told.update(save_and_kill(folder, template, last, chance.uniform(0.0, 0.06)))
        cut_short += bool(left_over(folder))
        recover(folder)
        assert left_over(folder) == []
        present = {number_of(file) for file in folder.glob("*.xml")}
        kept = {file: seen.get(file) or number_of(file) for file in (folder / HISTORY).glob("*/*.xml")}
        assert told <= present | set(kept.values())
        seen, last = kept, max([last, *present, *kept.values()])
    print(f"{len(told)} saves told, {cut_short} cut short")
    assert len(told) > KILLS
    assert cut_short > 0
