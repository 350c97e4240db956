"""A torchvision network as a trunk, from images to pooled features, and a new head on it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models import vgg

State = dict[str, Tensor]

TRUNK, HEAD = "trunk.", "head."
"""First parts of a network's names; torchvision's own names of the trunk's layers follow."""


class Network(nn.Module):  # type: ignore[misc]
    """Images (B, 3, S, S) to one logit a class (B, C).

    Attributes:
        trunk: Images to pooled features (B, F); its layers have torchvision's names.
        head: Features to logits.
    """

    def __init__(self, name: str, classes: int):
        super().__init__()
        self.trunk, features = TRUNKS[name]()
        self.head = nn.Linear(features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) to (B, C)."""
        return self.head(self.trunk(images))


class PooledVGG(nn.Module):  # type: ignore[misc]
    """The convolutions of VGG-19 and the mean of each of their last maps, without torchvision's three large layers.

    Initialised as torchvision's (He et al. 2015, arXiv 1502.01852).
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg.make_layers(vgg.cfgs["E"], batch_norm=False)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) to (B, 512)."""
        return self.pool(self.features(images))


def _vgg19() -> tuple[nn.Module, int]:
    return PooledVGG(), vgg.cfgs["E"][-2]  # channels of the last convolution, before the last pooling


def _resnet50() -> tuple[nn.Module, int]:
    return _without(models.resnet50(num_classes=1, zero_init_residual=True), "fc")


def _densenet121() -> tuple[nn.Module, int]:
    return _without(models.densenet121(num_classes=1), "classifier")


def _densenet201() -> tuple[nn.Module, int]:
    return _without(models.densenet201(num_classes=1), "classifier")


def _inception_v3() -> tuple[nn.Module, int]:
    # Images come in Inception's own normalisation, so nothing has to be transformed inside.
    whole = models.inception_v3(num_classes=1, aux_logits=False, transform_input=False, init_weights=True)
    return _without(whole, "fc")


def _without(whole: nn.Module, last: str) -> tuple[nn.Module, int]:
    """A torchvision network without its last layer, and how many features that layer took."""
    features = getattr(whole, last).in_features
    setattr(whole, last, nn.Identity())
    return whole, features


TRUNKS: dict[str, Callable[[], tuple[nn.Module, int]]] = {
    "resnet50": _resnet50,
    "vgg19": _vgg19,
    "densenet121": _densenet121,
    "densenet201": _densenet201,
    "inception_v3": _inception_v3,
}
"""By name: the trunk with random weights, and the number of its features."""


def native(state: Mapping[str, Any]) -> dict[str, Any]:
    """A network's arrays under the names of a weights file: torchvision's for the trunk, `head.` for the head."""
    return {name.removeprefix(TRUNK): value for name, value in state.items()}


def from_native(state: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `native`."""
    return {name if name.startswith(HEAD) else f"{TRUNK}{name}": value for name, value in state.items()}


class BoxAndScores(nn.Module):  # type: ignore[misc]
    """The network with the outputs that our runtime expects: one box, the whole input, and its classes' shares.

    Args:
        network: The trained network.
        side: Side of the input in pixels.
    """

    def __init__(self, network: Network, side: int):
        super().__init__()
        self.network = network
        self.register_buffer("box", torch.tensor([[[0.0, 0.0, side, side]]]))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, S, S) to boxes (B, 1, 4) in input pixels and scores (B, 1, C), which sum to 1."""
        shares = self.network(images).softmax(dim=-1)
        return self.box.expand(images.shape[0], -1, -1), shares[:, None]
