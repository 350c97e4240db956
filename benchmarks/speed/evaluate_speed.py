"""How long does the evaluator take, intervals included?

Makes ground truth and detections in memory (three classes, seven objects an image, two images a patient) and times
matching, resampling, COCO's figures, and reading a predictions file.

    python benchmarks/speed/evaluate_speed.py --images 1000 --detections 100
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.benchmarks.bootstrap import bootstrap
from spinedet.benchmarks.coco import coco_figures
from spinedet.benchmarks.evaluation import patient_numbers
from spinedet.benchmarks.matching import match_detections
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.detect.contract import Detections
from spinedet.detect.machine import machine, peak_memory_mb
from spinedet.detect.predictions import read_predictions, write_predictions

CLASSES = ("normal", "herniation", "spondylolisthesis")
SHARES = (0.55, 0.32, 0.13)
OBJECTS = 7
RESAMPLES = 2000


def make_item(number: int, rng: np.random.Generator) -> Item:
    """An image with `OBJECTS` boxes of 80 x 40 pixels."""
    places = rng.integers(0, (700, 600), (OBJECTS, 2)).astype(float)
    names = rng.choice(CLASSES, OBJECTS, p=SHARES)
    boxes = [Box(x, y, x + 80, y + 40) for x, y in places.tolist()]
    objects = tuple(VocObject(str(name), box) for name, box in zip(names, boxes, strict=True))
    return Item(f"im{number:06d}", None, Annotation("", 812, 662, objects), f"p{number // 2}")


def make_detections(item: Item, count: int, rng: np.random.Generator) -> Detections:
    """Boxes scattered around the objects, with random classes and scores."""
    drawn = np.array([thing.box for thing in item.annotation.objects])[rng.integers(0, OBJECTS, count)]
    corners = np.sort((drawn + rng.normal(0, 4, (count, 4))).reshape(count, 2, 2), axis=1)
    return Detections.ranked(corners.reshape(count, 4), rng.random(count), rng.integers(0, len(CLASSES), count))


def seconds(work: Callable[[], object]) -> float:
    """Wall time."""
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--detections", type=int, default=100, help="detections an image")
    words = parser.parse_args()
    rng = np.random.default_rng(0)
    items = tuple(make_item(number, rng) for number in range(words.images))
    found = {item.image: make_detections(item, words.detections, rng) for item in items}
    dataset = Dataset(Path(), Card(), CLASSES, items)
    matches, patients = match_detections(dataset, found), patient_numbers(dataset)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "predictions.json"
        write_predictions(file, found, CLASSES)
        figures = {
            "match_s": seconds(lambda: match_detections(dataset, found)),
            f"resample_{RESAMPLES}_s": seconds(lambda: bootstrap(matches, patients, resamples=RESAMPLES, seed=0)),
            "coco_s": seconds(lambda: coco_figures(dataset, found)),
            "read_predictions_s": seconds(lambda: read_predictions(file, dataset)),
        }
    facts = {"images": words.images, "detections": words.detections, "peak_memory_mb": round(peak_memory_mb())}
    print(json.dumps({"evaluate_speed": {**facts, **figures, "machine": machine()}}))


if __name__ == "__main__":
    main()
