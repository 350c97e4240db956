"""What is seen on the screen is what stands in the file."""

from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.labelimg.shapes import corners, drawn_box, drawn_object
from spinedet.annotations.voc import VocObject

WIDTH, HEIGHT = 64, 48
SIZE = (WIDTH, HEIGHT)
EDGE = st.floats(-100, 200)
POINT = st.tuples(EDGE, EDGE)


def test_corners_go_round_from_the_top_left() -> None:
    assert corners(Box(1, 2, 30, 40)) == [(1, 2), (30, 2), (30, 40), (1, 40)]


def test_a_box_that_nobody_moved_stays_as_it_was_read() -> None:
    """Fractions, pose and unknown elements too; a mark may change."""
    origin = VocObject("disc", Box(1.25, 2.5, 30.125, 40), pose="Left", truncated=True, extra=("<score>1</score>",))
    assert drawn_object(origin, "disc", corners(origin.box), False, SIZE) == origin
    renamed = drawn_object(origin, "vertebra", corners(origin.box), True, SIZE)
    assert (renamed.name, renamed.difficult, renamed.box) == ("vertebra", True, origin.box)
    assert renamed.extra == origin.extra


def test_a_box_that_was_moved_keeps_what_else_its_file_says() -> None:
    origin = VocObject("disc", Box(1.25, 2.5, 30.125, 40), pose="Left", extra=("<score>1</score>",))
    moved = drawn_object(origin, "disc", corners(Box(2.25, 2.5, 31.125, 40)), False, SIZE)
    assert moved == VocObject("disc", Box(2, 2, 31, 40), pose="Left", extra=("<score>1</score>",))


def test_a_new_box_is_on_pixel_borders() -> None:
    assert drawn_box(corners(Box(1.4, 2.6, 30.4, 40)), *SIZE) == Box(1, 3, 30, 40)


def test_a_box_at_the_border_is_truncated() -> None:
    """LabelImg's own rule."""
    boxes = [Box(5, 5, 64, 20), Box(0, 5, 20, 20), Box(5, 5, 20, 48), Box(5, 5, 20, 20)]
    assert [drawn_object(None, "disc", corners(box), False, SIZE).truncated for box in boxes] == [
        True,
        True,
        True,
        False,
    ]


@given(POINT, POINT)
def test_every_box_has_a_pixel_and_is_inside_the_image(one: tuple[float, float], other: tuple[float, float]) -> None:
    box = drawn_box([one, other], *SIZE)
    assert 0 <= box.x0 < box.x1 <= WIDTH
    assert 0 <= box.y0 < box.y1 <= HEIGHT


@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, WIDTH), st.integers(1, HEIGHT))
def test_a_box_on_pixel_borders_is_not_shifted(x: int, y: int, wide: int, high: int) -> None:
    box = Box(x, y, min(x + wide, WIDTH), min(y + high, HEIGHT))
    assert drawn_box(corners(box), *SIZE) == box
