"""Decoded images of a dataset, kept in memory as far as there is room."""

import threading

import psutil

from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import Image, Pixels, as_rgb, read_pixels

MEMORY_SHARE = 0.3
"""Decoded images may fill this share of the free memory; the rest is decoded again each time."""


class DecodedImages:
    """The images of a dataset by number, decoded once where they fit; threads may share it.

    What is kept stays: an epoch asks for every image once, so putting the newest in place of the oldest would keep
    none that is asked for again in time.
    """

    def __init__(self, dataset: Dataset, room: float | None = None):
        """Remember where the images are; nothing is decoded yet.

        Args:
            dataset: Loaded with images.
            room: Bytes that may be kept; `MEMORY_SHARE` of the free memory unless told.
        """
        self._paths = [item.path for item in dataset.items]
        self._room = MEMORY_SHARE * psutil.virtual_memory().available if room is None else room
        self._kept: dict[int, Pixels] = {}
        self._one_at_a_time = threading.Lock()

    def __len__(self) -> int:
        return len(self._paths)

    def rgb(self, place: int) -> Image:
        """Image number `place` as (H, W, 3), exactly as `read_image` gives it; not to be written to.

        Raises:
            InputError: As `spinedet.datasets.images.read_image`.
        """
        return as_rgb(self.pixels(place))

    def pixels(self, place: int) -> Pixels:
        """As `rgb`, but a grey image stays (H, W), as it is kept: a third of the memory."""
        kept = self._kept.get(place)
        return self._decode(place) if kept is None else kept

    def _decode(self, place: int) -> Pixels:
        path = self._paths[place]
        assert path is not None  # datasets for training are loaded with images
        pixels = read_pixels(path)
        pixels.setflags(write=False)  # a change would be seen by every later epoch
        with self._one_at_a_time:  # two threads may have decoded the same image; its room is taken once
            if place not in self._kept and pixels.nbytes <= self._room:
                self._room -= pixels.nbytes
                self._kept[place] = pixels
        return pixels
