"""Start weights for a transfer: read without running what a file may carry, and matched layer by layer."""

import importlib
import io
from pathlib import Path
from typing import Any

import torch

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_bytes
from spinedet.detect.torchfile import read_torch_file
from spinedet.detect.transfer import fitting, require_fit, weights_file

State = dict[str, torch.Tensor]

TRUSTED_PREFIXES = ("torch.nn.modules.", "ultralytics.nn.")
"""Where the classes of an ultralytics checkpoint come from; anything else in a pickle is refused, unread."""

ENOUGH = 0.5
"""A file whose tensors fit fewer than this share of the network's was made for another network."""

NATIVE_FILE = "weights.pt"
"""Our own format: a plain dictionary of tensors."""


def save_weights(path: Path, content: dict[str, Any]) -> None:
    """Write tensors, in dictionaries, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def read_start_weights(path: Path) -> State:
    """Tensors of a model folder, of a `weights.pt`, or of an ultralytics checkpoint.

    Raises:
        InputError: No such file, damaged, or it carries code.
    """
    file = weights_file(path, NATIVE_FILE, "a .pt file")
    return _tensors(read_torch_file(file, "tensors, or a network of torch or ultralytics", _network_class), file)


def _network_class(name: str) -> type | None:
    """The class of a network that a file names; only modules of torch or ultralytics are trusted."""
    module, _, attribute = name.rpartition(".")
    thing = getattr(importlib.import_module(module), attribute, None) if name.startswith(TRUSTED_PREFIXES) else None
    return thing if isinstance(thing, type) and issubclass(thing, torch.nn.Module) else None


def _tensors(content: Any, file: Path) -> State:
    if isinstance(content, dict) and (content.get("ema") or content.get("model")) is not None:
        content = content.get("ema") or content["model"]
    if isinstance(content, torch.nn.Module):
        content = content.float().state_dict()
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise InputError("The file holds no weights.", expected="a dictionary of tensors", where=file)
    return content


def fitting_weights(start: State, network: State, where: Path) -> State:
    """The start tensors that fit the network; a head for other classes differs in its last layers, which start afresh.

    Raises:
        InputError: Less than `ENOUGH` of the network would be filled.
    """
    fit = fitting(start, network)
    require_fit(fit, start, network, network, ENOUGH, where)
    return fit
