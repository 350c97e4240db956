"""Start weights for a transfer: what fits a network by name and shape, told; what does not fit enough, refused."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, some

SHOWN_LAYERS = 20
"""Layers that start afresh are named up to this number."""

SHOWN_DIFFERENCES = 6
"""Layers are told with both shapes up to this number."""


def weights_file(path: Path, native: str, kinds: str) -> Path:
    """The weights file that a person named: itself, or the one in a model folder.

    Args:
        path: What was named.
        native: Name of the file in a model folder.
        kinds: The files that may be named, for messages (`a .pt file`).

    Raises:
        InputError: There is none.
    """
    file = path / native if path.is_dir() else path
    if not file.is_file():
        raise InputError("There is no weights file.", expected=f"{kinds} or a folder with {native}", where=path)
    return file


def fitting(start: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, Any]:
    """The start arrays that fit the network by name and shape."""
    return {name: value for name, value in start.items() if name in network and value.shape == network[name].shape}


def require_fit(
    fit: Mapping[str, Any],
    start: Mapping[str, Any],
    network: Mapping[str, Any],
    needed: Collection[str],
    share: float,
    where: Path,
    kind: str = "",
) -> None:
    """Check that enough of the network was filled, and print what starts afresh.

    Args:
        fit: What `fitting` found.
        start: The arrays of the file.
        network: The arrays of the network.
        needed: Names of the network's arrays that are counted.
        share: The least share of those that must fit.
        where: The file, for messages.
        kind: What the counted arrays are, for messages (`backbone`).

    Raises:
        InputError: The weights were made for another network; the message has the first layers with both shapes.
    """
    missing = [name for name in needed if name not in fit]
    filled = len(needed) - len(missing)
    if filled < share * len(needed):
        differences = "".join(_shortened(_differences(missing, start, network), "layers"))
        raise InputError(
            "The weights do not fit this network.",
            expected=f"{len(needed)} {kind} arrays".replace("  ", " "),
            found=f"{filled} that fit; the file has {len(start)}{_such_as(start)}{differences}",
            where=where,
            todo="choose the size that the weights were made for, or --weights none",
        )
    _tell(fit, start, network)


def _tell(fit: Mapping[str, Any], start: Mapping[str, Any], network: Mapping[str, Any]) -> None:
    left = [name for name in network if name not in fit]
    others = _differences((name for name in left if name in start), start, network)
    afresh = (some(left, SHOWN_LAYERS) or "none") + "".join(_shortened(others, "layers of other shapes"))
    print(f"start weights: {len(fit)} of {len(network)} arrays fit; afresh: {afresh}", flush=True)


def _differences(names: Iterable[str], start: Mapping[str, Any], network: Mapping[str, Any]) -> list[str]:
    """A line for the first array of each layer; its others (bias, mean) tell nothing new."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.rpartition(".")[0], name)
    return [f"{name}: expected {_shape(network[name])}, {_in_file(name, start)}" for name in first.values()]


def _in_file(name: str, start: Mapping[str, Any]) -> str:
    return f"found {_shape(start[name])}" if name in start else "not in the file"


def _shortened(lines: list[str], what: str) -> Iterator[str]:
    """Lines below the first of a message, the first few of them."""
    left = len(lines) - SHOWN_DIFFERENCES
    for line in lines[:SHOWN_DIFFERENCES]:
        yield f"\n    {line}"
    if left > 0:
        yield f"\n    and {left} more {what}"


def _shape(array: Any) -> tuple[int, ...]:
    return tuple(array.shape)


def _such_as(arrays: Mapping[str, Any]) -> str:
    shapes = some((f"{name} {_shape(value)}" for name, value in arrays.items()), 2)
    return f" such as {shapes}" if shapes else ""
