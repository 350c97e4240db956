"""`model.json`: everything that prediction must know about `model.onnx`, and nothing about a framework."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.detect.contract import Settings

ONNX_FILE = "model.onnx"
CARD_FILE = "model.json"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Channel means and deviations (R, G, B, on a scale of 0 to 1) with which ImageNet backbones are trained."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preprocessing(_Frozen):
    """How an image becomes network input: fitted to the square, divided by 255, minus mean, divided by std; RGB.

    Attributes:
        fit: `letterbox` keeps the aspect ratio and pads evenly with `fill`; `stretch` fills the square.
        fill: Grey value of the padding, 0..255.
        interpolation: OpenCV's name of the resampling.
        mean, std: Channel mean and deviation (R, G, B) on a scale of 0 to 1.
    """

    fit: Literal["letterbox", "stretch"]
    fill: int = 114
    interpolation: Literal["linear", "cubic", "area"] = "linear"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


class Postprocessing(_Frozen):
    """How network output becomes detections.

    Attributes:
        nms: `greedy` suppresses by IoU class by class; `matrix` decays scores (SOLOv2, arXiv 2003.10152, linear).
        score_threshold: Candidates below are dropped before NMS; after Matrix NMS once more.
        iou: IoU above which greedy NMS suppresses; unused by Matrix NMS.
        before: Candidates that enter NMS, best first.
        keep: Detections that leave it.
    """

    nms: Literal["greedy", "matrix"]
    score_threshold: float = 0.001
    iou: float | None = None
    before: int = 600
    keep: int = 300


class NetworkFormat(_Frozen):
    """What goes into a network and what comes out of it; the same for every model of a detector.

    Attributes:
        preprocessing: From image to input.
        postprocessing: From output to detections.
        strides: Pixels of the input a cell, level by level in the order of the output.
        anchors_per_cell: Boxes that each cell predicts.
    """

    preprocessing: Preprocessing
    postprocessing: Postprocessing
    strides: tuple[int, ...]
    anchors_per_cell: int


class TrainedOn(_Frozen):
    """Which images a model has seen, told without names.

    Attributes:
        fingerprint: Of the training part, from `Dataset.fingerprint`.
        images: SHA-256 of the pixels of each training and validation image, sorted; a study refuses images that are
            listed here.
    """

    fingerprint: str
    images: tuple[str, ...]


class ModelCard(NetworkFormat):
    """The content of `model.json`."""

    schema_version: Literal[1] = 1
    detector: str
    size: str
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    image_size: int
    trained_on: TrainedOn
    settings: Settings
    versions: dict[str, str]
    sha256: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the card of a model folder and check that it belongs to the weights beside it.

        Raises:
            InputError: The folder is no model folder, or a file in it was changed or damaged.
        """
        path = folder / CARD_FILE
        if not path.is_file() or not (folder / ONNX_FILE).is_file():
            raise InputError(
                "This is not a model folder.",
                expected=f"{ONNX_FILE} and {CARD_FILE}",
                where=folder,
                todo="give the folder that `spinedet train` wrote, or <run>/<detector>/fold<k>/model",
            )
        try:
            card = cls.model_validate(read_json(path, "model card"))
        except ValidationError as error:
            raise InputError("The model card cannot be used.", found=_first(error), where=path) from error
        if (found := sha256(folder / ONNX_FILE)) != card.sha256:
            raise InputError(
                "The weights are not those that the model card describes.",
                expected=f"sha256 {card.sha256[:12]}…",
                found=f"sha256 {found[:12]}…",
                where=folder / ONNX_FILE,
                todo="copy the model folder again, whole",
            )
        return card

    def write(self, folder: Path) -> None:
        """Write the card beside its weights."""
        write_json(folder / CARD_FILE, self.model_dump(mode="json"))


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first(error: ValidationError) -> str:
    row = error.errors()[0]
    return f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
