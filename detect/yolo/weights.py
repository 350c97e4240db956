"""Start weights for a transfer: read without running what a file may carry, and matched layer by layer."""

import importlib
import io
from pathlib import Path
from typing import Any

import torch

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_bytes
from spinedet.detect.transfer import fitting, require_fit

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
    file = path / NATIVE_FILE if path.is_dir() else path
    if not file.is_file():
        raise InputError("There is no weights file.", expected=f"a .pt file or a folder with {NATIVE_FILE}", where=path)
    try:
        with torch.serialization.safe_globals(_classes_in(file)):
            content = torch.load(file, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch raises many types for a damaged or foreign file
        found = str(error).splitlines()[0]
        raise InputError("The weights cannot be read.", expected="a torch file", found=found, where=file) from error
    return _tensors(content, file)


def _classes_in(file: Path) -> list[type]:
    """The network classes that the pickle names; all must be modules of torch or ultralytics."""
    classes = []
    for name in torch.serialization.get_unsafe_globals_in_checkpoint(file):
        module, _, attribute = name.rpartition(".")
        thing = getattr(importlib.import_module(module), attribute, None) if name.startswith(TRUSTED_PREFIXES) else None
        if not (isinstance(thing, type) and issubclass(thing, torch.nn.Module)):
            raise InputError(
                "The weights file carries code and is refused, unread.",
                expected="tensors, or a network of torch or ultralytics",
                found=name,
                where=file,
            )
        classes.append(thing)
    return classes


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
    require_fit(fit, start, network, ENOUGH, where)
    return fit
