"""The classifiers behind the contract. torch is imported when a job trains, not before."""

from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, nearest
from spinedet.datasets.dataset import Dataset
from spinedet.detect.classifiers.architectures import ARCHITECTURES, SERVER, Architecture
from spinedet.detect.classifiers.recipe import FROZEN, FULL, Recipe
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.extras import TRAIN, require
from spinedet.detect.recipes import checked_recipe


@dataclass(frozen=True)
class Classifier:
    """A detector whose one box is the whole image: the box's score for a class is the image's.

    Its sizes are the two ways to train: `frozen` convolutions with a new pooled head, as P2 did, or `full`.

    Attributes:
        architecture: The network.
        sizes: The ways to train, the cheaper first.
    """

    architecture: Architecture
    sizes: tuple[str, ...] = (FROZEN, FULL)

    @property
    def name(self) -> str:
        """The network's name in torchvision."""
        return self.architecture.name

    def published(self, size: str) -> str | None:
        """Address of torchvision's ImageNet weights, the same for both ways."""
        return f"{SERVER}/{self.architecture.published}"

    def check(self, settings: Settings) -> Recipe:
        """Check size, image size, weights, recipe and packages before anything is written.

        Raises:
            InputError: One of them is wrong or missing.
        """
        if settings.size not in self.sizes:
            raise InputError(f"{self.name} has no such size.", expected=nearest(settings.size, self.sizes))
        smallest = self.architecture.smallest_image
        if settings.image_size < smallest:
            expected, found = f"at least {smallest} pixels", str(settings.image_size)
            raise InputError(f"Images are too small for {self.name}.", expected=expected, found=found)
        if settings.size == FROZEN and settings.weights == "none":
            raise InputError(
                "Frozen convolutions without start weights would stay random.",
                expected="--weights imagenet, or the path of a file",
                found="--weights none",
                todo=f"give weights, or train all layers: {self.name}:{FULL}",
            )
        require(("torch", "torchvision", "onnx"), TRAIN, self.name)
        return checked_recipe(Recipe, settings)

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`.

        Raises:
            InputError: As there, or an image has no object or several.
        """
        recipe = self.check(settings)
        from spinedet.detect.classifiers.job import run_job

        return run_job(self.architecture, train, val, settings, recipe, folder, progress)


def resnet50() -> Classifier:
    """ResNet50 (arXiv 1512.03385)."""
    return Classifier(ARCHITECTURES["resnet50"])


def vgg19() -> Classifier:
    """VGG-19 (arXiv 1409.1556) with a pooled head in place of its three large layers, as P2 changed it."""
    return Classifier(ARCHITECTURES["vgg19"])


def densenet121() -> Classifier:
    """DenseNet121 (arXiv 1608.06993)."""
    return Classifier(ARCHITECTURES["densenet121"])


def densenet201() -> Classifier:
    """DenseNet201 (arXiv 1608.06993)."""
    return Classifier(ARCHITECTURES["densenet201"])


def inception_v3() -> Classifier:
    """Inception-V3 (arXiv 1512.00567), without its auxiliary head."""
    return Classifier(ARCHITECTURES["inception_v3"])
