"""Weights of PP-YOLOv2 between torch and PaddleDetection: names, start weights for a transfer, published files.

Layers have PaddleDetection's names in both networks and arrays the same shapes, so only the moving mean and variance
of the normalisations are called differently.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError, some
from spinedet.detect.pdparams import read_pdparams
from spinedet.detect.transfer import fitting, require_fit, weights_file

State = dict[str, NDArray[Any]]
"""Arrays by layer name."""

NATIVE_FILE = "weights.pdparams"
"""Our own weights are in PaddleDetection's format, so that it opens them."""

TORCH_SUFFIXES = (".pt", ".pth")

PUBLISHED = {
    "r50-dcn": "https://paddledet.bj.bcebos.com/models/ppyolov2_r50vd_dcn_365e_coco.pdparams",
    "r101-dcn": "https://paddledet.bj.bcebos.com/models/ppyolov2_r101vd_dcn_365e_coco.pdparams",
}
"""PaddleDetection's COCO weights by size; it publishes none for r18."""

TORCH_TO_PADDLE = {"running_mean": "_mean", "running_var": "_variance"}
"""The last parts of names that differ."""

PADDLE_TO_TORCH = {theirs: ours for ours, theirs in TORCH_TO_PADDLE.items()}

COUNTER = "num_batches_tracked"
"""Torch counts the batches of each normalisation; a fixed momentum never uses the count, and Paddle has none."""

BACKBONE, NECK, OFFSETS = "backbone.", "neck.", ".conv_offset."


def to_paddle(state: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Arrays under PaddleDetection's names.

    Args:
        state: Torch tensors (`state_dict`) on any device, or arrays, by torch's names.

    Returns:
        Float32 arrays, which may share memory with the tensors.
    """
    return {_renamed(name, TORCH_TO_PADDLE): _as_array(value) for name, value in state.items() if not _is_counter(name)}


def from_paddle(arrays: Mapping[str, NDArray[Any]]) -> State:
    """Arrays under torch's names; `torch.from_numpy` makes tensors of them. The inverse of `to_paddle`."""
    return {_renamed(name, PADDLE_TO_TORCH): value for name, value in arrays.items()}


def _renamed(name: str, names: Mapping[str, str]) -> str:
    before, point, last = name.rpartition(".")
    return f"{before}{point}{names.get(last, last)}"


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == COUNTER


def _as_array(value: Any) -> NDArray[np.float32]:
    """A torch tensor is told by its `detach`, so that this module needs no torch."""
    plain = value.detach().float().cpu().numpy() if hasattr(value, "detach") else value
    return np.asarray(plain, np.float32)


def read_start_weights(path: Path) -> State:
    """Arrays of a `.pdparams` file, of our own model folder or of a torch file of plain tensors, by torch's names.

    Args:
        path: A `.pdparams` file, a folder with `weights.pdparams`, or a `.pt` or `.pth` file.

    Returns:
        Writable arrays; a torch file's as float32, without its counters.

    Raises:
        InputError: No such file, damaged, no weights, values that are no numbers, or it carries code (then it is
            refused, unread).
    """
    file = weights_file(path, NATIVE_FILE, "a .pdparams, .pt or .pth file")
    is_torch = file.suffix.lower() in TORCH_SUFFIXES
    arrays = _tensors(file) if is_torch else from_paddle(read_pdparams(file))
    broken = [name for name, value in arrays.items() if not np.isfinite(value).all()]
    if broken:
        expected = "finite numbers"
        raise InputError("The weights hold NaN or infinity.", expected=expected, found=some(broken), where=file)
    return arrays


def _tensors(file: Path) -> State:
    import torch

    from spinedet.detect.torchfile import read_torch_file

    content = read_torch_file(file)
    rows = content if isinstance(content, dict) else {}
    if not rows or not all(isinstance(value, torch.Tensor) for value in rows.values()):
        raise InputError("The file holds no weights.", expected="a dictionary of tensors", where=file)
    return {name: _as_array(value).copy() for name, value in rows.items() if not _is_counter(name)}


def fitting_weights(start: Mapping[str, Any], network: Mapping[str, Any], where: Path) -> dict[str, Any]:
    """The start arrays that fit the network, and a line about those that do not and start afresh.

    The backbone must fit whole, and the neck too where the file has one of these names; the head's last layers may be
    for other classes. A backbone that was trained alone (ImageNet, names without `backbone.`) was trained with plain
    convolutions: the offsets of the deformable ones start afresh.

    Args:
        start: What `read_start_weights` gave.
        network: The network's arrays or tensors (`state_dict`) under the same names; only their shapes are used.
        where: The file, for messages.

    Raises:
        InputError: The weights were made for another network; the message has the first layers with both shapes.
    """
    wanted = {name: value for name, value in network.items() if not _is_counter(name)}
    prefixed = {f"{BACKBONE}{name}": value for name, value in start.items()}
    alone = any(name in wanted for name in prefixed)
    named = prefixed if alone else start
    parts = [BACKBONE, NECK] if any(name.startswith(NECK) and name in wanted for name in named) else [BACKBONE]
    needed = [name for name in wanted if name.startswith(tuple(parts)) and not (alone and OFFSETS in name)]
    fit = fitting(named, wanted)
    kind = " and ".join(part.rstrip(".") for part in parts)
    require_fit(fit, named, wanted, needed, 1, where, kind)
    return fit
