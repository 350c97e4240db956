"""From whole images to a dataset of regions: what is kept, what is left out, and the way back."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.images import Pixels, read_pixels
from spinedet.datasets.regions.crops import read_regions
from spinedet.datasets.regions.detector import NOTHING, WHOLE_USED, Detector, Missing, Scored, detector_finder
from spinedet.datasets.regions.finding import Finding
from spinedet.datasets.regions.making import make_named_regions, make_regions

WIDTH, HEIGHT = 64, 48

DARK = 40
"""Images below this grey show nothing."""


@pytest.fixture
def whole(tmp_path: Path) -> Dataset:
    """Three patients with one image each, of one class; the image of the third is dark."""
    from spinedet.datasets.convert.labels import import_labels
    from spinedet.datasets.tasks import read_task

    for name, grey in (("a", 90), ("b", 120), ("c", 10)):
        pixels = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(np.uint8) // 8 + grey
        (tmp_path / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    table = tmp_path / "t.csv"
    table.write_text("image,patient,label,split\na,p1,cirrhosis,train\nb,p2,normal,test\nc,p3,normal,test\n", "utf-8")
    return Dataset.load(import_labels(table, tmp_path, read_task("liver"), tmp_path / "whole").out)


def detector(*found: Scored) -> Detector:
    """A model that finds the same boxes in every image that is not dark."""

    def detect(image: Pixels) -> Sequence[Scored]:
        return found if image.mean() >= DARK else []

    return detect


LIVER = Box(10, 8, 30, 28)


def test_lesions_are_cut_as_their_images_are(whole: Dataset, tmp_path: Path) -> None:
    """A lesion at columns 20 to 39 and rows 4 to 9; the crop begins at (8, 6). Image b has no mask, and gets none."""
    (whole.folder / "Masks").mkdir()
    lesion = np.zeros((HEIGHT, WIDTH), np.uint8)
    lesion[4:10, 20:40] = 1
    (whole.folder / "Masks" / "a.png").write_bytes(cv2.imencode(".png", lesion)[1].tobytes())
    make_regions(whole, detector_finder(detector((LIVER, 0.8))), tmp_path / "crops")
    (path,) = (tmp_path / "crops" / "Masks").iterdir()
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    assert (path.name, found.shape) == ("a.png", (24, 24))
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 3, 12, 23)
    assert set(np.unique(found).tolist()) == {0, 255}


def test_a_lesion_of_another_size_than_its_image_is_refused(whole: Dataset, tmp_path: Path) -> None:
    (whole.folder / "Masks").mkdir()
    (whole.folder / "Masks" / "a.png").write_bytes(cv2.imencode(".png", np.ones((9, 9), np.uint8))[1].tobytes())
    with pytest.raises(InputError, match="another size"):
        make_regions(whole, detector_finder(detector((LIVER, 0.8))), tmp_path / "crops")
    assert not (tmp_path / "crops").exists()


def test_class_patient_and_image_sets_come_along(whole: Dataset, tmp_path: Path) -> None:
    """The best of two boxes, 2 pixels inside a crop with a margin of a tenth; the dark image is left out by name."""
    find = detector_finder(detector((Box(0, 0, 9, 9), 0.3), (LIVER, 0.8)))
    report = make_regions(whole, find, tmp_path / "crops")
    crops = Dataset.load(tmp_path / "crops")
    check_images(crops)
    assert [(item.image, item.patient) for item in crops.items] == [("a", "p1"), ("b", "p2")]
    drawn = crops["a"].annotation
    assert [(thing.name, thing.box) for thing in drawn.objects] == [("cirrhosis", Box(2, 2, 22, 22))]
    assert crops.classes == ("normal", "cirrhosis")
    assert Dataset.load(tmp_path / "crops", image_set="test").images == ("b",)
    assert report.lines()[:2] == ["2 images, 2 boxes: 1 normal, 1 cirrhosis", f"left out: images: {NOTHING}: 1 (c)"]
    assert (tmp_path / "crops" / "left_out.csv").read_text("utf-8") == f"image,reason\nc,{NOTHING}\n"


def test_every_pixel_of_a_crop_lies_where_the_table_says(whole: Dataset, tmp_path: Path) -> None:
    make_regions(whole, detector_finder(detector((LIVER, 0.8))), tmp_path / "crops")
    for name, region in read_regions(tmp_path / "crops").items():
        x0, y0, x1, y1 = map(int, region.box)
        source = read_pixels(whole.folder / "JPEGImages" / f"{region.source}.png")
        assert (read_pixels(tmp_path / "crops" / "JPEGImages" / f"{name}.png") == source[y0:y1, x0:x1]).all()
        assert region.found == LIVER


def test_an_image_without_a_region_may_be_used_whole(whole: Dataset, tmp_path: Path) -> None:
    report = make_regions(whole, detector_finder(detector((LIVER, 0.8)), "whole"), tmp_path / "crops")
    assert report.crops.images == 3
    assert f"reported: images: {WHOLE_USED}: 1 (c)" in report.lines()
    assert read_regions(tmp_path / "crops")["c"].box == Box(0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize("missing", ["leave-out", "whole"])
def test_boxes_outside_and_boxes_that_score_too_little_are_nothing(missing: Missing) -> None:
    find = detector_finder(detector((Box(-9, -9, -1, -1), 0.9), (LIVER, 0.1)), missing, least_score=0.2)
    found = find(np.full((HEIGHT, WIDTH), 90, np.uint8))
    assert list(found.boxes.values()) == ([Box(0, 0, WIDTH, HEIGHT)] if missing == "whole" else [])


def test_a_box_that_leaves_the_image_is_clipped() -> None:
    find = detector_finder(detector((Box(-5, 10, 70, 30), 0.9)))
    assert find(np.full((HEIGHT, WIDTH), 90, np.uint8)).boxes[""] == Box(0, 10, WIDTH, 30)


def test_regions_are_compared_with_masks_without_their_margin(whole: Dataset, tmp_path: Path) -> None:
    """`a` has a mask that fits, `b` none; `c` has one and no region."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[8:28, 10:30] = 255
    (tmp_path / "masks").mkdir()
    for name in "ac":
        (tmp_path / "masks" / f"{name}.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    find = detector_finder(detector((LIVER, 0.8)))
    report = make_regions(whole, find, tmp_path / "crops", margin=0.5, masks=tmp_path / "masks")
    assert report.compared == 1
    assert report.overlap["box_dice"].mean == report.overlap["mask_dice"].mean == 1
    assert "reported: images without a mask: 1 (b)" in report.lines()
    assert (tmp_path / "crops" / "overlap.csv").read_text("utf-8").splitlines()[1] == "a,1.0000,1.0000,1.0000,1.0000"


def test_two_parts_become_two_images(whole: Dataset, tmp_path: Path) -> None:
    both = Finding({"left": Box(0, 0, 20, 40), "right": Box(30, 0, 60, 40)})
    make_regions(whole, lambda image: both, tmp_path / "crops", margin=0)
    crops = Dataset.load(tmp_path / "crops")
    assert crops.images == ("a_left", "a_right", "b_left", "b_right", "c_left", "c_right")
    assert crops.patients == ("p1", "p2", "p3")
    assert Dataset.load(tmp_path / "crops", image_set="train").images == ("a_left", "a_right")


def test_colours_stay(tmp_path: Path, whole: Dataset) -> None:
    path = whole.folder / "JPEGImages" / "a.png"
    path.unlink()
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 2] = 200
    path.write_bytes(cv2.imencode(".png", red)[1].tobytes())
    make_regions(whole, lambda image: Finding({"": LIVER}), tmp_path / "crops")
    assert read_pixels(tmp_path / "crops" / "JPEGImages" / "a.png")[0, 0].tolist() == [200, 0, 0]


