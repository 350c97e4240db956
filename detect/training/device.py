"""Where a network is trained, in which precision, and what makes two trainings alike. No GPU is touched at import."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch.utils import deterministic

from spinedet.annotations.errors import InputError, WorkError
from spinedet.detect.machine import multiplies_bfloat16

Forward = Callable[..., Any]
"""A network's pass: images (B, 3, S, S) float32 in, once or twice, outputs in float32 out, whatever is in between."""

NATIVE_BFLOAT16 = (8, 0)
"""Compute capability from which a GPU multiplies bfloat16; older ones only imitate it, slowly."""

EPOCH_STRIDE = 1_000_003
"""Between the seeds of two epochs, so that epoch 2 of one seed is not epoch 1 of the next."""

SEEDS = 2**63
"""Seeds that torch takes; a larger one counts modulo this."""


def choose_device(wanted: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The device of a training (`Settings.device`).

    Raises:
        InputError: A GPU was asked for and torch sees none.
    """
    seen = torch.cuda.is_available()
    if wanted == "cuda" and not seen:
        todo = "use --device auto or cpu, or install a torch that fits the driver"
        raise InputError("torch sees no GPU.", expected="a CUDA build and a visible GPU", todo=todo)
    return torch.device("cuda" if seen and wanted != "cpu" else "cpu")


Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""What matrices are multiplied in; weights, sums and losses are float32 everywhere."""


def working_precision(device: torch.device, wanted: Precision = "auto") -> torch.dtype:
    """What matrices are multiplied in; `auto` is bfloat16 where the processor has it built in.

    Without it `auto` is float16 on a GPU and float32 on a CPU.
    """
    if wanted != "auto":
        return getattr(torch, wanted)
    if device.type != "cuda":
        return torch.bfloat16 if multiplies_bfloat16() else torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= NATIVE_BFLOAT16 else torch.float16


def mixed(network: Forward, device: torch.device, precision: torch.dtype) -> Forward:
    """The network's pass in mixed precision, its outputs float32 so that losses lose nothing.

    Args:
        network: A network of float32 weights on `device`.
        device: Where it computes.
        precision: Of convolutions and matrix products; float32 changes nothing.
    """
    if precision is torch.float32:
        return network

    def forward(*images: torch.Tensor) -> Any:
        with torch.autocast(device_type=device.type, dtype=precision):
            outputs = network(*images)
        return _float32(outputs)

    return forward


def _float32(outputs: Any) -> Any:
    """Outputs, however nested, with floating-point tensors as float32."""
    if isinstance(outputs, torch.Tensor):
        return outputs.float() if outputs.is_floating_point() else outputs
    if isinstance(outputs, dict):
        return {name: _float32(value) for name, value in outputs.items()}
    if isinstance(outputs, (tuple, list)):
        return type(outputs)(_float32(value) for value in outputs)
    return outputs


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed torch's generators (dropped cells, dropped units) for an epoch, whatever came before it."""
    torch.manual_seed((seed + EPOCH_STRIDE * epoch) % SEEDS)


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Operations give the same bits each time, where torch has such a variant (cuDNN's among them); then as before.

    A few have none on a GPU (the gradient of a deformable convolution): torch warns of each, and resumed trainings
    differ there in the last bits. New memory is not filled, which would cost time and change nothing.
    """
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, at the first matrix product
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fill = deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        deterministic.fill_uninitialized_memory = fill


@contextmanager
def telling_full_memory() -> Iterator[None]:
    """Tell a full GPU as a person can use it.

    Raises:
        WorkError: The GPU's memory does not hold a step.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        found = str(error).splitlines()[0]
        todo = "choose a smaller --batch or --image-size, or end what else runs on the GPU, and run the command again"
        raise WorkError("The memory of the GPU is too small for a step.", found=found, todo=todo) from error
