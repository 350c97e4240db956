"""The one place that fetches anything: published weights, asked for by `--weights coco` or `imagenet`, said before."""

import hashlib
import http.client
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_bytes
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import CARD_FILE, sha256
from spinedet.detect.presets import read_config
from spinedet.detect.registry import get_detector

TIMEOUT_SECONDS = 30

PRETRAINED = {"coco": "COCO", "imagenet": "ImageNet"}
"""Words that ask for published weights, and the images that these were trained on."""

NAMED_SHA256 = re.compile(r"-([0-9a-f]{8})\.pth$")
"""Torch's files are named with the first digits of their SHA-256."""


def with_local_weights(settings: Settings, folder: Path, say: Callable[[str], None]) -> Settings:
    """Settings whose weights are `none` or a file that exists; `coco` or `imagenet` is fetched once into `folder`.

    Args:
        settings: Settings as asked for.
        folder: Where fetched weights are kept.
        say: Tells the person what is about to be fetched.

    Raises:
        InputError: There is no such file, or nobody publishes weights of that size.
        WorkError: The network does not allow it; the message says how to fetch by hand.
    """
    if settings.weights == "none":
        return settings
    if settings.weights not in PRETRAINED:
        path = Path(settings.weights)
        if not path.exists():
            expected = f"none, {read_config(settings.detector).pretrained}, or the path of a file"
            raise InputError("There is no weights file.", expected=expected, where=path)
        return settings.model_copy(update={"weights": str(path.resolve())})
    address = _published(settings)
    target = folder / address.rsplit("/", 1)[-1]
    if not target.exists():
        say(f"Fetching {address} to {target}")
        fetch(address, target)
    return settings.model_copy(update={"weights": str(target.resolve())})


def _published(settings: Settings) -> str:
    """Address of the weights that were asked for by a word."""
    word = read_config(settings.detector).pretrained
    address = get_detector(settings.detector).published(settings.size)
    if address is None or settings.weights != word:
        what = f"{PRETRAINED[settings.weights]} weights of {settings.detector} {settings.size}"
        there = "" if address is None else f"{word}, "
        raise InputError(f"Nobody publishes {what}.", expected=f"--weights {there}none, or the path of a file")
    return address


def weights_sha256(settings: Settings) -> str:
    """What tells one set of start weights from another of the same name; empty without any.

    Of a model folder the card is taken, which holds the checksum of its weights.
    """
    if settings.weights == "none":
        return ""
    path = Path(settings.weights)
    return sha256(path / CARD_FILE if path.is_dir() else path)


def fetch(address: str, target: Path) -> None:
    """Fetch a file, whole or not at all.

    Raises:
        WorkError: It could not be fetched or written, or it is not the file that its name tells.
    """
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
            data = answer.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise WorkError(
            "Published weights could not be fetched.",
            found=str(error),
            where=address,
            todo="fetch that file on another machine and give its path: --weights PATH; or train with --weights none",
        ) from error
    _check_name(address, data)
    write_bytes(target, data)


def _check_name(address: str, data: bytes) -> None:
    """Compare a file with the digits of its SHA-256 in its name, if its name has any."""
    named = NAMED_SHA256.search(address)
    found = hashlib.sha256(data).hexdigest()
    if named and not found.startswith(named[1]):
        raise WorkError(
            "Published weights are not those that their name tells.",
            expected=f"sha256 {named[1]}…",
            found=f"sha256 {found[:8]}…",
            where=address,
            todo="try again; a proxy may answer with a page of its own",
        )
