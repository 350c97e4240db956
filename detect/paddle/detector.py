"""PP-YOLOv2 as PaddleDetection trains it, behind the contract: the reference that the torch network is held against.

Paddle itself is imported when a job trains, not before.
"""

from pathlib import Path

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.extras import PADDLE
from spinedet.detect.paddle.environment import fill_pkg_resources, prepare_environment
from spinedet.detect.ppyolov2.detector import PPYOLOv2


class PaddlePPYOLOv2(PPYOLOv2):
    """The same network, sizes and recipe, built and trained by PaddleDetection on PaddlePaddle."""

    name = "ppyolov2-paddle"
    packages = ("paddle", "ppdet", "paddle2onnx", "onnx")
    install = PADDLE

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`."""
        recipe = self.check(settings)
        prepare_environment()
        fill_pkg_resources()
        from spinedet.detect.paddle.job import run_job

        return run_job(train, val, settings, recipe, folder, progress)
