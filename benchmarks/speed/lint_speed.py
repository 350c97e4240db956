"""How long and how much memory does `spinedet lint` take on many annotations?

Makes N Pascal VOC files of five to eight boxes in a temporary folder and checks N/5, N/2 and N of them as the command
does, each in a process of its own. Linear time shows as the same CPU time a file in every row, whatever else runs.

`--images shared` gives every annotation a hard link to one tiny PNG, whose header is read as any other; `--images none`
leaves the images out, and then every file has a finding: it has no image. Pixels are measured apart: decoding and
hashing different images of 812 x 662, on all cores.

Memory is what the process and its workers hold together (resident, pages that they share counted once for each), looked
at every 20 ms.

    python benchmarks/speed/lint_speed.py --files 100000
"""

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import psutil

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, voc_bytes
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.lint.checking import Asked, lint, silent
from spinedet.datasets.lint.pixels import compare_pixels
from spinedet.datasets.lint.scan import cores
from spinedet.datasets.patients import PATIENTS

CLASSES = ("normal", "herniation", "spondylolisthesis")
SHARES = (0.2, 0.5, 1.0)
PIXEL_IMAGES = 400
WIDTH, HEIGHT = 812, 662

ROW = (
    "{files:>8} files {seconds:>7.2f} s {us_per_file:>7.1f} us a file ({cpu_us_per_file:.1f} CPU)"
    " {peak_mib:>6} MiB {findings:>8} findings"
)

EVERY_SECONDS = 0.02


def make_files(root: Path, files: int, *, images: bool) -> None:
    """Write a dataset of so many annotations, two images a patient."""
    for folder in (ANNOTATIONS, IMAGES):
        (root / folder).mkdir(parents=True)
    names = [f"image{number:07}" for number in range(files)]
    draws = np.random.default_rng(files)
    for number, name in enumerate(names):
        (root / ANNOTATIONS / f"{name}.xml").write_bytes(voc_bytes(_annotation(name, number, draws)))
    rows = "".join(f"{name},P{number // 2}\n" for number, name in enumerate(names))
    (root / PATIENTS).write_text(f"image,patient\n{rows}", encoding="utf-8")
    if images:
        _share_image(root / IMAGES, names)


def _annotation(name: str, number: int, draws: np.random.Generator) -> Annotation:
    """Five to eight boxes below each other, scattered a little."""
    things = tuple(
        VocObject(CLASSES[(number + row) % 3], Box(100 + x, 80 * row + y, 180 + x + w, 80 * row + y + 60))
        for row, (x, y, w) in enumerate(draws.integers(0, 20, (5 + number % 4, 3)).tolist())
    )
    return Annotation(f"{name}.png", WIDTH, HEIGHT, things, path=f"/somewhere/JPEGImages/{name}.png")


def _share_image(folder: Path, names: list[str]) -> None:
    """One image of the right size under every name; a file can have so many names only, so a new one now and then."""
    data = cv2.imencode(".png", np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes()
    for number, name in enumerate(names):
        if number % 10_000 == 0:
            first = folder / f"{name}.png"
            first.write_bytes(data)
        else:
            (folder / f"{name}.png").hardlink_to(first)


class Memory:
    """The most that this process and its children hold at once, while the block runs."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(EVERY_SECONDS):
            self.peak = max(self.peak, _held())


def _held() -> int:
    """Bytes; a process that ends meanwhile counts for nothing."""
    me = psutil.Process()
    held = 0
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            held += process.memory_info().rss
    return held


def _cpu() -> float:
    """Seconds of processor time of this process and of its ended children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure(root: Path) -> dict[str, Any]:
    """Check one dataset without its pixels."""
    started, worked = time.perf_counter(), _cpu()
    with Memory() as memory:
        report = lint(root, Asked(pixels=False))
    seconds, cpu = time.perf_counter() - started, _cpu() - worked
    files = len(report.view.xml)
    return {
        "files": files,
        "boxes": len(report.view.columns.box),
        "seconds": round(seconds, 2),
        "us_per_file": round(seconds / files * 1e6, 1),
        "cpu_us_per_file": round(cpu / files * 1e6, 1),
        "peak_mib": round(memory.peak / 2**20),
        "findings": len(report.findings),
    }


def measure_pixels(root: Path) -> dict[str, Any]:
    """Decode and hash images that all differ."""
    folder = root / IMAGES
    folder.mkdir(parents=True)
    draws = np.random.default_rng(0)
    for number in range(PIXEL_IMAGES):
        small = draws.integers(0, 256, (HEIGHT // 8, WIDTH // 8), np.uint8)
        pixels = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        (folder / f"{number:04}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    files = {path.stem: path.name for path in folder.iterdir()}
    started = time.perf_counter()
    compare_pixels(root, files, silent)
    seconds = time.perf_counter() - started
    return {"images": len(files), "seconds": round(seconds, 2), "ms_per_image": round(seconds / len(files) * 1e3, 2)}


def main() -> None:
    """Make the files, measure, print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--images", choices=("none", "shared"), default="shared")
    words = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for share in SHARES:
            root = Path(name) / "dataset"
            make_files(root, max(10, int(words.files * share)), images=words.images == "shared")
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                rows.append(pool.submit(measure, root).result())
            print(ROW.format(**rows[-1]))
            shutil.rmtree(root)
        pixels = measure_pixels(Path(name) / "pixels")
    ratio, cpu_ratio = (rows[-1][key] / rows[0][key] for key in ("us_per_file", "cpu_us_per_file"))
    times = rows[-1]["files"] / rows[0]["files"]
    print(f"{ratio:.2f} times as long a file ({cpu_ratio:.2f} times the CPU time) for {times:.0f} times the files")
    print("{images} images of pixels: {seconds} s, {ms_per_image} ms an image".format(**pixels))
    print(
        json.dumps({"lint": rows, "images": words.images, "cores": cores(), "ratio": round(ratio, 2), "pixels": pixels})
    )


if __name__ == "__main__":
    main()
