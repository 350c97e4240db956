"""A model folder is refused, in words, as soon as a file in it is missing, damaged or another's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import ModelCard, Postprocessing, Preprocessing, TrainedOn, sha256

CARD = ModelCard(
    detector="fake",
    size="one",
    classes=("disc", "Wirbelkörper"),
    image_size=64,
    preprocessing=Preprocessing(fit="stretch", mean=(0.1, 0.2, 0.3)),
    postprocessing=Postprocessing(nms="matrix"),
    strides=(8, 16),
    anchors_per_cell=3,
    trained_on=TrainedOn(fingerprint="f", images=("a", "b")),
    settings=Settings(detector="fake", size="one", recipe={"die_at": 2}),
    versions={"python": "3.11"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose network is only some bytes; reading the card does not open it."""
    (tmp_path / "model.onnx").write_bytes(b"network")
    CARD.model_copy(update={"sha256": sha256(tmp_path / "model.onnx")}).write(tmp_path)
    return tmp_path


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    edit(card)
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")


def test_what_is_written_is_what_is_read(folder: Path) -> None:
    assert ModelCard.read(folder).model_copy(update={"sha256": ""}) == CARD
    assert "Wirbelkörper" in (folder / "model.json").read_text(encoding="utf-8")


def test_the_checksum_is_that_of_sha256sum(folder: Path) -> None:
    """`printf abc | sha256sum` (also FIPS 180-2, appendix B.1)."""
    (folder / "abc").write_bytes(b"abc")
    assert sha256(folder / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["model.onnx", "model.json"])
def test_a_missing_file_makes_it_no_model_folder(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match="not a model folder"):
        ModelCard.read(folder)


def test_other_weights_are_noticed(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"Network")
    with pytest.raises(InputError, match=r"not those that the model card describes(.|\n)*copy the model folder again"):
        ModelCard.read(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda card: card.pop("classes"), "classes"),
        (lambda card: card.update(classes=[]), "classes"),
        (lambda card: card.update(schema_version=2), "schema_version"),
        (lambda card: card["preprocessing"].update(fit="crop"), "preprocessing.fit"),
        (lambda card: card.update(unheard_of=1), "unheard_of"),
    ],
)
def test_a_card_that_says_something_impossible_names_it(
    folder: Path, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    change(folder, edit)
    with pytest.raises(InputError, match=f"model card cannot be used(.|\n)*{words}"):
        ModelCard.read(folder)


def test_a_card_that_is_no_json_names_the_line(folder: Path) -> None:
    (folder / "model.json").write_text('{\n"detector": \n', encoding="utf-8")
    with pytest.raises(InputError, match=r"no valid JSON(.|\n)*model\.json:3"):
        ModelCard.read(folder)
