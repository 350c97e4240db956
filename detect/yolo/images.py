"""Our images and boxes as an ultralytics dataset: no copies, no label files, no caches on disk."""

from typing import Any

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from ultralytics.data.dataset import YOLODataset

from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.images import read_image

MEMORY_SHARE = 0.3
"""Decoded images may fill this share of the free memory; the rest is decoded again each time."""


class AnnotatedImages(YOLODataset):  # type: ignore[misc]
    """Feeds a `spinedet` dataset to ultralytics' augmentation and loader."""

    def __init__(self, dataset: Dataset, **settings: Any):
        self._source = dataset
        names = dict(enumerate(dataset.classes))
        super().__init__(img_path="", data={"names": names, "nc": len(names), "channels": 3}, task="detect", **settings)
        self.buffer = list(range(len(dataset)))  # every image may be a mosaic partner, not only the recent ones
        self._room = MEMORY_SHARE * psutil.virtual_memory().available

    def get_img_files(self, _: str) -> list[str]:
        """Paths of the images, in the order of the dataset."""
        return [str(item.path) for item in self._source.items]

    def get_labels(self) -> list[dict[str, Any]]:
        """Boxes as ultralytics wants them: normalised centre and size."""
        return [self._label(item) for item in self._source.items]

    def _label(self, item: Item) -> dict[str, Any]:
        width, height = item.annotation.width, item.annotation.height
        drawn = self._source.boxes(item)
        corners = drawn.boxes / [width, height, width, height]  # (N, 4)
        centres = np.hstack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]])
        return {
            "im_file": str(item.path),
            "shape": (height, width),
            "cls": drawn.labels[:, None].astype(np.float32),  # (N, 1)
            "bboxes": centres.astype(np.float32),  # (N, 4)
            "segments": [],
            "keypoints": None,
            "normalized": True,
            "bbox_format": "xywh",
        }

    def load_image(
        self, i: int, rect_mode: bool = True, resize_short: bool = False
    ) -> tuple[NDArray[np.uint8], tuple[int, int], tuple[int, int]]:
        """The image (H, W, 3) BGR with its long side at the input size, its size as read, and its present size."""
        if self.ims[i] is not None:
            return self.ims[i], self.im_hw0[i], self.im_hw[i]
        path = self._source.items[i].path
        assert path is not None  # datasets for training are loaded with images
        image = cv2.cvtColor(read_image(path), cv2.COLOR_RGB2BGR)
        height, width = image.shape[:2]
        scale = self.imgsz / max(height, width)
        if scale != 1:
            sides = max(1, round(width * scale)), max(1, round(height * scale))
            image = cv2.resize(image, sides, interpolation=cv2.INTER_LINEAR)
        self._keep(i, image, (height, width))
        return image, (height, width), image.shape[:2]

    def _keep(self, i: int, image: NDArray[np.uint8], size: tuple[int, int]) -> None:
        if image.nbytes <= self._room:
            self._room -= image.nbytes
            self.ims[i], self.im_hw0[i], self.im_hw[i] = image, size, image.shape[:2]
