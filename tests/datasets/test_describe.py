"""The page about a dataset: its figures by hand, its examples by reason, and odd datasets."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Bitmap

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.describe import describe, examples, tables, with_pictures
from spinedet.datasets.describe.census import Census, hands, unlabelled
from spinedet.datasets.describe.words import figure, per_cent, spread
from spinedet.datasets.pages import Table

MakeDataset = Callable[..., Path]

LIMIT = 5_000_000
"""Bytes of a page."""


def words(page: str) -> str:
    """What a page says, without tags and pictures."""
    body = page[page.index("<main>") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))


def plain(text: str) -> str:
    """A text as it is typed."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MULTIPLICATION SIGN}", "x")


def pictures(page: str) -> int:
    return page.count("data:image/jpeg")


def made(rows: dict[str, list[tuple[str, Box]]], classes: tuple[str, ...], patients: dict[str, str]) -> Dataset:
    """A dataset in memory, 100 x 50 pixels each image, without files."""
    items = tuple(
        Item(
            image,
            None,
            Annotation(f"{image}.png", 100, 50, tuple(VocObject(name, box) for name, box in boxes)),
            patients.get(image),
        )
        for image, boxes in sorted(rows.items())
    )
    return Dataset(Path("nowhere"), Card(), classes, items)


@pytest.fixture
def small() -> Dataset:
    """Three images of two patients: discs of 10 x 5, 20 x 5 and 40 x 5, one vertebra, nothing on the last image."""
    rows = {
        "a1": [("disc", Box(0, 0, 10, 5)), ("disc", Box(0, 10, 20, 15)), ("vertebra", Box(50, 20, 70, 40))],
        "a2": [("disc", Box(60, 40, 100, 45))],
        "b1": [],
    }
    return made(rows, ("disc", "vertebra", "tumour"), {"a1": "ann", "a2": "ann", "b1": "bob"})


def cells(table: Table) -> list[list[str]]:
    return [[" ".join(filter(None, (cell.text, cell.small))) for cell in row] for row in table.rows]


def test_the_census_counts_boxes_images_and_patients(small: Dataset) -> None:
    census = Census.of(small)
    assert census.boxes_of.tolist() == [3, 1, 0]
    assert census.images_of.tolist() == [2, 1, 0]
    assert census.patients_of.tolist() == [1, 1, 0]
    assert census.per_image.tolist() == [3, 1, 0]
    assert census.by_patient.tolist() == [[3, 1, 0], [0, 0, 0]]
    assert census.images_by_patient.tolist() == [2, 1]


def test_the_census_measures_boxes(small: Dataset) -> None:
    census = Census.of(small)
    assert census.sides.tolist() == [[10, 5], [20, 5], [20, 20], [40, 5]]
    assert census.share.tolist() == [1, 2, 8, 4]  # of 5000 square pixels
    assert census.aspect.tolist() == [2, 4, 1, 8]
    assert census.centre[2].tolist() == [0.6, 0.6]


def test_an_image_of_nobody_counts_for_no_patient(small: Dataset) -> None:
    items = (replace(small.items[0], patient=None), *small.items[1:])
    census = Census.of(replace(small, items=items))
    assert census.patients_of.tolist() == [1, 0, 0]
    assert census.by_patient.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_the_table_of_classes_prints_the_counts(small: Dataset) -> None:
    rows = cells(tables.classes(Census.of(small)))
    assert [row[0] for row in rows] == ["disc", "vertebra", "tumour"]
    assert [row[1].split()[0] for row in rows] == ["3", "1", "0"]
    assert rows[0][4] == "1.5 (1\N{EN DASH}2)"
    assert rows[2][4] == "\N{EN DASH}"


def test_the_table_of_sizes_prints_quartiles(small: Dataset) -> None:
    """Widths 10, 20, 40: quartiles 15 and 30. A class without a box has no row."""
    rows = cells(tables.measures(Census.of(small)))
    assert [row[0] for row in rows] == ["disc 3", "vertebra 1"]
    assert rows[0][1] == "20 15\N{EN DASH}30"
    assert [plain(row) for row in rows[0][5:]] == ["10 x 5", "40 x 5"]


