"""The agreement page: its figures and words, nobody's markup, and nothing of the user's overwritten."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Agreement
from spinedet.benchmarks.agreement.measure import measure
from spinedet.benchmarks.agreement.page import write_report
from spinedet.benchmarks.agreement.panel import Panel, load_panel, load_reference
from spinedet.benchmarks.agreement.pictures import annotator_looks
from spinedet.benchmarks.agreement.tables import signed, three
from spinedet.datasets.dataset import Dataset

Draw = Callable[..., Dataset]
Make = Callable[..., Path]

DISC, LOWER, SLIP = ("disc", 5, 5, 24, 24), ("disc", 5, 8, 24, 27), ("<b>slip</b>", 30, 20, 49, 39)

OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def annotate(root: Path, name: str, rows: dict[str, list[tuple[str, int, int, int, int]]]) -> None:
    """Write the files of an annotator."""
    folder = root / "annotators" / name
    folder.mkdir(parents=True)
    size = "<size><width>64</width><height>48</height><depth>1</depth></size>"
    for image, boxes in rows.items():
        things = "".join(OBJECT.format(label.replace("<", "&lt;"), *corners) for label, *corners in boxes)
        text = f"<annotation><filename>{image}.png</filename>{size}{things}</annotation>"
        (folder / f"{image}.xml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(make_dataset: Make) -> Path:
    """Ten patients; Bob draws every disc 3 px lower and leaves out the slip of `i0`; `i9` he has not done."""
    root = make_dataset({f"i{n}": (f"P{n}", [DISC, SLIP]) for n in range(10)})
    annotate(root, "Ann", {f"i{n}": [DISC, SLIP] for n in range(10)})
    annotate(root, "Bob & Co", {f"i{n}": [LOWER, SLIP] if n else [LOWER] for n in range(9)})
    return root


def page(folder: Path, *, pictures: bool = True, resamples: int = 50) -> tuple[str, Agreement]:
    panel = load_panel(folder, ["Ann", "Bob & Co"], None, with_images=pictures)
    found = measure(panel, resamples=resamples)
    written = write_report(folder / "out" / "agreement.html", found, panel, pictures=pictures)
    return written.read_text(encoding="utf-8"), found


def test_the_page_says_what_was_measured(folder: Path) -> None:
    text, found = page(folder)
    whole = found.pairs[0].rows[0]
    assert (whole.f1.count, whole.f1.of) == (34, 35)
    assert "9 images of 9 patients" in text
    assert "97.1\N{NO-BREAK SPACE}%" in text
    assert "34 of 35" in text
    assert "1 image left out because not everybody has finished them: i9 (Bob &amp; Co)." in text
    assert "There are fewer than 10 patients" in text
    assert "Bob &amp; Co&#39;s top edge lies 1.6 px further down than Ann&#39;s" in text  # 9 of 17 pairs by 3 px


def test_names_and_classes_are_text(folder: Path) -> None:
    text, _ = page(folder)
    assert "<b>slip" not in text
    assert "&lt;b&gt;slip&lt;/b&gt;" in text
    assert "Bob & Co" not in text


def test_images_that_differ_most_are_shown_with_a_warning(folder: Path) -> None:
    """All nine differ; the one without the slip comes first."""
    text, _ = page(folder)
    assert len(re.findall(r"data:image/jpeg;base64,", text)) == 9
    assert text.index("<p>1. i0<") < text.index("<p>2. i1<")
    assert "This page holds images of patients." in text
    assert not re.search(r'(?:src|href)="http', text)


def test_without_pictures_there_is_a_table(folder: Path) -> None:
    text, _ = page(folder, pictures=False)
    assert "data:image/jpeg" not in text
    assert "This page holds images" not in text
    assert re.search(r">\s*i0\s*<small>P0</small>", text)


def test_no_resamples_is_said(folder: Path) -> None:
    assert "There are no resampled intervals" in page(folder, resamples=0)[0]


def test_one_class_without_patients(make_dataset: Make) -> None:
    root = make_dataset({"a": ("", [DISC]), "b": ("", [DISC])}, patients=False)
    for name in ("Ann", "Bob & Co"):
        annotate(root, name, {"a": [DISC], "b": [DISC]})
    text, found = page(root)
    assert found.resampled == "image"
    assert "does not say whose images these are" in text
    assert "kappa over boxes is then never above 0" in text
    assert "all alike: not defined" in text
    assert "None: every box has a partner of the same class on the very same edges." in text


def test_an_older_page_is_replaced_and_nothing_else(folder: Path) -> None:
    page(folder)
    page(folder)
    (folder / "out" / "agreement.html").write_text("<p>my own notes</p>", encoding="utf-8")
    with pytest.raises(InputError, match="no page of spinedet"):
        page(folder)
    assert (folder / "out" / "agreement.html").read_text(encoding="utf-8") == "<p>my own notes</p>"


def test_images_of_two_sizes_are_not_compared(folder: Path) -> None:
    """Somebody drew on a copy that was scaled."""
    path = folder / "annotators" / "Bob & Co" / "i3.xml"
    path.write_text(path.read_text(encoding="utf-8").replace("<width>64<", "<width>128<"), encoding="utf-8")
    with pytest.raises(InputError, match="another size: i3"):
        load_panel(folder, ["Ann", "Bob & Co"], None, with_images=False)


def test_the_reference_may_be_the_dataset_or_a_person(folder: Path) -> None:
    images = ["i0", "i1"]
    assert load_reference(folder, "Annotations", images, None).images == ("i0", "i1")
    assert len(load_reference(folder, "Bob & Co", images, None)) == 9
    with pytest.raises(InputError, match="has none of the images"):
        load_reference(folder, "Annotations", ["other"], None)
    with pytest.raises(InputError, match="no such annotator"):
        load_reference(folder, "Cid", images, None)


def test_nobody_drew_a_box(draw: Draw, tmp_path: Path) -> None:
    panel = Panel.of({name: draw({"a": []}) for name in ("Ann", "Bob")})
    path = write_report(tmp_path / "a.html", measure(panel, resamples=20), panel, pictures=False)
    assert "Nobody drew a box." in path.read_text(encoding="utf-8")


def test_annotators_differ_in_colour_and_dash() -> None:
    """Where boxes lie on each other, the lower one is seen through the gaps of the upper."""
    looks = annotator_looks(["A", "B", "C", "D"]).values()
    assert len({look.colour for look in looks}) == len({look.dash for look in looks}) == 4


def test_figures_have_a_true_minus_and_no_negative_zero() -> None:
    assert [signed(value) for value in (1.66, -0.04, 0.0, -2.0)] == ["+1.7", "0.0", "0.0", "\N{MINUS SIGN}2.0"]
    assert three(np.float64(-0.5)) == "\N{MINUS SIGN}0.500"
