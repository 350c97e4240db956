"""Start weights for a transfer: what fits a network by name and shape, told; what does not fit enough, refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, some

SHOWN_LAYERS = 20
"""Layers that start afresh are named up to this number."""


def fitting(start: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, Any]:
    """The start arrays that fit the network by name and shape."""
    return {name: value for name, value in start.items() if name in network and value.shape == network[name].shape}


def require_fit(
    fit: Mapping[str, Any],
    start: Mapping[str, Any],
    network: Mapping[str, Any],
    share: float,
    where: Path,
    part: str = "",
) -> None:
    """Check that enough of the network was filled, and print what starts afresh.

    Args:
        fit: What `fitting` found.
        start: The arrays of the file.
        network: The arrays of the network.
        share: The least share of the network's arrays that must fit.
        where: The file, for messages.
        part: Only arrays whose names begin so are counted.

    Raises:
        InputError: The weights were made for another network.
    """
    counted = [name for name in network if name.startswith(part)]
    filled = sum(name in fit for name in counted)
    if filled < share * len(counted):
        kind = f"{part.rstrip('.')} arrays".strip()
        raise InputError(
            "The weights do not fit this network.",
            expected=f"{len(counted)} {kind} such as {_shapes(network)}",
            found=f"{filled} that fit; the file has {len(start)} such as {_shapes(start)}",
            where=where,
            todo="choose the size that the weights were made for, or --weights none",
        )
    left = [name for name in network if name not in fit]
    afresh = some(left, SHOWN_LAYERS) or "none"
    print(f"start weights: {len(fit)} of {len(network)} arrays fit; afresh: {afresh}", flush=True)


def _shapes(arrays: Mapping[str, Any]) -> str:
    return some((f"{name} {tuple(value.shape)}" for name, value in arrays.items()), 2)
