"""Nothing leaves the machine and nothing is left on it: a real training without network and with an empty home."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.datasets.images import read_image
from spinedet.detect.runtime import Model

UNSHARE = (("unshare", "-rn"), ("unshare", "-n"))
"""Two ways to run a program without a network: as anybody, where the system allows it, or as root."""

NO_NETWORK = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
"""Must fail at once, or a training that passes would prove nothing (192.0.2.0/24 belongs to nobody)."""

HOMES = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")


@functools.cache
def without_network() -> tuple[str, ...]:
    """The beginning of a command that runs without a network."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        pytest.skip("a network is taken away on Linux only")
    for words in UNSHARE:
        if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return words
    pytest.skip("this system lets nobody take the network away")


def blob(place: int) -> NDArray[np.uint8]:
    """A bright square (16 x 16) on noise (64 x 48), so that there is something to learn."""
    image = np.random.default_rng(place).integers(0, 60, (48, 64), dtype=np.uint8)
    image[10:26, place : place + 16] = 220
    return image


@pytest.fixture
def blobs(make_dataset: Callable[..., Path]) -> Path:
    """Six images of six patients with one bright square each."""
    from PIL import Image

    places = range(4, 34, 5)
    folder = make_dataset({f"i{x}": (f"p{x}", [("bright", x + 1, 11, x + 16, 26)]) for x in places})
    for x in places:
        Image.fromarray(blob(x)).save(folder / "JPEGImages" / f"i{x}.png")
    return folder


def tree(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("detector", "size", "side"),
    [
        ("yolov5", "n", "64"),
        ("ppyolov2", "r18", "96"),
        pytest.param("ppyolov2-paddle", "r18", "96", marks=pytest.mark.paddle),
    ],
)
def test_training_needs_no_network_and_writes_into_its_folder_alone(
    blobs: Path, tmp_path: Path, detector: str, size: str, side: str
) -> None:
    """Home, current directory and dataset are as they were; only the job folder has grown.

    A key of ultralytics' platform in the environment changes nothing: with it and without us, training would report.
    """
    offline = without_network()
    assert subprocess.run([*offline, sys.executable, "-c", NO_NETWORK], capture_output=True).returncode == 1
    home, place, job = tmp_path / "home", tmp_path / "place", tmp_path / "job"
    home.mkdir()
    place.mkdir()
    before = tree(blobs)
    words = ["train", str(blobs), "--detector", f"{detector}:{size}", "--image-size", side, "--epochs", "1"]
    done = subprocess.run(
        [*offline, sys.executable, "-P", "-m", "spinedet", *words, "--out", str(job)],
        cwd=place,
        env={**os.environ, **dict.fromkeys(HOMES, str(home)), "ULTRALYTICS_API_KEY": "secret"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert [*home.rglob("*"), *place.rglob("*")] == []
    assert tree(blobs) == before
    assert not (job / "scratch").exists()
    model = Model.load(job / "model")
    assert model.card.detector == detector
    (found,) = model.predict([read_image(next((blobs / "JPEGImages").iterdir()))])
    assert found.boxes.shape == (len(found), 4)
