"""A small clean dataset, and every fault that a rule knows, put into it one at a time.

`FAULTS["B101"](data)` puts into it what rule B101 finds, and nothing else; it returns what the check is asked for.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spinedet.datasets.lint.checking import Asked, Report, lint

IMAGES = [f"p{patient}_{number}" for patient in range(8) for number in (1, 2)]

CORNERS = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"

XML = """<annotation>
<filename>{image}.png</filename>
<size><width>64</width><height>48</height><depth>1</depth></size>
{objects}
</annotation>
"""
"""One object a line, the first on line 4."""


def thing(name: str, *corners: int, more: str = "") -> str:
    """An `<object>` on one line, with other elements if wanted."""
    return f"<object><name>{name}</name>{CORNERS.format(*corners)}{more}</object>"


@dataclass(frozen=True)
class Data:
    """A dataset folder that a test may spoil."""

    root: Path

    thing = staticmethod(thing)

    def xml(self, image: str) -> Path:
        return self.root / "Annotations" / f"{image}.xml"

    def image(self, image: str) -> Path:
        return self.root / "JPEGImages" / f"{image}.png"

    @property
    def patients(self) -> Path:
        return self.root / "patients.csv"

    def change(self, path: Path, pattern: str, new: str) -> None:
        """Replace the first place that fits."""
        text, times = re.subn(pattern, lambda match: new, path.read_text("utf-8"), count=1, flags=re.DOTALL)
        assert times == 1
        path.write_text(text, "utf-8")

    def add(self, image: str, *objects: str) -> None:
        """Draw more boxes."""
        self.change(self.xml(image), "\n</annotation>", "".join(f"\n{one}" for one in (*objects, "</annotation>")))

    def check(self, **asked: Any) -> Report:
        return lint(self.root, Asked(**asked))

    def found(self, **asked: Any) -> list[tuple[str, str]]:
        """Rule and place of every finding."""
        return [(finding.rule, finding.where) for finding in self.check(**asked).findings]


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Sixteen images of eight patients, two discs and a bone on each, all images different."""
    made = Data(tmp_path / "set")
    (made.root / "Annotations").mkdir(parents=True)
    (made.root / "JPEGImages").mkdir()
    draws = np.random.default_rng(0)
    for number, image in enumerate(IMAGES):
        x, y = number % 3, number % 4
        discs = [thing("disc", 5 + x, top + y, 24 + x, top + 9 + y) for top in (3, 30)]
        objects = [*discs, thing("bone", 30 + x, 15 + y, 49 + x, 34 + y)]
        made.xml(image).write_text(XML.format(image=image, objects="\n".join(objects)), "utf-8")
        pixels = draws.integers(0, 256, (48, 64), np.uint8)
        made.image(image).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    made.patients.write_text("image,patient\n" + "".join(f"{name},{name[:2]}\n" for name in IMAGES), "utf-8")
    (made.root / "dataset.yaml").write_text("classes: [disc, bone]\n", "utf-8")
    return made


Fault = Callable[[Data], dict[str, Any] | None]

DISC, BONE = thing("disc", 5, 3, 24, 12), thing("bone", 30, 15, 49, 34)
"""As they stand in image p0_1."""


def damaged_xml(data: Data) -> None:
    data.change(data.xml("p0_1"), "</annotation>", "")


def wrong_card(data: Data) -> None:
    (data.root / "dataset.yaml").write_text("klasses: [disc]\n", "utf-8")


def utf_16(data: Data) -> None:
    data.xml("p0_1").write_bytes(data.xml("p0_1").read_text("utf-8").encode("utf-16"))


def no_size(data: Data) -> None:
    data.change(data.xml("p0_1"), "<width>64", "<width>0")


def same_box_twice(data: Data) -> None:
    data.add("p0_1", BONE)


def nearly_the_same_box(data: Data) -> None:
    data.add("p0_1", thing("bone", 30, 15, 49, 33))


def two_classes_in_one_place(data: Data) -> None:
    data.add("p0_1", thing("bone", 5, 3, 24, 12))


def a_speck(data: Data) -> None:
    data.add("p0_1", thing("bone", 40, 2, 42, 20))


def one_pixel_outside(data: Data) -> None:
    data.add("p0_1", thing("bone", 46, 1, 65, 14))


def corners_swapped(data: Data) -> None:
    data.add("p0_1", thing("bone", 60, 1, 45, 14))


def rotated(data: Data) -> None:
    turned = "<cx>50</cx><cy>8</cy><w>10</w><h>6</h><angle>0.5</angle>"
    data.add("p0_1", f"<object><name>bone</name><robndbox>{turned}</robndbox></object>")


def polygon(data: Data) -> None:
    points = "<x1>45</x1><y1>2</y1><x2>60</x2><y2>2</y2><x3>50</x3><y3>14</y3>"
    data.add("p0_1", f"<object><name>bone</name><polygon>{points}</polygon></object>")


def far_too_high(data: Data) -> None:
    data.change(data.xml("p0_1"), "<ymin>3</ymin><xmax>24</xmax><ymax>12", "<ymin>3</ymin><xmax>24</xmax><ymax>44")


def in_the_wrong_corner(data: Data) -> None:
    data.change(data.xml("p0_1"), re.escape(DISC), thing("disc", 44, 3, 63, 12))


def unknown_class(data: Data) -> None:
    data.change(data.xml("p0_1"), "<name>bone", "<name>sacrum")


def other_case(data: Data) -> None:
    data.change(data.xml("p0_1"), "<name>disc", "<name>DISC")


