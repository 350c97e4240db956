"""How fast is prediction, from files to boxes, against ultralytics with the same weights?

Takes a YOLOv3 or YOLOv5 model folder that spinedet wrote and a folder of images. In one process and turn by turn
(A B A B ...), all images go one by one through (A) `Model.load(...).predict` and (B) ultralytics' own `predict`, at the
same image size, score and number of threads. The ratio is B over A, pair by pair, so that other work on the machine
weighs on both.

    python benchmarks/speed/predict_speed.py RUN/yolov5/fold1/model SET/JPEGImages --rounds 5
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spinedet.detect.jobs import environment
from spinedet.detect.machine import cores, machine, versions
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.outputs import find_images
from spinedet.detect.registry import get_detector
from spinedet.detect.runtime import Model

SCORE = 0.25
"""Ultralytics' own default; both predict at it."""

Predict = Callable[[Sequence[Path]], int]
"""Predicts images and returns how many boxes it found."""


def ours(folder: Path, threads: int) -> Predict:
    """Our runtime at `SCORE`: candidates below never enter NMS."""
    model = Model.load(folder, threads=threads)
    limited = model.card.postprocessing.model_copy(update={"score_threshold": SCORE})
    model = Model(model.card.model_copy(update={"postprocessing": limited}), model.session)
    return lambda images: sum(len(found) for found in model.predict(images))


def theirs(folder: Path, threads: int) -> Predict:
    """Ultralytics' predict with the same weights in the same network."""
    import torch
    from ultralytics import YOLO

    card = ModelCard.read(folder)
    yolo: Any = YOLO(network_of(card), task="detect")
    yolo.model = type(yolo.model)(network_of(card), nc=len(card.classes), verbose=False)
    yolo.model.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    yolo.model.names = dict(enumerate(card.classes))
    yolo.model.eval()

    def predict(images: Sequence[Path]) -> int:
        words = {"imgsz": card.image_size, "conf": SCORE, "device": "cpu", "verbose": False, "save": False}
        found = 0
        for image in images:
            found += len(yolo.predict(str(image), **words)[0].boxes)
            torch.set_num_threads(threads)  # the first call has set another number
        return found

    return predict


def network_of(card: ModelCard) -> str:
    """Ultralytics' name of the network."""
    networks: dict[str, str] = getattr(get_detector(card.detector), "networks", {})
    if card.size not in networks:
        raise SystemExit(f"{card.detector} {card.size} is no network of ultralytics")
    return f"{networks[card.size]}.yaml"


def measure(predict: Predict, images: Sequence[Path]) -> float:
    """Milliseconds an image."""
    began = time.perf_counter()
    predict(images)
    return 1000 * (time.perf_counter() - began) / len(images)


def compare(folder: Path, images: Sequence[Path], rounds: int, threads: int) -> dict[str, Any]:
    """Warm both up, then measure them turn by turn."""
    first, second = ours(folder, threads), theirs(folder, threads)
    boxes = [first(images), second(images)]
    pairs = []
    for number in range(1, rounds + 1):
        pairs.append((measure(first, images), measure(second, images)))
        a, b = pairs[-1]
        print(f"round {number}: spinedet {a:7.2f} ms, ultralytics {b:7.2f} ms, ratio {b / a:.2f}", flush=True)
    ratios = sorted(b / a for a, b in pairs)
    return {
        "images": len(images),
        "rounds": rounds,
        "threads": threads,
        "boxes": {"spinedet": boxes[0], "ultralytics": boxes[1]},
        "spinedet_ms": round(statistics.median(a for a, _ in pairs), 2),
        "ultralytics_ms": round(statistics.median(b for _, b in pairs), 2),
        "ratio": {
            "min": round(ratios[0], 2),
            "median": round(statistics.median(ratios), 2),
            "max": round(ratios[-1], 2),
        },
    }


def main() -> None:
    """Measure, print a line a round, a summary and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("model", type=Path, help="model folder of YOLOv3 or YOLOv5")
    parser.add_argument("images", type=Path, help="folder of images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--most", type=int, help="only the first so many images")
    words = parser.parse_args()
    images = find_images([words.images])[: words.most]
    card = ModelCard.read(words.model)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.update(environment(Path(scratch), words.threads))  # before ultralytics is imported
        found = compare(words.model, images, words.rounds, words.threads)
    print(f"median: spinedet {found['spinedet_ms']} ms, ultralytics {found['ultralytics_ms']} ms an image")
    print("ratio: {min} to {max}, median {median}".format(**found["ratio"]))
    network = {"detector": card.detector, "size": card.size, "image_size": card.image_size}
    facts = {"machine": machine(), "versions": versions("torch", "ultralytics")}
    print(json.dumps({"predict_speed": {**network, **found, **facts}}))


if __name__ == "__main__":
    main()
