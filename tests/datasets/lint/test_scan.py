"""Reading many files: the same outcome with one process and with several."""

from typing import Any

import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.datasets.lint import scan
from spinedet.datasets.lint.checking import lint
from spinedet.datasets.lint.salvage import MOST_REFUSED, read_what_can_be


def test_columns_hold_every_box_with_its_line(data: Any) -> None:
    columns = data.check().view.columns
    assert (len(columns.images), columns.names, columns.counts().tolist()) == (16, ("bone", "disc"), [16, 32])
    assert columns.sizes.tolist() == [[64, 48]] * 16
    assert columns.line.tolist() == [4, 5, 6] * 16
    np.testing.assert_array_equal(columns.box[0], Box(4, 2, 24, 12))
    np.testing.assert_array_equal(np.bincount(columns.file), [3] * 16)


def test_processes_find_what_one_finds(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of three files, two processes; class names come in another order in each part."""
    data.change(data.xml("p0_1"), "<name>disc", "<name>sacrum")
    data.change(data.xml("p7_2"), "<name>bone", "<name>atlas")
    alone = lint(data.root)
    monkeypatch.setattr(scan, "POOL_FROM", 1)
    monkeypatch.setattr(scan, "CHUNK", 3)
    monkeypatch.setattr(scan, "cores", lambda: 2)
    heard: list[tuple[str, int, int]] = []
    together = lint(data.root, listener=lambda *told: heard.append(told))
    assert together.findings == alone.findings
    assert together.view.columns.names == ("atlas", "bone", "disc", "sacrum")
    np.testing.assert_array_equal(together.view.columns.label, alone.view.columns.label)
    np.testing.assert_array_equal(together.view.columns.file, alone.view.columns.file)
    assert ("annotations", 16, 16) in heard
    assert heard[-1] == ("images", 16, 16)


def test_a_file_of_hopeless_boxes_is_given_up(data: Any) -> None:
    """Each refused box costs one more reading, so there is an end to it."""
    bad = (
        "<object><name>bone</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>999</xmax><ymax>9</ymax></bndbox></object>"
    )
    data.add("p0_1", *[bad] * (MOST_REFUSED + 30))
    reading, errors = read_what_can_be(data.xml("p0_1"), None)
    assert reading is None
    assert len(errors) == MOST_REFUSED + 1


def test_lines_stay_those_of_the_file_after_a_refused_box(data: Any) -> None:
    tall = data.thing("bone", 1, 1, 999, 9).replace(">", ">\n")
    data.add("p0_1", tall, data.thing("disc", 1, 1, 9, 9))
    reading, errors = read_what_can_be(data.xml("p0_1"), None)
    assert reading is not None
    assert len(errors) == 1
    assert reading.lines == (4, 5, 6, 8 + tall.count("\n"))
