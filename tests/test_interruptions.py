"""Ctrl-C, a killed worker, a full disk: words and exit code 1, what is finished stays, the next run goes on."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from spinedet.cli import main
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import make_folds, save_folds
from spinedet.detect import presets
from spinedet.detect.jobs import read_progress

PATIENCE = 60.0
"""Seconds after which something hangs."""

SLOW_EPOCHS = """
import sys
from spinedet import cli
from spinedet.detect import presets

read = presets.read_config
presets.read_config = lambda name: read(name).model_copy(update={"recipe": {"epoch_seconds": 0.4}})
sys.exit(cli.main())
"""
"""The command line with slow epochs of the fake detector, which no option sets."""


def benchmark(data: Path, run: Path) -> list[str]:
    """The words of a comparison of two jobs, four epochs each."""
    return [str(word) for word in ("benchmark", data, "--detectors", "fake", "--folds", 2, "--epochs", 4, "--out", run)]


def spinedet(*words: object) -> tuple[int, str]:
    """Run one command in this process; returns its exit code and all that it said."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", ["spinedet", *map(str, words)])
        code = main()
    assert "Traceback" not in said.getvalue()
    return code, said.getvalue()


def wait_for(condition: Callable[[], Any], running: "subprocess.Popen[str]") -> None:
    """Wait until something is so; the process must not end before."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Ctrl-C for a process without a window")
def test_ctrl_c_keeps_finished_jobs_and_epochs(two_classes: Path, tmp_path: Path) -> None:
    """The first fold is finished and the second is in its epochs when the person presses Ctrl-C."""
    run = tmp_path / "run"
    first, second = (run / "fake" / f"fold{number}" for number in (1, 2))
    command = [sys.executable, "-P", "-c", SLOW_EPOCHS, *benchmark(two_classes, run)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as running:
        wait_for(lambda: read_progress(second), running)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=PATIENCE)[1]
    assert (running.returncode, "Stopped. What was finished is kept." in said) == (1, True)
    assert "Traceback" not in said
    assert "failed" not in said
    assert (first / "done.json").exists()
    assert not (second / "done.json").exists()
    finished, reached = (first / "done.json").stat().st_mtime_ns, read_progress(second)[-1].epoch

    assert subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode == 0
    assert (first / "done.json").stat().st_mtime_ns == finished
    epochs = [json.loads(line)["epoch"] for line in (second / "progress.jsonl").read_text().splitlines()]
    assert epochs == [1, 2, 3, 4]
    assert 1 <= reached < 4
    assert (run / "report.html").exists()


def test_a_killed_worker_is_told_with_its_log_and_goes_on(
    two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker dies in its third epoch, as if memory had run out; the second run finishes both jobs."""
    read = presets.read_config
    monkeypatch.setattr(presets, "read_config", lambda name: read(name).model_copy(update={"recipe": {"die_at": 3}}))
    words, job = benchmark(two_classes, tmp_path / "run"), tmp_path / "run" / "fake" / "fold1"
    code, said = spinedet(*words)
    assert code == 1
    assert "2 of 2 jobs failed" in said
    assert "ended from outside" in said
    assert f"where: {job / 'log.txt'}" in said
    assert [epoch.epoch for epoch in read_progress(job)] == [1, 2]
    assert spinedet(*words)[0] == 0
    assert [epoch.epoch for epoch in read_progress(job)] == [1, 2, 3, 4]


def test_one_failed_job_leaves_the_others_results(two_classes: Path, tmp_path: Path) -> None:
    """The folder of the second job cannot be made; the first is trained, judged and written all the same."""
    run = tmp_path / "run"
    made = make_folds(Dataset.load(two_classes), 2, 0)
    save_folds(run / "folds.json", made, Dataset.load(two_classes))
    (run / "fake").mkdir()
    (run / "fake" / "fold2").write_text("in the way", encoding="utf-8")
    code, said = spinedet(*benchmark(two_classes, run))
    assert code == 1
    assert "1 of 2 jobs failed" in said
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert [row["fold"] for row in results["detectors"]["fake"]["folds"]] == [1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB, which only root on Linux can make."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a tiny disk needs root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "spinedet", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk, but for a few small files; deleting the returned file frees it."""
    ballast = disk / "ballast"
    room = shutil.disk_usage(disk).free
    ballast.write_bytes(b"0" * (room - 4096 * 8))
    return ballast


def grow(disk: Path) -> None:
    """Give a small disk room."""
    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)


def test_a_full_disk_leaves_no_half_phantom(small_disk: Path) -> None:
    words = ("phantom", "lumbar", "--patients", 4, "--out", small_disk / "data")
    code, said = spinedet(*words)
    assert (code, list(small_disk.iterdir())) == (1, [])
    assert "No space left on device" in said
    grow(small_disk)
    assert spinedet(*words)[0] == 0


def test_a_benchmark_goes_on_when_the_disk_has_room_again(two_classes: Path, small_disk: Path) -> None:
    run = small_disk / "run"
    ballast = fill(small_disk)
    code, said = spinedet(*benchmark(two_classes, run))
    assert code == 1
    assert "No space left on device" in said
    assert not (run / "report.html").exists()
    ballast.unlink()
    grow(small_disk)
    assert spinedet(*benchmark(two_classes, run))[0] == 0
    assert (run / "report.html").exists()


def test_predictions_on_a_full_disk(two_classes: Path, tmp_path: Path, small_disk: Path) -> None:
    assert spinedet("train", two_classes, "--detector", "fake", "--out", tmp_path / "job")[0] == 0
    images, found = list((two_classes / "JPEGImages").iterdir()), small_disk / "found"
    words = ("predict", tmp_path / "job" / "model", *images, "--out", found)
    ballast = fill(small_disk)
    code, said = spinedet(*words)
    assert code == 1
    assert "No space left on device" in said
    assert all(path.stat().st_size for path in found.iterdir())
    ballast.unlink()
    assert spinedet(*words)[0] == 0
    assert len(list(found.iterdir())) == 2 * len(images) + 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(two_classes: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    code, said = spinedet(*benchmark(two_classes, tmp_path / "locked" / "run"))
    assert (code, "Permission denied" in said) == (1, True)