def two_spellings(data: Data) -> None:
    (data.root / "dataset.yaml").unlink()
    for image in IMAGES[:4]:
        data.change(data.xml(image), "<name>disc", "<name>Di sc")


def misspelt(data: Data) -> None:
    (data.root / "dataset.yaml").unlink()
    for image in IMAGES[::8]:
        data.change(data.xml(image), "<name>disc", "<name>dsic")


def never_drawn(data: Data) -> None:
    (data.root / "dataset.yaml").write_text("classes: [disc, bone, sacrum]\n", "utf-8")


def without_bones(data: Data, images: list[str]) -> None:
    for image in images:
        data.change(data.xml(image), "<object><name>bone.*?</object>", "")


def few_patients(data: Data) -> dict[str, Any]:
    without_bones(data, IMAGES[6:])
    return {"folds": 4}


def one_patient(data: Data) -> None:
    without_bones(data, IMAGES[2:])


def damaged_image(data: Data) -> None:
    data.image("p0_1").write_bytes(data.image("p0_1").read_bytes()[:60])


def other_size(data: Data) -> None:
    data.change(data.xml("p0_1"), "<width>64", "<width>100")


def slightly_other_size(data: Data) -> None:
    data.change(data.xml("p0_1"), "<width>64", "<width>65")


def name_of_another_image(data: Data) -> None:
    data.change(data.xml("p0_1"), "p0_1.png", "p5_2.png")


def name_of_no_image(data: Data) -> None:
    data.change(data.xml("p0_1"), "p0_1.png", r"C:\\scans\\IM0001.jpg")


def no_image(data: Data) -> None:
    data.image("p0_1").unlink()


def no_annotation(data: Data) -> None:
    data.xml("p0_1").unlink()


def nothing_annotated(data: Data) -> None:
    shutil.rmtree(data.root / "Annotations")


def two_image_files(data: Data) -> None:
    shutil.copy(data.image("p0_1"), data.image("p0_1").with_suffix(".tif"))


def a_strange_file(data: Data) -> None:
    (data.root / "JPEGImages" / "p0_1.dcm").write_bytes(b"DICM")


def nothing_drawn(data: Data) -> None:
    data.change(data.xml("p0_1"), "<object>.*</object>", "")


def same_pixels_of_one_patient(data: Data) -> None:
    shutil.copy(data.image("p0_1"), data.image("p0_2"))


def same_pixels_of_two_patients(data: Data) -> None:
    shutil.copy(data.image("p0_1"), data.image("p5_1"))


def no_patients(data: Data) -> None:
    data.patients.unlink()


def wrong_columns(data: Data) -> None:
    data.change(data.patients, "image,patient", "file,person")


def half_a_row(data: Data) -> None:
    data.change(data.patients, "p0_1,p0", "p0_1,")


def no_row(data: Data) -> None:
    data.change(data.patients, "p0_1,p0\n", "")


def two_rows(data: Data) -> None:
    data.change(data.patients, "p0_1,p0\n", "p0_1,p0\np0_1,p0\n")


def a_row_for_nothing(data: Data) -> None:
    data.change(data.patients, "p0_1,p0\n", "p0_1,p0\nghost,p0\n")


def more_folds_than_patients(data: Data) -> dict[str, Any]:
    return {"folds": 9}


def annotators_with_one_name(data: Data) -> None:
    for name in ("Anna", "\N{FULLWIDTH LATIN CAPITAL LETTER A}nna"):
        (data.root / "annotators" / name).mkdir(parents=True)


def an_annotators_ghost(data: Data) -> None:
    (data.root / "annotators" / "Anna").mkdir(parents=True)
    shutil.copy(data.xml("p0_1"), data.root / "annotators" / "Anna" / "ghost.xml")


def a_leftover(data: Data) -> None:
    (data.root / "Annotations" / ".p0_1.xml.0123abcd.saving").write_bytes(b"<annotation>")


FAULTS: dict[str, Fault] = {
    "V001": damaged_xml,
    "V002": wrong_card,
    "V003": utf_16,
    "V004": no_size,
    "B101": same_box_twice,
    "B102": nearly_the_same_box,
    "B103": two_classes_in_one_place,
    "B104": a_speck,
    "B105": one_pixel_outside,
    "B106": corners_swapped,
    "B107": rotated,
    "B108": polygon,
    "B109": far_too_high,
    "B110": in_the_wrong_corner,
    "C201": unknown_class,
    "C202": other_case,
    "C203": two_spellings,
    "C204": misspelt,
    "C205": never_drawn,
    "C206": few_patients,
    "C207": one_patient,
    "I301": damaged_image,
    "I302": other_size,
    "I303": slightly_other_size,
    "I304": name_of_another_image,
    "I305": name_of_no_image,
    "I306": no_image,
    "I307": no_annotation,
    "I308": nothing_annotated,
    "I309": two_image_files,
    "I310": a_strange_file,
    "I311": nothing_drawn,
    "I312": same_pixels_of_one_patient,
    "P401": no_patients,
    "P402": wrong_columns,
    "P403": half_a_row,
    "P404": no_row,
    "P405": two_rows,
    "P406": a_row_for_nothing,
    "P407": more_folds_than_patients,
    "P408": same_pixels_of_two_patients,
    "S501": annotators_with_one_name,
    "S502": an_annotators_ghost,
    "S503": a_leftover,
}


@pytest.fixture(params=list(FAULTS))
def fault(request: pytest.FixtureRequest, data: Data) -> tuple[str, Report]:
    """The rule, and the report on the dataset that has this fault."""
    rule: str = request.param
    return rule, data.check(**(FAULTS[rule](data) or {}))


@pytest.fixture
def faults() -> dict[str, Fault]:
    return FAULTS
