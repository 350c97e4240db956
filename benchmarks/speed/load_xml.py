"""How long and how much memory does it take to load many annotations?

Makes N small Pascal VOC files of seven boxes in a temporary folder, then loads N/10, N/2 and N of them, each in a
process of its own so that peaks do not add up. Linear time shows as the same microseconds a file in every row (compare
CPU time where other work runs beside).

    python benchmarks/speed/load_xml.py --files 100000
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, voc_bytes
from spinedet.datasets.dataset import ANNOTATIONS, IMAGE_SETS, Dataset

CLASSES = ("normal", "herniation", "spondylolisthesis")
BOXES = 7
SHARES = (0.1, 0.5, 1.0)

ROW = "{files:>8} files {seconds:>7.2f} s {us_per_file:>7.1f} us a file ({cpu_us_per_file:.1f} CPU) {peak_mib:>6} MiB"

RU_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of `ru_maxrss`."""


def make_files(folder: Path, files: int) -> None:
    """Write the annotations and one image set for each share."""
    (folder / ANNOTATIONS).mkdir()
    (folder / IMAGE_SETS).mkdir(parents=True)
    names = [f"image{number:07}" for number in range(files)]
    for number, name in enumerate(names):
        things = tuple(
            VocObject(CLASSES[(number + row) % 3], Box(100 + row, 80 * row + number % 40, 300 + row, 80 * row + 70))
            for row in range(BOXES)
        )
        drawn = Annotation(f"{name}.jpg", 662, 812, things, path=f"/somewhere/JPEGImages/{name}.jpg")
        (folder / ANNOTATIONS / f"{name}.xml").write_bytes(voc_bytes(drawn))
    for share in SHARES:
        chosen = "\n".join(names[: int(files * share)])
        (folder / IMAGE_SETS / f"{int(files * share)}.txt").write_text(chosen, encoding="utf-8")


def measure(folder: Path, files: int) -> dict[str, Any]:
    """Load one image set; peak memory is that of the whole process."""
    started, worked = time.perf_counter(), time.process_time()
    dataset = Dataset.load(folder, image_set=str(files), with_images=False, each_image_is_a_patient=True)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RU_MAXRSS_UNIT / 2**20
    return {
        "files": len(dataset),
        "boxes": sum(dataset.counts().values()),
        "seconds": round(seconds, 2),
        "cpu_us_per_file": round(cpu / files * 1e6, 1),
        "us_per_file": round(seconds / files * 1e6, 1),
        "peak_mib": round(peak),
    }


def main() -> None:
    """Make the files, measure, print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=100_000)
    files = max(10, parser.parse_args().files)
    with tempfile.TemporaryDirectory() as name:
        make_files(Path(name), files)
        context = multiprocessing.get_context("spawn")
        rows = []
        for share in SHARES:
            with context.Pool(1) as pool:
                rows.append(pool.apply(measure, (Path(name), int(files * share))))
            print(ROW.format(**rows[-1]))
    print(json.dumps({"load_xml": rows}))


if __name__ == "__main__":
    main()
