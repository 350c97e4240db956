"""The one place that fetches anything: published weights, asked for by `--weights coco`, and said before it starts."""

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_bytes
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import CARD_FILE, sha256
from spinedet.detect.registry import get_detector

TIMEOUT_SECONDS = 30


def with_local_weights(settings: Settings, folder: Path, say: Callable[[str], None]) -> Settings:
    """Settings whose weights are `none` or a file that exists; `coco` is fetched once into `folder`.

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
    if settings.weights != "coco":
        path = Path(settings.weights)
        if not path.exists():
            raise InputError("There is no weights file.", expected="none, coco, or the path of a file", where=path)
        return settings.model_copy(update={"weights": str(path.resolve())})
    address = get_detector(settings.detector).published(settings.size)
    if address is None:
        name = f"{settings.detector} {settings.size}"
        raise InputError(f"Nobody publishes COCO weights of {name}.", expected="--weights none, or the path of a file")
    target = folder / address.rsplit("/", 1)[-1]
    if not target.exists():
        say(f"Fetching {address} to {target}")
        fetch(address, target)
    return settings.model_copy(update={"weights": str(target.resolve())})


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
        WorkError: It could not be fetched or written.
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
    write_bytes(target, data)