def test_no_region_at_all_leaves_no_folder(whole: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No image has a region(.|\n)*3 images: too dark"):
        make_regions(whole, lambda image: Finding(remark="too dark"), tmp_path / "crops")
    assert not (tmp_path / "crops").exists()


def test_images_with_several_classes_have_no_label(two_classes: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"6: p0_1 \(disc, vertebra\)"):
        make_regions(Dataset.load(two_classes), lambda image: Finding({"": LIVER}), tmp_path / "crops")


def test_a_number_comes_along(tmp_path: Path) -> None:
    """The bin of 70.5 months is 72; the crop still knows the 70.5."""
    from spinedet.datasets.convert.labels import import_labels
    from spinedet.datasets.tasks import read_task

    pixels = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (tmp_path / "t.csv").write_text("image,patient,label\na,p,70.5\n", "utf-8")
    hand = Dataset.load(import_labels(tmp_path / "t.csv", tmp_path, read_task("bone_age"), tmp_path / "hand").out)
    make_regions(hand, lambda image: Finding({"": LIVER}), tmp_path / "crops")
    (thing,) = Dataset.load(tmp_path / "crops")["a"].annotation.objects
    assert (thing.name, thing.extra) == ("y06", ("<value>70.5</value>",))


def test_a_finder_may_go_by_the_name_and_the_dataset_by_another(whole: Dataset, tmp_path: Path) -> None:
    places = {"a": LIVER, "b": Box(0, 0, 10, 10), "c": Box(5, 5, 15, 15)}
    make_named_regions(
        whole, lambda image, _: Finding({"": places[image]}), tmp_path / "crops", margin=0, name="livers, detector"
    )
    assert Dataset.load(tmp_path / "crops").name == "livers, detector"
    assert {image: region.found for image, region in read_regions(tmp_path / "crops").items()} == places
