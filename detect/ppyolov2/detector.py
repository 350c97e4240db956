"""PP-YOLOv2 behind the contract. torch is imported when a job trains, not before."""

from pathlib import Path

from spinedet.annotations.errors import InputError, nearest
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.extras import TRAIN, require
from spinedet.detect.ppyolov2.recipe import SMALLEST_IMAGE, Recipe
from spinedet.detect.ppyolov2.weights import PUBLISHED
from spinedet.detect.recipes import checked_recipe


class PPYOLOv2:
    """PP-YOLOv2 (arXiv 2104.10419): ResNet-vd, PAN neck with Mish and SPP, anchor-based IoU-aware head; in torch."""

    name = "ppyolov2"
    sizes = ("r18", "r50-dcn", "r101-dcn")
    packages: tuple[str, ...] = ("torch", "torchvision", "onnx")
    install = TRAIN

    def published(self, size: str) -> str | None:
        """Address of PaddleDetection's COCO weights of a size."""
        return PUBLISHED.get(size)

    def check(self, settings: Settings) -> Recipe:
        """Check size, image size, recipe and packages before anything is written.

        Raises:
            InputError: One of them is wrong or missing.
        """
        if settings.size not in self.sizes:
            raise InputError(f"{self.name} has no such size.", expected=nearest(settings.size, self.sizes))
        if settings.image_size < SMALLEST_IMAGE:
            expected, found = f"at least {SMALLEST_IMAGE} pixels", str(settings.image_size)
            raise InputError(f"Images are too small for {self.name}.", expected=expected, found=found)
        recipe = checked_recipe(Recipe, settings)
        require(self.packages, self.install, self.name)
        return recipe

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`."""
        recipe = self.check(settings)
        from spinedet.detect.ppyolov2.job import run_job

        return run_job(train, val, settings, recipe, folder, progress)
