"""How long does `spinedet import labels` take for a table of so many rows, and does the time grow with the rows alone?

Makes tiny PNGs and a table of them in a temporary folder (five images a patient, three classes), imports it, and prints
one JSON line for each number of rows. `seconds` is the whole import, `cpu_seconds` what of it the processor worked (a
busy machine makes the first longer); images come along as hard links where the disk has them. With `--alike` they lie
as MURA's do: a folder a patient and a study, `image1.png` in each, told by paths.

    python benchmarks/speed/labels_speed.py --rows 20000 50000 100000
    python benchmarks/speed/labels_speed.py --rows 20000 50000 100000 --alike
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from spinedet.annotations.errors import WorkError
from spinedet.datasets.convert.labels import import_labels
from spinedet.datasets.convert.whole_images import whole_image_task
from spinedet.detect.machine import machine

SIDE = 16
"""Pixels of an image; the table is what is measured."""

IMAGES_A_PATIENT = 5
IMAGES_A_FOLDER = 1000


def place_of(number: int, *, alike: bool) -> str:
    """Where an image lies below the folder, without its ending."""
    if alike:
        patient, view = divmod(number, IMAGES_A_PATIENT)
        return f"XR_WRIST/patient{patient:05}/study{view + 1}_positive/image1"
    return f"part{number // IMAGES_A_FOLDER:03}/image{number:06}"


def make_source(folder: Path, rows: int, *, alike: bool) -> Path:
    """Write so many images, in sub-folders, and the table of their labels."""
    random = np.random.default_rng(0)
    classes = whole_image_task("thigh").classes
    lines = ["image,patient,label"]
    for number in range(rows):
        path = folder / f"{place_of(number, alike=alike)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        done, data = cv2.imencode(".png", random.integers(0, 255, (SIDE, SIDE), np.uint8))
        if not done:
            raise WorkError("A PNG could not be made.")
        path.write_bytes(data.tobytes())
        name = path.relative_to(folder).as_posix() if alike else path.stem
        lines.append(f"{name},p{number // IMAGES_A_PATIENT:05},{classes[number % len(classes)]}")
    table = folder / "labels.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def measure(rows: int, folder: Path, *, alike: bool) -> dict[str, object]:
    """Import a table of so many rows once."""
    table = make_source(folder / "source", rows, alike=alike)
    began, worked = time.perf_counter(), time.process_time()
    report = import_labels(table, folder / "source", whole_image_task("thigh"), folder / "dataset")
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    sample = next((report.out / "JPEGImages").iterdir())
    return {
        "rows": rows,
        "alike": alike,
        "images": report.images,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "us_per_row": round(1e6 * seconds / rows, 1),
        "hard_links": sample.stat().st_nlink > 1,
    }


def main() -> None:
    """Measure each number of rows and print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 50_000, 100_000])
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder; otherwise the system's place")
    parser.add_argument("--alike", action="store_true", help="every image is called image1.png, in a folder of its own")
    words = parser.parse_args()
    for rows in words.rows:
        with tempfile.TemporaryDirectory(dir=words.folder) as name:
            print(
                json.dumps({"labels_speed": {**measure(rows, Path(name), alike=words.alike), "machine": machine()}}),
                flush=True,
            )


if __name__ == "__main__":
    main()