def test_patients_with_few_boxes_are_summed_up() -> None:
    box = [("disc", Box(0, 0, 5, 5))]
    number = tables.MOST_PATIENTS + 3
    many = made(
        {f"i{place:02}": box for place in range(number)}, ("disc",), {f"i{n:02}": f"p{n:02}" for n in range(number)}
    )
    rows = cells(tables.patients(Census.of(many)))
    assert len(rows) == tables.MOST_PATIENTS + 1
    assert rows[-1] == ["3 other patients together", "3", "3", "3"]


def test_rare_classes_share_a_column() -> None:
    names = tuple(f"c{number}" for number in range(8))
    rows = {"a": [(name, Box(0, 0, 5, 5)) for name in names]}
    table = tables.patients(Census.of(made(rows, names, {"a": "ann"})))
    assert [column.name for column in table.columns] == ["Patient", "Images", "Boxes", *names[:5], "others"]
    assert cells(table) == [["ann", "1", "8", "1", "1", "1", "1", "1", "3"]]


def test_typical_boxes_are_nearest_to_the_median(small: Dataset) -> None:
    """Among widths of 10, 20 and 40 the middle one is typical; of one patient, so the others follow."""
    census = Census.of(small)
    assert [census.sides[box][0] for box in examples.typical(census)["disc"]] == [20, 10, 40]
    assert "tumour" not in examples.typical(census)


def test_typical_boxes_are_of_different_patients_first() -> None:
    rows = {name: [("disc", Box(0, 0, 10, 10))] * 3 for name in ("a", "b")}
    census = Census.of(made(rows, ("disc",), {"a": "ann", "b": "bob"}))
    chosen = [census.dataset.items[census.item[box]].image for box in examples.typical(census)["disc"]]
    assert chosen == ["a", "b", "a", "a"]


def test_odd_boxes_are_told_with_their_ratio() -> None:
    """Disc areas 50, 100, 200: the largest is twice the median, of the shape 8 instead of 4."""
    rows = {f"i{number}": [("disc", Box(0, 0, 20, 5))] for number in range(5)}
    rows |= {"long": [("disc", Box(0, 0, 40, 5))], "short": [("disc", Box(0, 0, 5, 5))]}
    census = Census.of(made(rows, ("disc",), {}))

    def told(one: examples.Found) -> tuple[str, str]:
        return census.dataset.items[census.item[one.box]].image, plain(one.words)

    assert {kind: [told(one) for one in found] for kind, found in examples.odd(census).items()} == {
        "Largest for their class": [("long", "disc: 2 x median area")],
        "Smallest for their class": [("short", "disc: 0.25 x median area")],
        "Oddest shape for their class": [("short", "disc: aspect 1, median 4"), ("long", "disc: aspect 8, median 4")],
    }


def test_boxes_that_are_all_alike_are_not_odd() -> None:
    rows = {f"i{number}": [("disc", Box(0, 0, 20, 5))] for number in range(5)}
    assert examples.odd(Census.of(made(rows, ("disc",), {}))) == {}


def test_one_odd_box_a_patient() -> None:
    rows = {f"i{number}": [("disc", Box(0, 0, 10, 10))] for number in range(9)}
    rows |= {"x": [("disc", Box(0, 0, 40, 40))] * 3, "y": [("disc", Box(0, 0, 30, 30))]}
    patients = {image: "same" if image in "xy" else image for image in rows}
    census = Census.of(made(rows, ("disc",), patients))
    assert [census.item[one.box] for one in examples.odd(census)["Largest for their class"]] == [9]


def test_the_rarest_class_comes_with_all_its_images(small: Dataset) -> None:
    assert examples.rare(Census.of(small)) == {"vertebra": [0], "disc": [0, 1]}


def test_a_frequent_class_is_not_rare() -> None:
    rows = {f"i{number:02}": [("disc", Box(0, 0, 5, 5)), ("vertebra", Box(5, 5, 9, 9))] for number in range(13)}
    assert examples.rare(Census.of(made(rows, ("disc", "vertebra"), {}))) == {}


