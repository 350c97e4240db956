"""A person's morning in LabelImg: the real command, the real window, a real mouse."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import read_voc

WIDTH = 320
"""Pixels across a test image."""


def spinedet(*words: object) -> str:
    """A command's words, where it succeeds."""
    command = [sys.executable, "-m", "spinedet", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drawn(xml: Path) -> list[tuple[str, Box]]:
    """Class and box of each object, as the file has them; none where there is no file yet."""
    return [(thing.name, thing.box) for thing in read_voc(xml).objects] if xml.exists() else []


def near(box: Box, *edges: float, within: float = 1.0) -> bool:
    """Whether each edge of a box is where it was drawn."""
    return bool(np.abs(np.subtract(box, edges)).max() <= within)


def test_a_morning(desk: Any) -> None:
    xml = desk.dataset / "annotators" / "Anna" / "one.xml"
    process = desk.open("--annotator", "Anna", title="one [1 / 2]")
    view = desk.view(WIDTH)

    # Two boxes of different classes are saved by themselves, where they were drawn.
    desk.draw(view, "disc", 40, 50, 120, 110)
    desk.draw(view, "vertebra", 180, 60, 260, 140)
    desk.wait_for(lambda: len(drawn(xml)) == 2, "two boxes in the file")
    (first, disc), (second, vertebra) = drawn(xml)
    assert (first, second) == ("disc", "vertebra")
    assert near(disc, 40, 50, 120, 110)
    assert near(vertebra, 180, 60, 260, 140)

    # A corner is pulled.
    desk.screen.drag(view.at(260, 140), view.at(280, 160))
    desk.wait_for(lambda: near(drawn(xml)[1][1], 180, 60, 280, 160), "the larger box in the file")
    assert drawn(xml)[0] == ("disc", disc)

    # A copy, taken away again, and brought back by one command later.
    desk.key("ctrl+d")
    desk.wait_for(lambda: len(drawn(xml)) == 3, "the copy in the file")
    desk.key("Delete")
    desk.wait_for(lambda: len(drawn(xml)) == 2, "two boxes again")

    # Zoom by the wheel, scroll, and come back.
    desk.screen.move(view.at(20, 20))
    desk.screen.do("keydown", "ctrl", "click", "--repeat", 3, 4, "keyup", "ctrl")
    desk.wait_for(lambda: desk.shown(WIDTH) is None or desk.shown(WIDTH).scale > view.scale * 1.05, "a closer view")
    desk.screen.do("click", "--repeat", 2, 5)
    desk.key("ctrl+f")
    desk.wait_for(lambda: desk.shown(WIDTH) == view, "the whole image")

    # Brighter: the grey of the image, not its file.
    before = desk.grey(view, 150, 20)
    desk.key("alt+Up", "alt+Up", "alt+Up")
    desk.wait_for(lambda: desk.grey(view, 150, 20) > before + 20, "a brighter image")

    # The next image has no finding: the space bar says that somebody looked.
    desk.key("d")
    desk.turn_to("two [2 / 2]")
    desk.key("space")
    empty = xml.with_name("two.xml")
    desk.wait_for(empty.exists, "the file of the second image")
    assert read_voc(empty).verified
    assert drawn(empty) == []

    desk.key("ctrl+q")
    words, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert "2 of 2 images" in words

    # What was deleted comes back.
    spinedet("restore", desk.dataset, "one", "--annotator", "Anna")
    assert len(drawn(xml)) == 3


def test_a_damaged_file_is_named_and_not_opened(desk: Any) -> None:
    folder = desk.dataset / "Annotations"
    folder.mkdir()
    (folder / "one.xml").write_text("<annotation><object>", encoding="utf-8")
    process = desk.start()
    desk.screen.focus("Not opened")
    desk.screen.key("Return")
    desk.turn_to("one (not opened) [1 / 2]")
    desk.key("d")
    desk.turn_to("two [2 / 2]")
    desk.draw(desk.view(WIDTH), "disc", 50, 50, 100, 100)
    desk.wait_for((folder / "two.xml").exists, "the second image's file")
    desk.key("ctrl+q")
    process.communicate(timeout=20)
    assert (folder / "one.xml").read_text(encoding="utf-8") == "<annotation><object>"
