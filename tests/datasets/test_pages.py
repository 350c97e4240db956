"""Pages and the pictures on them: nothing from outside, nothing covered, nothing larger than agreed."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image as Bitmap

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.pages import (
    Cell,
    Column,
    Look,
    Mark,
    Picture,
    Table,
    count,
    draw_boxes,
    looks,
    region_around,
    render,
    write_page,
)
from spinedet.datasets.pages.boxes import BEHIND, PAGE_PIXELS
from spinedet.datasets.pages.labels import Area, place_labels, stack
from spinedet.datasets.pages.looks import BRIGHT, DASHES
from spinedet.datasets.pages.style import drawing, style

PAGE = "page.html.j2"
GREY = np.full((60, 80), 90, np.uint8)
RED = {"": Look("#FF0000")}


def pixels(picture: Picture) -> NDArray[np.uint8]:
    """(H, W, 3) of a picture on a page."""
    kind, data = picture.uri.split(",", 1)
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Bitmap.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def is_red(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((image[..., 0] > 180) & (image[..., 1] < 90))


def shared(template: str, **values: object) -> str:
    return render("spinedet.datasets.pages", template, **values)


def test_a_line_lies_on_the_edge_of_its_box() -> None:
    """At 4 pixels a pixel, edges at 20 and 40 come to 80 and 160; the inside is as it was."""
    image = pixels(draw_boxes(GREY, [Mark(Box(20, 10, 40, 30))], known=RED, zoom=2, most_kilobytes=900))
    assert image.shape == (240, 320, 3)
    row = is_red(image)[80]  # y = 20 px, the middle of the box
    assert np.flatnonzero(row).min() == pytest.approx(80, abs=2)
    assert np.flatnonzero(row).max() == pytest.approx(160, abs=2)
    assert np.abs(image[60:100, 90:150].astype(int) - 90).max() < 12


def test_a_dashed_line_has_gaps() -> None:
    solid, dashed = (
        is_red(pixels(draw_boxes(GREY, [Mark(Box(10, 10, 70, 50))], known={"": Look("#FF0000", dash)}, zoom=2))).sum()
        for dash in ((), (9, 5))
    )
    assert 0.5 < dashed / solid < 0.8


def test_zoom_decides_the_width_on_the_page() -> None:
    assert draw_boxes(GREY, [], zoom=3).width == pytest.approx(100 * 240 / PAGE_PIXELS, abs=0.01)
    assert draw_boxes(GREY, [], width=40).width == 40


def test_a_region_beyond_the_image_is_dark_there() -> None:
    image = pixels(draw_boxes(GREY, [], region=Box(-40, 0, 40, 60), zoom=2))
    assert np.abs(image[:, :150].astype(int) - BEHIND[0]).max() < 15
    assert np.abs(image[:, 170:].astype(int) - 90).max() < 15


def test_a_box_outside_the_region_is_left_out() -> None:
    marks = [Mark(Box(60, 40, 70, 50), label="far")]
    image = pixels(draw_boxes(GREY, marks, known=RED, region=Box(0, 0, 30, 30), zoom=2))
    assert image.shape == (120, 120, 3)
    assert not is_red(image).any()


def test_colour_and_grey_images_are_drawn_alike() -> None:
    colour = np.repeat(GREY[..., None], 3, axis=2)
    assert draw_boxes(GREY, []).uri == draw_boxes(colour, []).uri


def test_greys_are_spread_where_asked() -> None:
    dark = np.tile(np.arange(20, 60, dtype=np.uint8), (40, 1))
    image = pixels(draw_boxes(dark, [], windowed=True))
    assert image.min() < 10
    assert image.max() > 245


def test_a_label_without_a_free_place_goes_to_the_margin() -> None:
    """A box over the whole image leaves no room: the picture grows to the right, and the image is not written on."""
    marks = [Mark(Box(0, 0, 80, 60), label="disc")]
    image = pixels(draw_boxes(GREY, marks, known=RED, zoom=2, most_kilobytes=900))
    assert image.shape[1] > 340
    assert not is_red(image)[20:100, 20:300].any()
    assert is_red(image)[:, 330:].any()


def test_a_picture_stays_within_its_kilobytes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400), np.uint8)
    picture = draw_boxes(noise, [Mark(Box(10, 10, 300, 300))], width=25, most_kilobytes=40)
    assert len(base64.b64decode(picture.uri.split(",")[1])) <= 40_000


def test_the_same_picture_has_the_same_bytes() -> None:
    marks = [Mark(Box(10, 10, 30, 30), "a", "a1"), Mark(Box(30, 20, 60, 50), "b", "\u690e\u95f4\u76d8")]
    assert draw_boxes(GREY, marks).uri == draw_boxes(GREY, marks).uri


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000)])
def test_odd_images_make_pictures(size: tuple[int, int]) -> None:
    image = pixels(draw_boxes(np.zeros(size, np.uint8), [Mark(Box(0, 0, 1, 1), label="x")]))
    assert max(image.shape[:2]) <= 2100


BOX = st.tuples(*[st.floats(0, 300)] * 4).map(
    lambda e: Area(min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3]))
)


@given(st.lists(BOX, max_size=12))
def test_no_label_covers_a_box_or_another_label(boxes: list[Area]) -> None:
    places = place_labels(boxes, [(40.0, 15.0)] * len(boxes), (300.0, 300.0), 3.0)
    placed = [place for place in places if place is not None]
    for number, place in enumerate(placed):
        assert not any(place.meets(box) for box in boxes)
        assert not any(place.meets(other) for other in placed[:number])
        assert min(place.x0, place.y0) >= 0
        assert max(place.x1, place.y1) <= 300


def test_a_label_stands_right_of_its_box_and_left_at_the_edge() -> None:
    middle, edge = Area(10, 10, 30, 30), Area(70, 60, 98, 80)
    assert place_labels([middle, edge], [(20, 10), (20, 10)], (100, 100), 2) == [
        Area(32, 15, 52, 25),
        Area(48, 65, 68, 75),
    ]


def test_labels_in_a_column_keep_their_order_and_apart() -> None:
    assert stack([50, 10, 52], [10, 10, 10], 2) == [45, 5, 57]


@given(BOX, st.tuples(st.integers(1, 300), st.integers(1, 300)), st.sampled_from([None, 0.5, 1.0, 2.0]))
def test_a_region_holds_its_boxes_in_whole_pixels(box: Area, size: tuple[int, int], aspect: float | None) -> None:
    """However large the image: a region shows all of a box that lies in the image."""
    inside = Box(*(min(edge, limit) for edge, limit in zip(box, (*size, *size), strict=True)))
    region = region_around([inside], size, aspect=aspect)
    assert all(edge == int(edge) for edge in region)
    assert region.x0 <= inside.x0
    assert region.y0 <= inside.y0
    assert region.x1 >= inside.x1
    assert region.y1 >= inside.y1


def test_without_boxes_the_region_is_the_image() -> None:
    assert region_around([], (80, 60)) == Box(0, 0, 80, 60)


def test_regions_of_one_aspect_are_of_one_shape() -> None:
    region = region_around([Box(10, 10, 13.3, 50)], (400, 400), aspect=1)
    assert region.x1 - region.x0 == region.y1 - region.y0


def test_names_look_different_as_long_as_there_are_looks() -> None:
    known = looks(map(str, range(len(BRIGHT) * len(DASHES))))
    assert len(set(known.values())) == len(known) == 24


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [(1, "box", "1 box"), (2, "box", "2 boxes"), (0, "class", "0 classes"), (1200, "image", "1,200 images")],
)
def test_a_number_has_its_noun(number: int, noun: str, told: str) -> None:
    assert count(number, noun) == told


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a template of its own that uses what pages share."""
    folder = tmp_path / f"package_of_{tmp_path.name}"  # a name of its own: Python remembers packages
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / PAGE).write_text(
        '{% extends "pages/page.html.j2" %}{% import "pages/parts.html.j2" as parts %}'
        "{% block title %}{{ name }}{% endblock %}"
        '{% block main %}{{ parts.masthead("kicker", name) }}{{ parts.heading("One.") }}{{ parts.grid(table) }}'
        '{{ parts.heading("Two.") }}{{ parts.figure(picture, "Three.") }}{{ parts.legend(looks) }}{% endblock %}',
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    return folder.name


def test_a_page_of_a_package_has_all_parts_and_needs_nothing(package: str) -> None:
    table = Table((Column("Class"), Column("n", "boxes", "Counts")), ((Cell("disc"), Cell("7", best=True)),))
    values = {"name": "<i>set</i>", "table": table, "picture": draw_boxes(GREY, [], alt="grey"), "looks": looks("ab")}
    page = render(package, PAGE, **values)
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("&lt;i&gt;set&lt;/i&gt;") == 2
    assert [f"Table {number}." in page for number in (1, 2, 3)] == [True, True, False]
    assert "Figure 1." in page
    assert 'alt="grey"' in page
    assert "<strong>7</strong>" in page
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert not re.search(r"<script|<link|url\(|@import", page)


def test_two_pages_are_numbered_from_one(package: str) -> None:
    values = {"name": "", "table": Table((Column("a"),), ()), "picture": Picture("", 1), "looks": {}}
    assert render(package, PAGE, **values) == render(package, PAGE, **values)


def test_a_missing_value_is_an_error(package: str) -> None:
    with pytest.raises(UndefinedError, match="table"):
        render(package, PAGE, name="")


def test_a_missing_template_is_an_error() -> None:
    with pytest.raises(TemplateNotFound):
        shared("none.html.j2")


def test_a_page_may_be_written_again_and_no_other_file_overwritten(tmp_path: Path, package: str) -> None:
    values = {"name": "", "table": Table((Column("a"),), ()), "picture": Picture("", 1), "looks": {}}
    path = tmp_path / "out.html"
    write_page(path, render(package, PAGE, **values))
    write_page(path, render(package, PAGE, **values | {"name": "again"}))
    assert "again" in path.read_text(encoding="utf-8")
    path.write_text("<html>mine", encoding="utf-8")
    with pytest.raises(InputError, match="no page of spinedet"):
        write_page(path, "")
    assert path.read_text(encoding="utf-8") == "<html>mine"


def test_a_drawing_is_an_svg_of_the_same_bytes() -> None:
    def draw() -> Picture:
        with style():
            figure = Figure(figsize=(3.55, 1))
            figure.subplots().plot([1, 2])
            return drawing(figure, "a line")

    assert draw() == draw()
    assert draw().uri.startswith("data:image/svg+xml;base64,")
    assert draw().width == 50
