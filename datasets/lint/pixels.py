"""Decoding every image: which are damaged, and which have the very same pixels under another name."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import pixel_hash, read_image
from spinedet.datasets.lint.scan import Listener, chunks, cores, refusal
from spinedet.datasets.lint.views import Pixels, Refused

AT_ONCE = 256
"""Images handed to the threads in one go, so that Ctrl-C is heard soon."""


def compare_pixels(root: Path, files: Mapping[str, str], listener: Listener) -> Pixels:
    """Decode all images on all cores (the decoder lets other threads work) and group those with the same pixels.

    Pixels are compared as 8-bit RGB, as a detector sees them. The same image compressed once more is another one here.

    Args:
        root: The dataset folder.
        files: The image file of each name.
        listener: Hears how far it is.
    """
    names: dict[str, list[str]] = {}
    damaged: list[Refused] = []
    done = 0
    with ThreadPoolExecutor(cores()) as pool:
        for chunk in chunks(sorted(files), AT_ONCE):
            for image, outcome in zip(
                chunk, pool.map(partial(_hash, root), map(files.__getitem__, chunk)), strict=True
            ):
                if isinstance(outcome, Refused):
                    damaged.append(outcome)
                else:
                    names.setdefault(outcome, []).append(image)
            done += len(chunk)
            listener("images", done, len(files))
    return Pixels(tuple(tuple(group) for group in names.values() if len(group) > 1), tuple(damaged))


def _hash(root: Path, file: str) -> str | Refused:
    path = root / IMAGES / file
    try:
        return pixel_hash(read_image(path))
    except InputError as error:
        return refusal(error, path, f"{IMAGES}/{file}")
