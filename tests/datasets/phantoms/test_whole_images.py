"""What every phantom of whole images promises: one seed is one set of files, which agree with each other."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from typer.testing import CliRunner

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import read_voc
from spinedet.commands.phantoms import phantoms
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.phantoms.bone_age.dataset import BONE_AGE
from spinedet.datasets.phantoms.bone_age.plan import CLASSES as AGES
from spinedet.datasets.phantoms.fracture.dataset import FRACTURE
from spinedet.datasets.phantoms.knee_oa.dataset import KNEE_OA
from spinedet.datasets.phantoms.liver.dataset import LIVER
from spinedet.datasets.phantoms.meniscus.dataset import MENISCUS
from spinedet.datasets.phantoms.pfirrmann.dataset import PFIRRMANN
from spinedet.datasets.phantoms.shoulder.dataset import SHOULDER
from spinedet.datasets.phantoms.stenosis.dataset import STENOSIS
from spinedet.datasets.phantoms.thigh.dataset import THIGH
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom
from spinedet.datasets.tasks import read_task

Grey = NDArray[np.uint8]

Phantom = WholeImagePhantom[Any, Any, Any]


@dataclass(frozen=True)
class Case:
    """One phantom, and what its files must say.

    Attributes:
        phantom: Which.
        task: Name of the task whose classes it has.
        classes: Those, in order.
        patients: As many as have what is looked for.
        size: Width and height of an image.
        parts: Numbers of the region's parts.
        ill: Whether there must (or must not) be a lesion, by class; either where a class is missing.
    """

    phantom: Phantom
    task: str
    classes: list[str]
    patients: int
    size: tuple[int, int]
    parts: set[int]
    ill: dict[str, bool]


GRADES = {"0": False, "1": True, "2": True, "3": True, "4": True}

WORN = {"I": False, "II": False, "III": True, "IV": True, "V": True}
"""Whether a grade of Pfirrmann has a lesion."""

NARROW = {"none": False, "mild": True, "moderate": True, "severe": True}
"""Whether a grade of stenosis has one."""

CASES = (
    Case(THIGH, "thigh", ["other", "DMD", "BMD"], 4, (384, 256), {1, 2}, {}),
    Case(SHOULDER, "supraspinatus", list(GRADES), 4, (320, 320), {1}, GRADES),
    Case(
        LIVER,
        "liver",
        ["normal", "cirrhosis"],
        9,
        (320, 256),
        {1},
        {"normal": False, "cirrhosis": True},
    ),
    Case(FRACTURE, "fracture", ["normal", "abnormal"], 8, (176, 224), {1}, {"normal": False, "abnormal": True}),
    Case(KNEE_OA, "knee_oa", list(GRADES), 8, (192, 192), {1}, GRADES),
    Case(MENISCUS, "meniscus", ["intact", "tear"], 4, (208, 208), {1}, {"intact": False, "tear": True}),
    Case(PFIRRMANN, "pfirrmann", list(WORN), 4, (192, 192), {1}, WORN),
    Case(STENOSIS, "stenosis", list(NARROW), 4, (192, 192), {1}, NARROW),
    Case(BONE_AGE, "bone_age", list(AGES), 4, (192, 256), {1}, dict.fromkeys(AGES, False)),
)

each_phantom = pytest.mark.parametrize("phantom", [case.phantom for case in CASES], ids=lambda phantom: phantom.name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_image(path: Path) -> Grey:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.phantom.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def small(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few patients in one process."""
    return case.phantom.make(tmp_path_factory.mktemp("phantom") / "set", case.patients, seed=3, jobs=1)


def test_same_seed_gives_the_same_bytes_in_any_number_of_processes(case: Case, small: Path, tmp_path: Path) -> None:
    assert contents(case.phantom.make(tmp_path / "set", case.patients, seed=3, jobs=2)) == contents(small)


def test_a_larger_set_contains_the_smaller(case: Case, small: Path, tmp_path: Path) -> None:
    one = case.phantom.make(tmp_path / "set", patients=1, seed=3)
    names = [name for name in contents(one) if name.startswith(("JPEGImages", "Annotations", "Masks", "Regions"))]
    assert len(names) == 4 * len(case.phantom.plan_patient(3, 0, case.phantom.easy).images)
    assert all((one / name).read_bytes() == (small / name).read_bytes() for name in names)


