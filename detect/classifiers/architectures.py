"""The five networks of torchvision that the papers used: what each needs, told without torch."""

from dataclasses import dataclass

from spinedet.detect.modelfile import IMAGENET_MEAN, IMAGENET_STD, NetworkFormat, Postprocessing, Preprocessing

SERVER = "https://download.pytorch.org/models"
"""Where torchvision publishes its ImageNet weights; each file's name ends in the first digits of its SHA-256."""

HALF = (0.5, 0.5, 0.5)
"""Inception's weights come from TensorFlow, where images lay between -1 and 1."""


@dataclass(frozen=True)
class Architecture:
    """One network.

    Attributes:
        name: Its name in torchvision, and the detector's.
        published: File of its ImageNet weights (torchvision's first set, which the papers' results are closest to).
        smallest_image: Side in pixels from which its last map has 2 x 2 cells: normalisation needs more than one.
        mean, std: Of each channel (R, G, B, on a scale of 0 to 1) in the images of its ImageNet weights.
    """

    name: str
    published: str
    smallest_image: int = 64
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to the square: no edge of the region is lost and nothing is added around it."""
        return Preprocessing(fit="stretch", interpolation="linear", mean=self.mean, std=self.std)

    def format(self, image_size: int) -> NetworkFormat:
        """One box an image, from one cell as large as the input; every class keeps its score, however low."""
        every_score = Postprocessing(nms="greedy", score_threshold=0.0, iou=1.0)
        return NetworkFormat(
            preprocessing=self.preprocessing, postprocessing=every_score, strides=(image_size,), anchors_per_cell=1
        )


ARCHITECTURES = {
    one.name: one
    for one in (
        Architecture("resnet50", "resnet50-0676ba61.pth"),
        Architecture("vgg19", "vgg19-dcbb9e9d.pth"),
        Architecture("densenet121", "densenet121-a639ec97.pth"),
        Architecture("densenet201", "densenet201-c1103571.pth"),
        Architecture("inception_v3", "inception_v3_google-0cc3c7bd.pth", 128, HALF, HALF),
    )
}
