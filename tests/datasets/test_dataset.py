import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset, check_sizes

MakeDataset = Callable[..., Path]
DISC, BONE = ("disc", 5, 5, 24, 14), ("bone", 30, 20, 49, 39, True)
TWO = {"b 2": ("bob", [DISC]), "a1": ("ann", [DISC, BONE])}


def refusal(folder: Path, **choices: object) -> str:
    """The message of a dataset that does not load; loading never writes."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as caught:
        Dataset.load(folder, **choices)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    assert sorted(folder.rglob("*")) == before
    return str(caught.value)


def test_a_folder_becomes_images_boxes_classes_and_patients(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    data = Dataset.load(folder)
    assert (data.name, len(data), data.images, data.patients) == (folder.name, 2, ("a1", "b 2"), ("ann", "bob"))
    assert (data.classes, data.counts()) == (("bone", "disc"), {"bone": 1, "disc": 2})
    assert data["b 2"].path == folder / "JPEGImages" / "b 2.png"
    assert data["a1"].annotation.objects[0].box == Box(4, 4, 24, 14)
    boxes = data.boxes(data["a1"])
    np.testing.assert_array_equal(boxes.boxes, [[4, 4, 24, 14], [29, 19, 49, 39]])
    assert (boxes.labels.tolist(), boxes.difficult.tolist()) == ([1, 0], [False, True])
    assert "a1" in data
    assert "a2" not in data


def test_an_image_without_objects_has_empty_arrays(make_dataset: MakeDataset) -> None:
    data = Dataset.load(make_dataset({**TWO, "c": ("cy", [])}))
    boxes = data.boxes(data["c"])
    assert (boxes.boxes.shape, boxes.labels.shape, boxes.difficult.shape) == ((0, 4), (0,), (0,))


def test_annotations_alone_load_without_images(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO, images=False)
    data = Dataset.load(folder, with_images=False)
    assert [item.path for item in data.items] == [None, None]
    assert "Annotations have no image" in refusal(folder)


def test_patients_may_be_unknown_or_every_image_may_be_one(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO, patients=False)
    assert Dataset.load(folder).patients == ()
    assert Dataset.load(folder, each_image_is_a_patient=True).patients == ("a1", "b 2")


def test_a_subset_keeps_the_classes_and_refuses_strangers(make_dataset: MakeDataset) -> None:
    data = Dataset.load(make_dataset(TWO))
    assert data.subset(["b 2"]).images == ("b 2",)
    assert data.subset(["b 2"]).classes == data.classes
    assert data.subset([]).images == ()
    with pytest.raises(InputError, match="zz"):
        data.subset(["a1", "zz"])


def test_the_fingerprint_follows_boxes_and_patients_not_the_place(make_dataset: MakeDataset, tmp_path: Path) -> None:
    folder = make_dataset(TWO)
    shutil.copytree(folder, tmp_path / "copy")
    moved = make_dataset({**TWO, "a1": ("ann", [DISC, ("bone", 30, 20, 49, 38, True)])})
    other = make_dataset({**TWO, "a1": ("anna", [DISC, BONE])})
    prints = [Dataset.load(place).fingerprint() for place in (folder, tmp_path / "copy", moved, other)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_names_in_other_scripts_are_images_patients_and_classes(make_dataset: MakeDataset) -> None:
    name = "Müller 椎間盤 1"
    data = Dataset.load(make_dataset({name: ("Ångström", [("Größe <L5>", 5, 5, 24, 14)])}))
    assert (data.images, data.patients, data.classes) == ((name,), ("Ångström",), ("Größe <L5>",))
    assert data[name].path is not None


def test_a_missing_folder_and_an_empty_one_are_told(tmp_path: Path) -> None:
    assert "no such dataset folder" in refusal(tmp_path / "nowhere")
    assert "Annotations/*.xml" in refusal(tmp_path)
    (tmp_path / "Annotations").mkdir()
    assert "no XML file" in refusal(tmp_path)


def test_an_annotation_without_its_image_and_the_reverse_are_told(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    (folder / "Annotations" / "a1.xml").unlink()
    assert "Images have no annotation.\n  expected: Annotations/a1.xml\n  found: 1 without: a1" in refusal(folder)
    folder = make_dataset(TWO)
    (folder / "JPEGImages" / "a1.png").unlink()
    assert "Annotations have no image.\n  expected: JPEGImages/a1{.png,.jpg" in refusal(folder)


def test_two_images_of_one_name_are_told(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    shutil.copy(folder / "JPEGImages" / "a1.png", folder / "JPEGImages" / "a1.JPG")
    assert "found: a1.JPG, a1.png" in refusal(folder)


def test_an_unknown_class_lists_the_known_and_suggests_the_nearest(make_dataset: MakeDataset) -> None:
    folder = make_dataset({"a1": ("ann", [DISC, ("hernation", 1, 1, 9, 9)])})
    told = refusal(folder, classes=["disc", "herniation"])
    assert "expected: one of disc, herniation; did you mean 'herniation'?" in told
    assert "found: 'hernation' (object 2)" in told
    assert str(folder / "Annotations" / "a1.xml") in told


@pytest.mark.parametrize(
    ("box", "words"),
    [(("disc", 5, 5, 80, 14), "leaves the image"), (("disc", 9, 9, 8, 14), "no area"), (("", 1, 1, 5, 5), "no class")],
)
def test_an_impossible_box_is_told_with_file_and_line(make_dataset: MakeDataset, box: object, words: str) -> None:
    folder = make_dataset({**TWO, "a1": ("ann", [DISC, box])})
    told = refusal(folder)
    assert words in told
    assert f"{folder / 'Annotations' / 'a1.xml'}:26" in told


def test_a_damaged_annotation_is_told_with_its_file(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    path = folder / "Annotations" / "b 2.xml"
    path.write_text(path.read_text(encoding="utf-8")[:150], encoding="utf-8")
    assert "An annotation is damaged.\n  expected: well-formed XML\n  found: " in refusal(folder)
    assert str(path) in refusal(folder)


def test_a_dataset_without_any_box_is_told(make_dataset: MakeDataset) -> None:
    assert "no boxes" in refusal(make_dataset({"a1": ("ann", [])}))


def test_patients_that_are_missing_or_doubled_are_told(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    (folder / "patients.csv").write_text("image,patient\na1,ann\n", encoding="utf-8")
    assert "found: 1 without: b 2" in refusal(folder)
    (folder / "patients.csv").write_text("image,patient\na1,ann\nb 2,bob\na1,cy\n", encoding="utf-8")
    assert "An image is listed twice.\n  found: a1" in refusal(folder)


CARD = "name: mine\nclasses: [disc, bone]\nmodality: MR\nlicence: CC0\nsource: us\n"


def test_the_card_names_the_dataset_and_orders_the_classes(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    (folder / "dataset.yaml").write_text(CARD, encoding="utf-8")
    data = Dataset.load(folder)
    assert (data.name, data.classes, data.card.licence) == ("mine", ("disc", "bone"), "CC0")
    assert data.boxes(data["a1"]).labels.tolist() == [0, 1]
    assert Dataset.load(folder, classes=["bone", "disc"]).classes == ("bone", "disc")


def test_an_empty_card_says_nothing(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    (folder / "dataset.yaml").write_text("", encoding="utf-8")
    assert Dataset.load(folder).classes == ("bone", "disc")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("klasses: [disc]", "klasses: Extra inputs"),
        ("classes: disc", "classes: "),
        ("classes: [1, 2]", "classes.0: "),
        ("classes: [disc, bone, disc]", "A class is listed twice"),
        ("classes: [disc, bone, '']", "has no name"),
        ("- a\n- b", "cannot be used"),
        ("name: [", "cannot be used"),
        ("a: !!python/object/apply:os.system ['true']", "cannot be used"),
        ("name: \x07", "cannot be used"),
    ],
)
def test_a_faulty_card_is_told(make_dataset: MakeDataset, text: str, words: str) -> None:
    folder = make_dataset(TWO)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")
    assert words in refusal(folder)


def image_set(folder: Path, text: str | bytes) -> Path:
    lists = folder / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


@pytest.mark.parametrize("text", ["b 2\n", "b 2  1\r\n\n", "\ufeffb 2 -1", " b 2\t0\n"])
def test_an_image_set_chooses_images_even_with_spaces_and_vocs_signs(make_dataset: MakeDataset, text: str) -> None:
    folder = image_set(make_dataset(TWO), text)
    assert Dataset.load(folder, image_set="train").images == ("b 2",)


def test_an_image_set_leaves_unfinished_images_alone(make_dataset: MakeDataset) -> None:
    folder = image_set(make_dataset(TWO), "a1\n")
    (folder / "Annotations" / "b 2.xml").unlink()
    assert Dataset.load(folder, image_set="train").images == ("a1",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a1\nzz\n", "found: zz"),
        ("a1\nb 2\na1\n", "listed twice.\n  found: a1"),
        ("\n \n", "image set is empty"),
        (b"\xff\n", "cannot be read"),
        ("../Annotations/a1\n", "Listed images have no annotation"),
    ],
)
def test_a_faulty_image_set_is_told(make_dataset: MakeDataset, text: str | bytes, words: str) -> None:
    assert words in refusal(image_set(make_dataset(TWO), text), image_set="train")


def test_an_image_set_that_is_not_there_suggests_the_nearest(make_dataset: MakeDataset) -> None:
    folder = image_set(make_dataset(TWO), "a1\n")
    assert "expected: one of train; did you mean 'train'?" in refusal(folder, image_set="trian")


def test_sizes_are_compared_with_the_images(make_dataset: MakeDataset) -> None:
    folder = make_dataset(TWO)
    check_sizes(Dataset.load(folder))
    check_sizes(Dataset.load(folder, with_images=False))
    path = folder / "JPEGImages" / "a1.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((64, 48), np.uint8))[1].tobytes())
    with pytest.raises(InputError, match="another size") as caught:
        check_sizes(Dataset.load(folder))
    found = caught.value.details
    assert (found["expected"], found["found"], found["where"]) == ("64 x 48", "48 x 64", str(path))
    path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="damaged"):
        check_sizes(Dataset.load(folder))


def test_the_real_set_loads_with_its_sizes(lumbar_mri: Path) -> None:
    data = Dataset.load(lumbar_mri)
    assert (len(data), len(data.patients), data.counts()) == (210, 23, {"disc": 1368, "vertebra": 1578})
    check_sizes(data)
    assert data.images == Dataset.load(lumbar_mri, image_set="all").images


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("coco.json", '{"images": [], "annotations": []}', "spinedet import coco"),
        ("Annotations/a1.txt", "0 0.5 0.5 0.1 0.1\n", "spinedet import yolo"),
        ("Annotations/a1.json", '{"shapes": []}', "spinedet import labelme"),
    ],
)
def test_another_format_is_answered_with_its_importer(tmp_path: Path, name: str, text: str, command: str) -> None:
    (tmp_path / "Annotations").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert command in refusal(tmp_path)