def test_lists_annotations_and_images_agree_with_each_other(case: Case, small: Path) -> None:
    stems = (small / "ImageSets/Main/all.txt").read_text(encoding="utf-8").split()
    rows = list(csv.DictReader((small / "phantom.csv").read_text(encoding="utf-8").splitlines()))
    dataset = Dataset.load(small, classes=read_task(case.task).classes)
    assert [item.image for item in dataset.items] == stems == [row["image"] for row in rows]
    assert [item.patient for item in dataset.items] == [row["patient"] for row in rows]
    width, height = case.size
    for row in rows:
        found = read_voc(small / "Annotations" / f"{row['image']}.xml")
        assert [(thing.name, thing.box) for thing in found.objects] == [(row["label"], Box(0, 0, width, height))]
        assert read_image(small / "JPEGImages" / f"{row['image']}.jpg").shape == (height, width)


def test_masks_agree_with_the_classes_and_lie_in_their_region(case: Case, small: Path) -> None:
    rows = list(csv.DictReader((small / "phantom.csv").read_text(encoding="utf-8").splitlines()))
    for row in rows:
        lesion, region = (read_image(small / folder / f"{row['image']}.png") for folder in ("Masks", "Regions"))
        assert set(np.unique(lesion)) <= {0, 1}
        assert set(np.unique(region)) == {0} | case.parts
        assert bool(lesion.any()) == case.ill.get(row["label"], bool(lesion.any()))
        assert (region[lesion > 0] > 0).all()
    assert case.ill.keys() <= set(case.classes)


def test_the_card_says_that_the_set_is_synthetic(case: Case, tmp_path: Path) -> None:
    folder = case.phantom.make(tmp_path / "set", 1, 7, hard=True)
    card = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    assert card["classes"] == case.classes == list(case.phantom.classes)
    assert "synthetic" in card["source"]
    assert card["source"].endswith(f"spinedet phantom {case.phantom.name} --patients 1 --seed 7 --hard")


def test_the_command_makes_the_set_and_counts_it(case: Case, tmp_path: Path) -> None:
    words = [case.phantom.name, "--out", str(tmp_path / "set"), "--patients", "2", "--seed", "3", "--hard"]
    ran = CliRunner().invoke(phantoms, words)
    assert ran.exit_code == 0, ran.output
    images = sum(len(case.phantom.plan_patient(3, number, case.phantom.hard).images) for number in range(2))
    assert f"{images} images of 2 patients" in " ".join(ran.output.split())


@each_phantom
def test_an_image_does_not_depend_on_what_was_drawn_before(phantom: Phantom) -> None:
    number = next(number for number in range(50) if len(phantom.plan_patient(3, number, phantom.easy).images) > 1)
    patient = phantom.make_patient(3, number, phantom.easy)
    first = phantom.render_image(patient, 1)
    other = phantom.render_image(patient, 0)
    assert (phantom.render_image(patient, 1).pixels == first.pixels).all()
    assert (other.pixels != first.pixels).any()


@each_phantom
def test_another_seed_and_the_hard_setting_give_other_images(phantom: Phantom) -> None:
    drawn = ((3, phantom.easy), (4, phantom.easy), (3, phantom.hard))
    images = [phantom.render_image(phantom.make_patient(seed, 0, setting), 0) for seed, setting in drawn]
    assert len({image.pixels.tobytes() for image in images}) == 3


@each_phantom
def test_an_empty_folder_is_taken_and_progress_is_told(phantom: Phantom, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    (tmp_path / "set").mkdir()
    phantom.make(tmp_path / "set", patients=2, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    assert (tmp_path / "set/phantom.csv").is_file()


@each_phantom
@pytest.mark.parametrize(("patients", "seed", "words"), [(0, 0, "patients"), (10_000, 0, "patients"), (1, -1, "seed")])
def test_impossible_numbers_are_refused(phantom: Phantom, tmp_path: Path, patients: int, seed: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        phantom.make(tmp_path / "set", patients, seed)
    assert list(tmp_path.iterdir()) == []
