"""What all importers share: the dataset they make, its report, and what they refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import WorkError
from spinedet.datasets.convert import importing
from spinedet.datasets.convert.folders import new_folder, place_image
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.convert.source import Shape, Source, SourceImage
from spinedet.datasets.dataset import Dataset

Lay = Callable[..., Path]


@pytest.fixture
def source(lay: Lay) -> Source:
    """Two images, one with a disc, and a third that nobody annotated."""
    folder = lay({}, {"a.png": (100, 40), "b.png": (30, 20), "c.png": (30, 20)})
    shape = Shape("disc", Box(1, 2, 10.5, 20), "a.txt:1", difficult=True)
    images = (SourceImage(folder / "a.png", "a.txt", (shape,)), SourceImage(folder / "b.png", "b.txt"))
    return Source("YOLO", folder, ("bone", "disc"), images, ImageIndex.of(folder))


def with_shape(source: Source, **changes: Any) -> Source:
    shape = Shape(**{"name": "disc", "box": Box(1, 2, 10, 20), "where": "a.txt:1"} | changes)
    image = SourceImage(source.images[0].path, "a.txt", (shape,))
    return Source(source.kind, source.folder, source.classes, (image,), source.index)


def test_an_ordinary_dataset_is_made(source: Source, tmp_path: Path) -> None:
    report = import_dataset(source, tmp_path / "out")
    loaded = Dataset.load(tmp_path / "out")
    assert loaded.classes == ("bone", "disc")
    assert [item.image for item in loaded.items] == ["a", "b"]
    assert loaded["a"].annotation.filename == "a.png"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Annotations", "JPEGImages", "dataset.yaml", "import.txt"
    ]  # fmt: skip
    card = yaml.safe_load((tmp_path / "out" / "dataset.yaml").read_text(encoding="utf-8"))
    assert card == {"name": "out", "classes": ["bone", "disc"], "source": "imported from YOLO"}
    assert report.lines() == [
        "2 images, 1 boxes: 0 bone, 1 disc",
        "left out: images that no annotation names: 1 (c.png)",
    ]
    assert (tmp_path / "out" / "import.txt").read_text(encoding="utf-8").splitlines() == report.lines()


def test_images_are_hard_links_or_copies(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = source.images[0].path
    place_image(image, tmp_path)
    assert (tmp_path / "a.png").samefile(image)
    (tmp_path / "copies").mkdir()

    def no_links(self: Path, target: Path) -> None:
        raise OSError("this disk has none")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    place_image(image, tmp_path / "copies")
    assert not (tmp_path / "copies" / "a.png").samefile(image)
    assert (tmp_path / "copies" / "a.png").read_bytes() == image.read_bytes()


def test_an_interrupted_import_leaves_nothing(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(tmp_path.iterdir())

    def stop(done: int, all_of_them: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dataset(source, tmp_path / "out", progress=stop)
    assert sorted(tmp_path.iterdir()) == before

    def full(folder: Path, *rest: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "_write_images", full)
    with pytest.raises(WorkError, match="No space left"):
        import_dataset(source, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_what_exists_is_not_touched(source: Source, tmp_path: Path, refused: Callable[..., Exception]) -> None:
    (tmp_path / "out").mkdir()
    assert "a folder of its own" in str(refused(lambda: import_dataset(source, tmp_path / "out")))
    assert list((tmp_path / "out").iterdir()) == []


def test_the_folder_appears_in_one_step(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "out") as folder:
        (folder / "x").touch()
        assert not (tmp_path / "deep" / "out").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_images_of_other_kinds_are_named_with_their_boxes(source: Source, tmp_path: Path) -> None:
    folder = source.index.root
    (folder / "d.webp").write_bytes(b"RIFF")
    (folder / "e.dcm").write_bytes(b"DICM")
    shape = Shape("disc", Box(1, 2, 3, 4), "d.txt:1")
    images = (*source.images, SourceImage(folder / "d.webp", "d.txt", (shape,)))
    report = import_dataset(Source("YOLO", folder, source.classes, images, ImageIndex.of(folder)), tmp_path / "out")
    assert "left out: images of a kind that spinedet does not read: 2 (d.webp with 1 boxes, e.dcm)" in report.lines()
    assert report.images == 2


def test_patients_come_from_a_table(source: Source, tmp_path: Path, refused: Callable[..., Exception]) -> None:
    (tmp_path / "short.csv").write_text("image,patient\na,P1\n", encoding="utf-8")
    (tmp_path / "all.csv").write_text("image;patient\nb;P2\na;P1\nz;P9\n", encoding="utf-8")
    error = str(refused(lambda: import_dataset(source, tmp_path / "out", tmp_path / "short.csv")))
    assert error.startswith("Images have no patient.")
    assert "1 without: b" in error
    import_dataset(source, tmp_path / "out", tmp_path / "all.csv")
    assert [item.patient for item in Dataset.load(tmp_path / "out").items] == ["P1", "P2"]


@pytest.mark.parametrize(
    ("box", "clipped", "told"),
    [
        (Box(-1e-9, 0, 100 + 1e-9, 40), Box(0, 0, 100, 40), 0),
        (Box(-2, -0.5, 101, 42), Box(0, 0, 100, 40), 1),
    ],
)
def test_a_little_outside_is_clipped(source: Source, tmp_path: Path, box: Box, clipped: Box, told: int) -> None:
    report = import_dataset(with_shape(source, box=box), tmp_path / "out")
    assert Dataset.load(tmp_path / "out")["a"].annotation.objects[0].box == clipped
    assert len([note for note in report.notes if "clipped" in note.text]) == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"box": Box(-2.5, 0, 10, 10)}, "The box of a 'disc' leaves the image."),
        ({"box": Box(5, 5, 3, 10)}, "A box has no area."),
        ({"name": "dics"}, "A class is unknown."),
    ],
)
def test_a_wrong_box_is_refused_with_its_place(
    source: Source, tmp_path: Path, refused: Callable[..., Exception], changes: dict[str, Any], told: str
) -> None:
    error = str(refused(lambda: import_dataset(with_shape(source, **changes), tmp_path / "out")))
    assert error.startswith(told)
    assert "where: a.txt:1" in error


def test_names_are_found_as_other_machines_write_them(lay: Lay, refused: Callable[..., Exception]) -> None:
    """Windows folders, letters with marks taken apart, names without ending; nothing outside is followed."""
    index = ImageIndex.of(lay({}, {"t1/a.b.png": (9, 9), "t2/Mu\u0308ller.png": (9, 9), ".trash/x.png": (9, 9)}))
    assert index.named("C:\\data\\t1\\a.b.png", "").name == "a.b.png"
    assert index.named("../../etc/a.b", "").name == "a.b.png"
    assert index.named("M\u00fcller.png", "").name == "Mu\u0308ller.png"
    assert "did you mean 'a.b.png'" in str(refused(lambda: index.named("a.d.png", "here")))
    assert "An image is missing." in str(refused(lambda: index.named("x.png", "here")))


def test_a_folder_tells_two_images_of_one_name_apart(lay: Lay, refused: Callable[..., Exception]) -> None:
    index = ImageIndex.of(lay({}, {"t1/a.png": (9, 9), "t2/a.png": (9, 9)}))
    assert index.named("t2/a.png", "").parent.name == "t2"
    assert "Several images have the same name." in str(refused(lambda: index.named("a.png", "here")))
