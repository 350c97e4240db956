"""How long does it take to read and check one file that LabelImg wrote?

Writes files of 5 to 8 objects in a temporary folder, or takes those of a folder, and reads each several times on one
core. The median is over all readings; `bytes_us` is what an annotation takes to become a file.

    python benchmarks/speed/read_voc_speed.py --files 200
    python benchmarks/speed/read_voc_speed.py --folder DATASET/Annotations
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, read_voc, voc_bytes
from spinedet.detect.machine import machine

CLASSES = ("normal", "herniation", "spondylolisthesis")
LEAST_BOXES, MOST_BOXES = 5, 8
ROUNDS = 20


def make_files(folder: Path, files: int) -> list[Path]:
    """Write the annotations, the counts of their boxes in turn."""
    paths = [folder / f"image{number:05}.xml" for number in range(files)]
    for number, path in enumerate(paths):
        boxes = LEAST_BOXES + number % (MOST_BOXES - LEAST_BOXES + 1)
        things = tuple(
            VocObject(CLASSES[row % 3], Box(100 + row, 90 * row + number % 40, 300 + row, 90 * row + 70))
            for row in range(boxes)
        )
        drawn = Annotation(f"{path.stem}.jpg", 662, 812, things, path=f"C:\\images\\{path.stem}.jpg")
        path.write_bytes(voc_bytes(drawn))
    return paths


def microseconds(work: Callable[[Path], object], paths: Sequence[Path]) -> tuple[float, float]:
    """Median and 95th percentile over all files and rounds."""
    spent = []
    for path in [path for _ in range(ROUNDS) for path in paths]:
        began = time.perf_counter()
        work(path)
        spent.append(1e6 * (time.perf_counter() - began))
    return round(statistics.median(spent), 1), round(statistics.quantiles(spent, n=20)[-1], 1)


def measure(paths: Sequence[Path]) -> dict[str, object]:
    """Read every file several times."""
    drawn = {path: read_voc(path) for path in paths}
    boxes = sum(len(annotation.objects) for annotation in drawn.values())
    median, p95 = microseconds(read_voc, paths)
    return {
        "files": len(paths),
        "boxes_per_file": round(boxes / len(paths), 1),
        "read_us": median,
        "read_p95_us": p95,
        "bytes_us": microseconds(lambda path: voc_bytes(drawn[path]), paths)[0],
    }


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="XML files to read instead")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = words.folder
        paths = sorted(folder.glob("*.xml")) if folder else make_files(Path(name), words.files)
        print(json.dumps({"read_voc_speed": {**measure(paths), "machine": machine()}}))


if __name__ == "__main__":
    main()