def test_images_with_the_most_boxes_come_first(small: Dataset) -> None:
    assert examples.crowded(Census.of(small)) == [0]


def test_a_page_says_what_the_dataset_is(small: Dataset) -> None:
    page = words(describe(small))
    assert "3 images of 2 patients, 4 boxes, 3 classes." in page
    assert "Most frequent: disc, 75.0" in page
    assert "1 annotated image without a box." in page
    assert "Without a box: tumour." in page
    assert "Fewer than 5 patients" in page
    assert "holds images of patients" not in page


def test_a_page_with_images_warns_of_them(two_classes: Path) -> None:
    dataset = Dataset.load(two_classes)
    page = describe(dataset)
    assert "This page holds images of patients." in words(page)
    assert pictures(page) > 8
    without = describe(dataset, pictures=False)
    assert pictures(without) == 0
    assert "holds images" not in words(without)


def test_a_page_needs_nothing_from_outside(two_classes: Path) -> None:
    page = describe(Dataset.load(two_classes))
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert not re.search(r"<script|<link|url\(|@import", page)
    for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page):
        assert re.findall(r'href="(?!#|data:)[^"]*"', base64.b64decode(data).decode()) == []


def test_the_same_dataset_gives_the_same_page(two_classes: Path) -> None:
    assert describe(Dataset.load(two_classes)) == describe(Dataset.load(two_classes))


def test_names_are_escaped(small: Dataset) -> None:
    page = describe(replace(small, classes=("disc", "vertebra", "<b>$x$</b>"), card=Card(name="<i>set</i>")))
    assert "<b>$x$" not in page
    assert "<i>set" not in page
    assert "&lt;i&gt;set" in page


def test_a_dataset_without_patients_has_no_column_of_them(small: Dataset) -> None:
    page = words(describe(replace(small, items=tuple(replace(item, patient=None) for item in small.items))))
    assert "No patients.csv" in page
    assert "boxes a patient" not in page


def test_a_dataset_without_boxes_has_a_page() -> None:
    bare = made({"a": [], "b": []}, ("disc",), {})
    page = describe(bare)
    assert "No box has been drawn yet." in words(page)
    assert "Sizes and places" not in page


def test_one_image_with_one_box_has_a_page(make_dataset: MakeDataset) -> None:
    folder = make_dataset({"a": ("ann", [("disc", 1, 1, 20, 10)])})
    page = describe(Dataset.load(folder))
    assert "Every box is of one class, disc: 1 an image." in words(page)
    assert pictures(page) == 1


def test_the_largest_page_stays_under_its_limit(make_dataset: MakeDataset) -> None:
    """Thirty classes, three of them rare, on images of noise, which compress worst."""
    generator = np.random.default_rng(0)
    names = [f"class {number}" for number in range(30)]
    rows = {
        f"i{image:02}": (f"p{image}", [(name, *corners(generator)) for name in names[3 * (image >= 12) :]])
        for image in range(24)
    }
    folder = make_dataset(rows)
    for path in (folder / "JPEGImages").iterdir():
        Bitmap.fromarray(generator.integers(0, 256, (48, 64, 3), np.uint8)).save(path)
    page = describe(Dataset.load(folder))
    assert pictures(page) == 30 + 3 * 12 + 4 * 4
    assert len(page.encode()) < LIMIT


def corners(generator: np.random.Generator) -> tuple[int, int, int, int]:
    """A box in a VOC file of 64 x 48 pixels."""
    x, y = generator.integers(1, 30), generator.integers(1, 20)
    return int(x), int(y), int(x + generator.integers(2, 30)), int(y + generator.integers(2, 25))


