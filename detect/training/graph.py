"""From a torch network with our two outputs to an ONNX file, and to the reference that the file is checked against."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spinedet.detect.export import Output, Reference


def write_onnx(network: torch.nn.Module, side: int, opset: int, path: Path) -> None:
    """Export for square inputs of one side and any number of images.

    Args:
        network: Images (B, 3, S, S) to boxes (B, N, 4) and scores (B, N, C), in the mode of prediction.
        side: Side of the input in pixels.
        opset: Version of ONNX's operators.
        path: The file to write.
    """
    names: dict[str, Any] = {
        "input_names": ["images"],
        "output_names": ["boxes", "scores"],
        "dynamic_axes": {name: {0: "batch"} for name in ("images", "boxes", "scores")},
    }
    # The tracing exporter: the newer one needs two more packages and has no deformable convolution.
    example = (torch.zeros(2, 3, side, side),)
    torch.onnx.export(network, example, str(path), opset_version=opset, dynamo=False, **names)


def reference(network: torch.nn.Module) -> Reference:
    """The network's own answer to a prepared batch."""

    def run(batch: NDArray[np.float32]) -> Output:
        with torch.inference_mode():
            boxes, scores = network(torch.from_numpy(batch))
        return boxes.numpy(), scores.numpy()

    return run
