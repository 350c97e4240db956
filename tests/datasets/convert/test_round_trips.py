"""Out to every format and in again: boxes, classes, their order, difficult objects, sizes and patients are the same."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.files import write_text
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.card import Card
from spinedet.datasets.convert.coco import read_coco
from spinedet.datasets.convert.exporting import export_dataset
from spinedet.datasets.convert.importing import import_dataset, patients_beside
from spinedet.datasets.convert.labelme import read_labelme
from spinedet.datasets.convert.masks import read_masks
from spinedet.datasets.convert.source import Source
from spinedet.datasets.convert.table import read_csv
from spinedet.datasets.convert.yolo import read_yolo
from spinedet.datasets.dataset import Dataset, Item

READERS: dict[str, Callable[[Path], Source]] = {
    "yolo": read_yolo,
    "coco": read_coco,
    "csv": read_csv,
    "labelme": read_labelme,
    "masks": read_masks,
}

YOLO_ERROR = 1e-9
"""Pixels."""

CLASSES = ("zygapophysis", "disc", "Wirbelkörper, 椎骨")
NAMES = ("a", "b 1", "c.d", "é", "x.png")

SIDE = st.integers(1, 40)
THINNEST = 2.0**-10
"""Pixels; a YOLO file has no place for boxes of a billionth of a pixel."""


@st.composite
def spans(draw: st.DrawFn, side: int) -> tuple[float, float]:
    """Two edges of a box along one side of an image."""
    edges = st.one_of(st.integers(0, side).map(float), st.floats(0, side), st.decimals(0, side, places=2).map(float))
    start = draw(edges.filter(lambda edge: edge <= side - THINNEST))
    return start, draw(edges.filter(lambda edge: edge >= start + THINNEST) | st.just(float(side)))


@st.composite
def objects(draw: st.DrawFn, width: int, height: int) -> VocObject:
    (x0, x1), (y0, y1) = draw(spans(width)), draw(spans(height))
    return VocObject(draw(st.sampled_from(CLASSES)), Box(x0, y0, x1, y1), draw(st.booleans()))


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    width, height = draw(SIDE), draw(SIDE)
    return Annotation("", width, height, tuple(draw(st.lists(objects(width, height), max_size=4))))


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    items = tuple(Item(name, None, draw(annotations()), draw(st.sampled_from("PQ"))) for name in sorted(names))
    return Dataset(Path("memory"), Card(), tuple(draw(st.permutations(CLASSES))), items)


def laid_down(dataset: Dataset, folder: Path, save: Callable[[Path, int, int], None]) -> Dataset:
    """The dataset as files, loaded again."""
    for item in dataset.items:
        drawn = item.annotation
        save(folder / "JPEGImages" / f"{item.image}.png", drawn.width, drawn.height)
        write_voc(folder / "Annotations" / f"{item.image}.xml", replace(drawn, filename=f"{item.image}.png"))
    owners = "".join(f"{item.image},{item.patient}\n" for item in dataset.items)
    write_text(folder / "patients.csv", f"image,patient\n{owners}")
    return Dataset.load(folder, classes=dataset.classes)


def out_and_in(dataset: Dataset, kind: str, folder: Path) -> Dataset:
    export_dataset(dataset, kind, folder / kind)
    import_dataset(READERS[kind](folder / kind), folder / "back", patients_beside(folder / kind))
    return Dataset.load(folder / "back")


def content(dataset: Dataset) -> list[tuple[str, int, int, str | None, list[tuple[str, bool, tuple[float, ...]]]]]:
    return [
        (
            item.image,
            item.annotation.width,
            item.annotation.height,
            item.patient,
            [(thing.name, thing.difficult, tuple(thing.box)) for thing in item.annotation.objects],
        )
        for item in dataset.items
    ]


slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", ["coco", "csv", "labelme"])
@slow
@given(dataset=datasets())
def test_every_digit_comes_back(kind: str, save: Callable[[Path, int, int], None], dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as name:
        before = laid_down(dataset, Path(name) / "before", save)
        after = out_and_in(before, kind, Path(name))
        assert after.classes == before.classes == dataset.classes
        assert content(after) == content(before) == content(dataset)


@slow
@given(dataset=datasets())
def test_yolo_comes_back_to_a_billionth_of_a_pixel(save: Callable[[Path, int, int], None], dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as name:
        after = out_and_in(laid_down(dataset, Path(name) / "before", save), "yolo", Path(name))
    assert after.classes == dataset.classes
    for (*told, things), (*expected, drawn) in zip(content(after), content(dataset), strict=True):
        assert told == expected
        assert [thing[:2] for thing in things] == [thing[:2] for thing in drawn]
        for (_, _, box), (_, _, original) in zip(things, drawn, strict=True):
            assert box == pytest.approx(original, rel=0, abs=YOLO_ERROR)


@st.composite
def tiles(draw: st.DrawFn) -> Dataset:
    """Boxes of whole pixels in cells of 8 x 8, so that none meets another."""
    cells = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True, max_size=6))
    inner = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(4, 7), st.integers(4, 7))
    boxes = [(8 * column, 8 * row, *draw(inner)) for column, row in cells]
    things = tuple(
        VocObject(draw(st.sampled_from(CLASSES)), Box(x + a, y + b, x + c, y + d), draw(st.booleans()))
        for x, y, a, b, c, d in boxes
    )
    return Dataset(Path("memory"), Card(), CLASSES, (Item("a", None, Annotation("", 32, 32, things), "P"),))


@slow
@given(dataset=tiles())
def test_masks_come_back_in_another_order(save: Callable[[Path, int, int], None], dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as name:
        before = laid_down(dataset, Path(name) / "before", save)
        after = out_and_in(before, "masks", Path(name))
    assert after.classes == dataset.classes
    for (*told, things), (*expected, drawn) in zip(content(after), content(dataset), strict=True):
        assert told == expected
        assert sorted(things) == sorted(drawn)


def test_ten_rounds_do_not_move_a_whole_pixel(save: Callable[[Path, int, int], None], tmp_path: Path) -> None:
    things = (VocObject("disc", Box(0, 0, 1, 1)), VocObject("disc", Box(11, 7, 346, 211)))
    item = Item("a", None, Annotation("", 361, 333, things), "P")
    before = laid_down(Dataset(Path("memory"), Card(), ("disc",), (item,)), tmp_path / "0", save)
    after = before
    for turn in range(10):
        folder = tmp_path / f"round{turn}"
        for kind in ("yolo", "coco", "csv", "labelme"):
            after = out_and_in(after, kind, folder / kind)
    assert content(after) == content(before)