def test_what_is_missing_or_damaged_is_told_and_left_out(two_classes: Path) -> None:
    """One image is gone, one is damaged, one has no annotation; the others are shown."""
    (two_classes / "JPEGImages" / "p0_1.png").unlink()
    (two_classes / "JPEGImages" / "p1_1.png").write_bytes(b"no image")
    (two_classes / "Annotations" / "p2_1.xml").unlink()
    dataset = with_pictures(Dataset.load(two_classes, with_images=False))
    assert unlabelled(dataset) == 1
    page = words(describe(dataset))
    assert "1 image of the folder not annotated or not chosen" in page
    assert "1 annotation without an image" in page
    assert "PNG, 8-bit grey (9); cannot be read (1)" in page
    assert "p0_2" in page
    assert not re.search(r"(p0_1|p1_1) patient", page)


def test_a_dataset_without_images_tells_its_odd_boxes_in_words(make_dataset: MakeDataset) -> None:
    rows = {f"i{number}": (f"p{number}", [("disc", 1, 1, 20, 10)]) for number in range(5)}
    rows["odd"] = ("pod", [("disc", 1, 1, 60, 40)])
    folder = make_dataset(rows, images=False)
    page = words(describe(with_pictures(Dataset.load(folder, with_images=False))))
    assert "odd pod disc" in page
    assert "disc 60 x 40" in plain(page)


@pytest.fixture
def drawn_twice(two_classes: Path) -> Path:
    """Ann drew two images, one of them without a box; Bo drew one of these, and misspelt a class."""
    text = (two_classes / "Annotations" / "p0_1.xml").read_text(encoding="utf-8")
    nothing = re.sub(r"(?s)<object>.*</object>", "", text)
    for name, drawn in {"ann": {"p0_1": text, "p0_2": nothing}, "bo": {"p0_1": text.replace("disc", "dics")}}.items():
        folder = two_classes / "annotators" / name
        folder.mkdir(parents=True)
        for image, one in drawn.items():
            (folder / f"{image}.xml").write_text(one, encoding="utf-8")
    return two_classes


def test_annotators_are_counted(drawn_twice: Path) -> None:
    dataset = Dataset.load(drawn_twice)
    found = hands(drawn_twice)
    assert [(hand.name, len(hand.images), hand.empty, dict(hand.counts)) for hand in found] == [
        ("ann", 2, 1, {"disc": 1, "vertebra": 1}),
        ("bo", 1, 0, {"dics": 1, "vertebra": 1}),
    ]
    assert cells(tables.annotators(found)) == [
        ["ann", "2", "1", "2", "1", "1", "0"],
        ["bo", "1", "1", "2", "2", "0", "0"],
    ]
    by_class = tables.annotators_by_class(Census.of(dataset), found)
    assert [column.name for column in by_class.columns] == ["Annotator", "disc", "vertebra", "others"]
    assert cells(by_class) == [["ann", "1", "1", "0"], ["bo", "0", "1", "1"]]
    assert "What each annotator has drawn." in words(describe(dataset))


def test_a_damaged_file_of_an_annotator_is_named(drawn_twice: Path) -> None:
    (drawn_twice / "annotators" / "bo" / "p0_1.xml").write_text("<annotation>", encoding="utf-8")
    with pytest.raises(InputError, match=r"bo.p0_1\.xml"):
        describe(Dataset.load(drawn_twice))


@pytest.mark.parametrize(
    ("value", "told"), [(0.3856, "0.386"), (37.0, "37"), (29.5, "29.5"), (1234.4, "1,234"), (np.nan, "\N{EN DASH}")]
)
def test_figures_have_three_digits(value: float, told: str) -> None:
    assert figure(value) == told


def test_a_share_that_is_not_nothing_is_not_printed_as_nothing() -> None:
    told = [per_cent(part, 10_000).replace("\N{NARROW NO-BREAK SPACE}", "") for part in (0, 1, 250, 10_000)]
    assert told == ["0%", "<0.1%", "2.5%", "100.0%"]


def test_a_spread_without_range_is_one_figure() -> None:
    assert [spread(np.array(values)) for values in ([], [3, 3], [1, 2, 9])] == ["\N{EN DASH}", "3", "2 (1\N{EN DASH}9)"]


def test_the_real_set_has_a_page(lumbar_mri: Path) -> None:
    page = describe(Dataset.load(lumbar_mri))
    assert len(page.encode()) < LIMIT
    assert pictures(page) == 8 + 4 * 4
