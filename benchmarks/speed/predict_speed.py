"""How fast is prediction, from files to boxes, against ultralytics with the same weights?

Takes a YOLOv3 or YOLOv5 model folder that spinedet wrote and a folder of images. In one process and turn by turn, all
images go through `Model.load(...).predict` and through ultralytics' own `predict`: file by file and all at once, with
the number of threads that ultralytics gives itself (cores less one) and with as many as spinedet has. Ratios are taken
turn by turn, so that other work on the machine weighs on all sides.

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
    model = Model.load(folder, threads=threads, score=SCORE)
    return lambda images: sum(len(found) for found in model.predict(images))


def ultralytics_model(folder: Path) -> Any:
    """Ultralytics' own object with the same weights in the same network."""
    import torch
    from ultralytics import YOLO

    card = ModelCard.read(folder)
    yolo: Any = YOLO(network_of(card), task="detect")
    yolo.model = type(yolo.model)(network_of(card), nc=len(card.classes), verbose=False)
    yolo.model.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    yolo.model.names = dict(enumerate(card.classes))
    yolo.model.eval()
    yolo.overrides |= {"imgsz": card.image_size, "conf": SCORE, "device": "cpu", "verbose": False, "save": False}
    return yolo


def file_by_file(yolo: Any, threads: int) -> Predict:
    """One call an image."""

    def predict(images: Sequence[Path]) -> int:
        found = 0
        for image in images:
            set_threads(threads)  # the first call sets ultralytics' own number
            found += len(yolo.predict(str(image))[0].boxes)
        return found

    return predict


def all_at_once(yolo: Any, threads: int) -> Predict:
    """One call for all images, as a stream."""

    def predict(images: Sequence[Path]) -> int:
        set_threads(threads)
        return sum(len(found.boxes) for found in yolo.predict([str(image) for image in images], stream=True))

    return predict


def set_threads(threads: int) -> None:
    """Threads of torch's operators."""
    import torch

    torch.set_num_threads(threads)


def own_threads(yolo: Any, image: Path) -> int:
    """The number of threads that ultralytics gives itself."""
    import torch

    yolo.predict(str(image))
    return int(torch.get_num_threads())


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
    """Warm all sides up, then measure them turn by turn."""
    yolo = ultralytics_model(folder)
    default = own_threads(yolo, images[0])
    sides = {
        "spinedet": ours(folder, threads),
        f"ultralytics, file by file, its own {default} thread(s)": file_by_file(yolo, default),
        f"ultralytics, all at once, its own {default} thread(s)": all_at_once(yolo, default),
        f"ultralytics, file by file, {threads} threads": file_by_file(yolo, threads),
        f"ultralytics, all at once, {threads} threads": all_at_once(yolo, threads),
    }
    boxes = {name: predict(images) for name, predict in sides.items()}
    turns = [{name: measure(predict, images) for name, predict in sides.items()} for _ in range(rounds)]
    return {
        "images": len(images),
        "rounds": rounds,
        "threads": threads,
        "boxes": boxes,
        "ms_an_image": {name: round(statistics.median(turn[name] for turn in turns), 2) for name in sides},
        "ratio_to_spinedet": {name: spread([turn[name] / turn["spinedet"] for turn in turns]) for name in sides},
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, middle and largest value."""
    shown = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 2) for name, value in shown.items()}


def main() -> None:
    """Measure, print a line a side, and one JSON line."""
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
    for name, ratio in found["ratio_to_spinedet"].items():
        times = "{median} times spinedet ({min} to {max})".format(**ratio)
        print(f"{name}: {found['ms_an_image'][name]} ms an image, {times}")
    network = {"detector": card.detector, "size": card.size, "image_size": card.image_size}
    facts = {"machine": machine(), "versions": versions("torch", "ultralytics")}
    print(json.dumps({"predict_speed": {**network, **found, **facts}}))


if __name__ == "__main__":
    main()
