"""What goes into a PP-YOLOv2 network and what comes out of it, whoever trained it."""

from spinedet.detect.modelfile import IMAGENET_MEAN, IMAGENET_STD, NetworkFormat, Postprocessing, Preprocessing
from spinedet.detect.ppyolov2.recipe import ANCHORS_PER_LEVEL, STRIDES

PREPROCESSING = Preprocessing(fit="stretch", interpolation="linear", mean=IMAGENET_MEAN, std=IMAGENET_STD)
POSTPROCESSING = Postprocessing(nms="matrix", score_threshold=0.01, before=600, keep=100)
"""Reference configuration: scores above 0.01, Matrix NMS (linear kernel), above 0.01 again, 100 are kept."""

FORMAT = NetworkFormat(
    preprocessing=PREPROCESSING,
    postprocessing=POSTPROCESSING,
    strides=STRIDES,
    anchors_per_cell=ANCHORS_PER_LEVEL,
)
