"""Names of detectors. A name maps to an import path, imported when it is asked for."""

import importlib

from spinedet.annotations.errors import InputError, nearest
from spinedet.detect.contract import Detector

DETECTORS = {
    "yolov3": "spinedet.detect.yolo.detector:yolov3",
    "yolov5": "spinedet.detect.yolo.detector:yolov5",
    "ppyolov2": "spinedet.detect.ppyolov2.detector:PPYOLOv2",
    "ppyolov2-paddle": "spinedet.detect.paddle.detector:PaddlePPYOLOv2",
    "resnet50": "spinedet.detect.classifiers.detector:resnet50",
    "vgg19": "spinedet.detect.classifiers.detector:vgg19",
    "densenet121": "spinedet.detect.classifiers.detector:densenet121",
    "densenet201": "spinedet.detect.classifiers.detector:densenet201",
    "inception_v3": "spinedet.detect.classifiers.detector:inception_v3",
    "fake": "spinedet.detect.fake:FakeDetector",
}


def get_detector(name: str) -> Detector:
    """The detector of that name.

    Raises:
        InputError: There is none; the known ones are listed.
    """
    if name not in DETECTORS:
        raise InputError("There is no such detector.", expected=nearest(name, list(DETECTORS)), found=name)
    module, _, factory = DETECTORS[name].partition(":")
    detector: Detector = getattr(importlib.import_module(module), factory)()
    return detector
