"""YOLOv3 and YOLOv5 behind the contract. Ultralytics itself is imported when a job trains, not before."""

from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, nearest
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.extras import TRAIN, require
from spinedet.detect.recipes import checked_recipe
from spinedet.detect.yolo.recipe import Recipe

RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
"""Where ultralytics publishes its COCO weights."""


@dataclass(frozen=True)
class UltralyticsDetector:
    """A family of networks of ultralytics.

    Attributes:
        name: Name of the detector.
        networks: Size to ultralytics' name of the network. The present ultralytics gives both families its
            anchor-free head ("u" variants).
    """

    name: str
    networks: dict[str, str]

    @property
    def sizes(self) -> tuple[str, ...]:
        """The sizes that can be asked for, smallest first."""
        return tuple(self.networks)

    def published(self, size: str) -> str | None:
        """Address of the published COCO weights of a size."""
        return f"{RELEASE}/{self.networks[size]}u.pt"

    def check(self, settings: Settings) -> Recipe:
        """Check size, recipe and packages before anything is written.

        Raises:
            InputError: One of them is wrong or missing.
        """
        if settings.size not in self.networks:
            raise InputError(f"{self.name} has no such size.", expected=nearest(settings.size, self.sizes))
        require(("torch", "torchvision", "ultralytics", "onnx"), TRAIN, self.name)
        return checked_recipe(Recipe, settings)

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`."""
        recipe = self.check(settings)
        from spinedet.detect.yolo.job import run_job

        network = f"{self.networks[settings.size]}.yaml"
        return run_job(network, train, val, settings, recipe, folder, progress)


def yolov3() -> UltralyticsDetector:
    """YOLOv3: Darknet-53 with three levels (full), or the small network with two (tiny)."""
    return UltralyticsDetector("yolov3", {"tiny": "yolov3-tiny", "full": "yolov3"})


def yolov5() -> UltralyticsDetector:
    """YOLOv5: CSP backbone and PAN neck in five widths."""
    return UltralyticsDetector("yolov5", {size: f"yolov5{size}" for size in "nsmlx"})
