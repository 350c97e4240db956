"""PP-YOLOv2 as PaddleDetection trains it, behind the contract: the reference that the torch network is held against.

Paddle itself is imported when a job trains, not before.
"""

from pathlib import Path

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.extras import PADDLE
from spinedet.detect.paddle.environment import fill_pkg_resources, prepare_environment
from spinedet.detect.ppyolov2.detector import PPYOLOv2
from spinedet.detect.ppyolov2.recipe import Recipe


class PaddlePPYOLOv2(PPYOLOv2):
    """The same network, sizes and recipe, built and trained by PaddleDetection on PaddlePaddle."""

    name = "ppyolov2-paddle"
    packages = ("paddle", "ppdet", "paddle2onnx", "onnx")
    install = PADDLE

    def check(self, settings: Settings) -> Recipe:
        """As for torch; evidence is refused rather than left out in silence.

        Raises:
            InputError: As for torch, or the recipe asks for evidence.
        """
        recipe = super().check(settings)
        if recipe.evidence:
            todo = "train ppyolov2 instead, or leave `evidence` out"
            raise InputError(f"{self.name} learns no evidence.", expected="evidence: false", todo=todo)
        return recipe

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`."""
        recipe = self.check(settings)
        prepare_environment()
        fill_pkg_resources()
        from spinedet.detect.paddle.job import run_job

        return run_job(train, val, settings, recipe, folder, progress)
