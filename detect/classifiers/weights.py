"""Start weights: torchvision's files or our own, read without running what they may carry, matched layer by layer."""

import re
from pathlib import Path

import torch

from spinedet.annotations.errors import InputError, some
from spinedet.detect.classifiers.network import TRUNK, Network, State, from_native
from spinedet.detect.torchfile import read_torch_file
from spinedet.detect.transfer import fitting, require_fit, weights_file

NATIVE_FILE = "weights.pt"
"""Our own format: a plain dictionary of tensors, the trunk's under torchvision's names."""

COUNTER = "num_batches_tracked"
"""Torch counts the batches of each normalisation; a fixed momentum never uses the count, and old files have none."""

OLD_DENSE_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
"""Torchvision's DenseNet files are older than its present names: `norm.1.weight` is `norm1.weight` now."""


def read_start_weights(path: Path) -> State:
    """Tensors under the names of our network.

    Args:
        path: A file of torchvision, a `weights.pt`, or a model folder with one.

    Raises:
        InputError: No such file, damaged, no weights, values that are no numbers, or it carries code (then it is
            refused, unread).
    """
    file = weights_file(path, NATIVE_FILE, "a .pt or .pth file")
    content = read_torch_file(file)
    rows = content if isinstance(content, dict) else {}
    if not rows or not all(isinstance(value, torch.Tensor) for value in rows.values()):
        raise InputError("The file holds no weights.", expected="a dictionary of tensors", where=file)
    if broken := [name for name, value in rows.items() if not torch.isfinite(value).all()]:
        expected = "finite numbers"
        raise InputError("The weights hold NaN or infinity.", expected=expected, found=some(broken), where=file)
    return from_native({OLD_DENSE_NAME.sub(r"\1\2", name): value.float() for name, value in rows.items()})


def start_from(network: Network, path: Path) -> None:
    """Fill a network from a file: the trunk whole, the head where it is for as many classes.

    Raises:
        InputError: As `read_start_weights`, or the weights were made for another network.
    """
    start, wanted = read_start_weights(path), _counted(network.state_dict())
    fit = fitting(start, wanted)
    require_fit(fit, start, wanted, [name for name in wanted if name.startswith(TRUNK)], 1, path, "trunk")
    network.load_state_dict(fit, strict=False)


def _counted(state: State) -> State:
    return {name: value for name, value in state.items() if name.rpartition(".")[2] != COUNTER}
