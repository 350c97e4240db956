"""Label images drawn by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.convert.masks import read_masks, write_masks
from spinedet.datasets.dataset import Dataset, Item

Lay = Callable[..., Path]
Brought = Callable[..., tuple[object, Any]]

DRAWN = """
.......
.11..2.
..11.2.
.....2.
1......
"""


def mask(text: str = DRAWN, dtype: type = np.uint8) -> NDArray[Any]:
    """Pixels of a drawing; a dot is 0."""
    return np.array([[int(letter) for letter in row.replace(".", "0")] for row in text.split()], dtype)


def save(path: Path, pixels: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".png", pixels)
    assert done
    path.write_bytes(data.tobytes())


def test_components_of_eight_neighbours_are_boxes(lay: Lay, brought: Brought) -> None:
    """The two bars of 1 touch at a corner and are one object; the lone pixel is another."""
    source = lay({"classes.txt": "disc\nbone\n"}, {"images/a.png": (7, 5)})
    save(source / "masks" / "a.png", mask())
    boxes, report = brought(read_masks(source))
    assert boxes == {"a": [("disc", (1, 1, 4, 3)), ("disc", (0, 4, 1, 5)), ("bone", (5, 1, 6, 4))]}
    assert report.lines() == ["1 images, 3 boxes: 2 disc, 1 bone"]


def test_small_components_are_left_out_and_named(lay: Lay, brought: Brought) -> None:
    source = lay({"classes.txt": "disc\nbone\n"}, {"images/a.png": (7, 5)})
    save(source / "masks" / "a.png", mask())
    boxes, report = brought(read_masks(source, smallest_area=4))
    assert boxes == {"a": [("disc", (1, 1, 4, 3))]}
    assert report.lines()[1:] == [
        "left out: components of less than 4 pixels: 2 (a.png, value 1 at 0 4, a.png, value 2 at 5 1)"
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_table_gives_any_value_a_class(lay: Lay, brought: Brought, dtype: type) -> None:
    source = lay({"classes.csv": "value;class\n255;bone\n100;disc\n"}, {"images/a.png": (7, 5)})
    save(source / "a.png", np.choose(mask(), [0, 100, 255]).astype(dtype))
    boxes, report = brought(read_masks(source, source / "images"))
    assert boxes == {"a": [("disc", (1, 1, 4, 3)), ("disc", (0, 4, 1, 5)), ("bone", (5, 1, 6, 4))]}
    assert list(report.boxes) == ["bone", "disc"]


def test_the_number_of_a_palette_counts_not_its_colour(lay: Lay, brought: Brought) -> None:
    source = lay({}, {"images/a.png": (7, 5)})
    picture = Picture.fromarray(mask()).convert("P")
    picture.putdata(mask().flatten().tolist())
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    (source / "masks").mkdir()
    picture.save(source / "masks" / "a.png")
    boxes, _ = brought(read_masks(source, classes=["disc", "bone"]))
    assert boxes == {"a": [("disc", (1, 1, 4, 3)), ("disc", (0, 4, 1, 5)), ("bone", (5, 1, 6, 4))]}


@pytest.mark.parametrize(
    ("pixels", "files", "told"),
    [
        (mask(), {}, "Nobody knows the classes of these masks."),
        (mask(), {"classes.txt": "disc\n"}, "Values of a mask have no class."),
        (mask(), {"classes.csv": "value,class\n1,disc\n1,bone\n"}, "A value has no class, or two."),
        (mask(), {"classes.csv": "value,class\n0,disc\n"}, "This is no value of a mask."),
        (mask(), {"classes.csv": "number,class\n0,disc\n"}, "The columns are wrong."),
        (np.dstack([mask()] * 3), {"classes.txt": "disc\nbone\n"}, "A mask has colours."),
        (mask()[:4], {"classes.txt": "disc\nbone\n"}, "An image has another size than its annotation says."),
    ],
)
def test_a_wrong_mask_is_refused(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, pixels: NDArray[Any], files: dict[str, str], told: str
) -> None:
    source = lay(files, {"images/a.png": (7, 5)})
    save(source / "masks" / "a.png", pixels)
    assert str(refused(lambda: import_dataset(read_masks(source), tmp_path / "out"))).startswith(told)


def test_a_damaged_mask_and_none_are_refused(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({"classes.txt": "disc\nbone\n"}, {"images/a.png": (7, 5)})
    (source / "masks").mkdir()
    assert str(refused(lambda: read_masks(source))).startswith("There are no masks.")
    save(source / "masks" / "a.png", mask())
    whole = (source / "masks" / "a.png").read_bytes()
    (source / "masks" / "a.png").write_bytes(whole[:45])
    assert "damaged" in str(refused(lambda: read_masks(source)))
    (source / "masks" / "a.png").write_bytes(b"GIF")
    assert "damaged" in str(refused(lambda: read_masks(source)))


def dataset(*boxes: tuple[str, Box, bool]) -> Dataset:
    objects = tuple(VocObject(name, box, hard) for name, box, hard in boxes)
    return Dataset(Path("memory"), Card(), ("disc", "bone"), (Item("a", None, Annotation("", 20, 10, objects)),))


def test_a_difficult_object_has_a_value_of_its_own(tmp_path: Path) -> None:
    write_masks(dataset(("disc", Box(0, 0, 2, 2), False), ("disc", Box(2, 2, 4.4, 3.6), True)), tmp_path)
    assert (tmp_path / "classes.csv").read_text(encoding="utf-8") == (
        "value,class,difficult\n1,disc,0\n2,bone,0\n3,disc,1\n"
    )
    drawn = cv2.imdecode(np.fromfile(tmp_path / "masks" / "a.png", np.uint8), cv2.IMREAD_UNCHANGED)
    assert drawn is not None
    assert (drawn.shape, drawn.dtype) == ((10, 20), np.uint8)
    assert drawn[:5, :5].tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 3, 3, 0], [0, 0, 3, 3, 0], [0] * 5]


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (("disc", Box(3, 0, 5, 2), False), True),
        (("disc", Box(2, 0, 5, 2), False), False),
        (("disc", Box(2, 2, 5, 4), False), False),
        (("bone", Box(2, 0, 5, 2), False), True),
        (("disc", Box(2, 0, 5, 2), True), True),
        (("bone", Box(1, 1, 5, 5), False), False),
    ],
)
def test_what_could_not_be_told_apart_again_is_refused(
    tmp_path: Path, other: tuple[str, Box, bool], fits: bool
) -> None:
    """Beside the disc 0 0 2 2: a gap, a border, a corner, another class, a difficult one, an overlap."""
    drawn = dataset(("disc", Box(0, 0, 2, 2), False), other)
    if fits:
        write_masks(drawn, tmp_path / "out")
        assert (tmp_path / "out" / "masks" / "a.png").is_file()
    else:
        with pytest.raises(Exception, match="1 images: a"):
            write_masks(drawn, tmp_path / "out")
        assert not (tmp_path / "out").exists()
