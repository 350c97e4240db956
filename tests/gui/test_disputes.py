"""The senior decides in LabelImg what two annotators do not agree on."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, voc_bytes

AGREED = VocObject("disc", Box(40, 50, 120, 110))
ANNA = VocObject("disc", Box(180, 60, 260, 140))
BORIS = VocObject("vertebra", Box(181, 61, 259, 141))


def draw(studio: Any, annotator: str, image: str, *things: VocObject) -> None:
    """What an annotator drew on an image."""
    xml = studio.xml(image, annotator)
    xml.parent.mkdir(parents=True, exist_ok=True)
    xml.write_bytes(voc_bytes(Annotation(f"{image}.png", 320, 240, things, depth=1)))


def consensus(studio: Any, out: Path) -> str:
    """What the command says."""
    words = ["--annotators", "Anna,Boris", "--senior", "Chen", "--out", str(out)]
    command = [sys.executable, "-m", "spinedet", "consensus", str(studio.dataset), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def outcome(studio: Any) -> Any:
    """On `one` a class is disputed, on `two` a box that only Boris drew; a studio on the outcome of the consensus."""
    draw(studio, "Anna", "one", AGREED, ANNA)
    draw(studio, "Boris", "one", AGREED, BORIS)
    draw(studio, "Anna", "two")
    draw(studio, "Boris", "two", BORIS)
    out = studio.dataset.with_name("out")
    assert "2 of 2 images are left to decide" in consensus(studio, out)
    return replace(studio, dataset=out)


def test_opinions_are_seen_named_taken_and_saved(studio: Any, outcome: Any, tmp_path: Path) -> None:
    child = outcome.begin("disputes.decide", tmp_path, annotator="Chen", only="disputed")
    opinions = child.told()
    assert "Anna: disc" in opinions
    assert "Boris: vertebra" in opinions
    assert child.told() == "['disc']"  # what is agreed is drawn already
    assert child.told() == "['Anna', 'Boris']"
    child.end()
    assert outcome.drawn("one", "Chen") == [("disc", AGREED.box), ("disc", ANNA.box)]
    assert outcome.drawn("two", "Chen") == []
    assert "Finished" in consensus(studio, outcome.dataset)
    assert [name for name, _ in outcome.drawn("one")] == ["disc", "disc"]
    assert outcome.drawn("two") == []


def test_who_only_looks_decides_nothing(studio: Any, outcome: Any) -> None:
    outcome.play("disputes.only_looking", annotator="Chen", only="disputed")
    assert not outcome.xml("one", "Chen").exists()
    assert "2 of 2 images are left to decide" in consensus(studio, outcome.dataset)
