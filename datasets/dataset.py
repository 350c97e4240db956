"""A dataset folder in memory: images, boxes, patients and classes, checked once when it is loaded.

The folder holds `JPEGImages/`, `Annotations/*.xml`, `ImageSets/Main/*.txt`, `patients.csv` and, if wanted,
`dataset.yaml`; `Masks/` may hold lesions. Pixels stay on disk.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.annotators import annotator_folder
from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.voc import Annotation, read_voc
from spinedet.annotations.voc.mistaken import mistaken
from spinedet.datasets.card import Card, read_card
from spinedet.datasets.images import SUFFIXES, image_size, read_image
from spinedet.datasets.patients import read_patients

IMAGES = "JPEGImages"
ANNOTATIONS = "Annotations"
IMAGE_SETS = "ImageSets/Main"

MASKS = "Masks"
"""Folder with the lesion of each image, where somebody drew it: a PNG of the image's size and name, 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class Item:
    """One image with its boxes.

    Attributes:
        image: The file stem, the image's name everywhere in the package.
        path: The image file; None where only annotations were loaded.
        annotation: What was drawn on it.
        patient: Whose image it is; None where the dataset does not say.
    """

    image: str
    path: Path | None
    annotation: Annotation
    patient: str | None = None


@dataclass(frozen=True, eq=False)
class Boxes:
    """The boxes of one image as arrays.

    Attributes:
        boxes: (N, 4) float64, continuous pixels.
        labels: (N,) int64, index into the dataset's classes.
        difficult: (N,) bool.
    """

    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    difficult: NDArray[np.bool_]


@dataclass(frozen=True)
class Dataset:
    """Annotated images with a fixed order of classes.

    Attributes:
        folder: Where it was loaded from.
        card: Name, modality, licence and source.
        classes: Class names; a label is an index into them.
        items: The images, sorted by name.
    """

    folder: Path
    card: Card
    classes: tuple[str, ...]
    items: tuple[Item, ...]

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        classes: Sequence[str] | None = None,
        image_set: str | None = None,
        images: Iterable[str] | None = None,
        with_images: bool = True,
        each_image_is_a_patient: bool = False,
        annotator: str | None = None,
    ) -> Self:
        """Load and check a dataset folder.

        Args:
            folder: The dataset folder.
            classes: The classes in order; otherwise those of `dataset.yaml`, otherwise the names found, sorted.
            image_set: Only the images listed in `ImageSets/Main/<image_set>.txt`.
            images: Only these images; excludes `image_set`.
            with_images: False loads annotations alone (enough to evaluate predictions).
            each_image_is_a_patient: Take every image for a patient of its own instead of reading `patients.csv`.
            annotator: Load what this annotator drew instead of `Annotations/`; other images are left out.

        Raises:
            InputError: Something is missing, damaged or contradictory; nothing was written.
        """
        root = existing_folder(folder)
        card = read_card(root)
        drawn = root / ANNOTATIONS if annotator is None else annotator_folder(root, annotator)
        stems = sorted(set(images)) if images is not None else _stems(drawn, image_set, root)
        chosen = images is not None or image_set is not None or annotator is not None
        paths = _image_paths(root, drawn, stems, whole=not chosen) if with_images else {}
        patients = {stem: stem for stem in stems} if each_image_is_a_patient else read_patients(root, stems)
        items = tuple(_item(drawn, stem, paths.get(stem), patients.get(stem)) for stem in sorted(stems))
        known = tuple(classes or card.classes) or _names_found(items)
        _check_classes(drawn, items, known)
        return cls(root, card, known, items)

    @property
    def name(self) -> str:
        """The card's name, or the folder's."""
        return self.card.name or self.folder.name

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item.image: place for place, item in enumerate(self.items)}

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {name: label for label, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, image: str) -> Item:
        return self.items[self._places[image]]

    def __contains__(self, image: object) -> bool:
        return image in self._places

    @property
    def images(self) -> tuple[str, ...]:
        """Names of all images, sorted."""
        return tuple(item.image for item in self.items)

    @property
    def patients(self) -> tuple[str, ...]:
        """Names of all patients, sorted; empty if the dataset does not say."""
        return tuple(sorted({item.patient for item in self.items if item.patient is not None}))

    def subset(self, images: Iterable[str]) -> Self:
        """The same dataset with only these images (any order; the result is sorted).

        Raises:
            InputError: An image is not in this dataset.
        """
        wanted = set(images)
        if unknown := sorted(wanted - self._places.keys()):
            raise InputError("Images are not in the dataset.", found=some(unknown), where=self.folder)
        return replace(self, items=tuple(item for item in self.items if item.image in wanted))

    def without_images(self) -> Self:
        """The same annotations with no way to the pixels."""
        return replace(self, items=tuple(replace(item, path=None) for item in self.items))

    def boxes(self, item: Item) -> Boxes:
        """The boxes of an image as arrays."""
        things = item.annotation.objects
        return Boxes(
            np.array([thing.box for thing in things], np.float64).reshape(-1, 4),
            np.array([self._labels[thing.name] for thing in things], np.int64),
            np.array([thing.difficult for thing in things], np.bool_),
        )

    def counts(self) -> dict[str, int]:
        """Number of boxes of each class, in class order; difficult ones included."""
        found = Counter(thing.name for item in self.items for thing in item.annotation.objects)
        return {name: found[name] for name in self.classes}

    def fingerprint(self) -> str:
        """SHA-256 over classes, image names, patients, sizes and boxes; pixels are not read."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for item in self.items:
            drawn = [(thing.name, tuple(map(float, thing.box)), thing.difficult) for thing in item.annotation.objects]
            row = (item.image, item.patient, item.annotation.width, item.annotation.height, drawn)
            digest.update(repr(row).encode())
        return digest.hexdigest()


def _item(drawn: Path, stem: str, path: Path | None, patient: str | None) -> Item:
    """One image with its boxes; where the annotation does not say how large the image is, the image does."""
    size = None if path is None else partial(image_size, path)
    return Item(stem, path, read_voc(_xml(drawn, stem), size), patient)


def existing_folder(folder: Path) -> Path:
    """The dataset folder's full path.

    Raises:
        InputError: There is no such folder.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(
            "There is no such dataset folder.",
            expected=f"a folder with {IMAGES}/ and {ANNOTATIONS}/",
            where=folder,
            todo="check the path; `spinedet phantom lumbar` makes a dataset to try",
        )
    return root


def _xml(drawn: Path, stem: str) -> Path:
    return drawn / f"{stem}.xml"


def _stems(drawn: Path, image_set: str | None, root: Path) -> list[str]:
    """The images to load: those listed, or those with an XML."""
    if image_set is not None:
        return _listed(root, drawn, image_set)
    stems = [path.stem for path in drawn.glob("*.xml") if not path.name.startswith(".")]
    if not stems:
        raise _other_format(root, drawn) or _no_annotations(root)
    return stems


def _other_format(root: Path, drawn: Path) -> InputError | None:
    """What is there instead of XML files, if it is one file of a format that can be imported."""
    patterns = ("*.json", "*.txt", "labels/*.txt", "annotations/*.json")
    others = (path for place in (drawn, root) for pattern in patterns for path in place.glob(pattern))
    first = next(others, None)
    return mistaken(first.read_bytes(), first) if first else None


def _no_annotations(root: Path) -> InputError:
    flat = any(root.glob("*.xml"))
    return InputError(
        "The dataset has no annotations.",
        expected=f"{ANNOTATIONS}/*.xml as LabelImg writes them",
        found="XML files in the folder itself" if flat else "no XML file",
        where=root,
        todo=f"move the XML files to {ANNOTATIONS}/ and the images to {IMAGES}/"
        if flat
        else f"draw boxes: spinedet annotate {root}",
    )


def _listed(root: Path, drawn: Path, image_set: str) -> list[str]:
    path = root / IMAGE_SETS / f"{image_set}.txt"
    if not path.is_file():
        known = sorted(found.stem for found in path.parent.glob("*.txt"))
        expected = nearest(image_set, known) if known else f"a list {IMAGE_SETS}/*.txt"
        raise InputError("There is no such image set.", expected=expected, found=image_set, where=path)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError("An image set cannot be read.", found=str(error), where=path) from error
    stems = [_listed_stem(drawn, line) for line in lines if line]
    if not stems:
        raise InputError("An image set is empty.", expected="one image name a line", where=path)
    if missing := sorted(stem for stem in stems if not _is_annotated(drawn, stem)):
        raise InputError("Listed images have no annotation.", found=some(missing), where=path)
    if doubled := sorted(stem for stem, times in Counter(stems).items() if times > 1):
        raise InputError("Images are listed twice.", found=some(doubled), where=path)
    return stems


def _listed_stem(drawn: Path, line: str) -> str:
    """The image of a line: the whole line, or without the -1, 0 or 1 that VOC's lists of a class put behind it."""
    stem, *sign = line.rsplit(maxsplit=1)
    return stem if sign and sign[0] in {"-1", "0", "1"} and not _is_annotated(drawn, line) else line


def _is_annotated(drawn: Path, stem: str) -> bool:
    """Whether the folder has an XML of that name; a name that leads out of the folder has none."""
    return Path(stem).name == stem and _xml(drawn, stem).is_file()


def image_files(root: Path) -> dict[str, Path]:
    """The image files of a dataset by their name (stem), sorted.

    Raises:
        InputError: Two files have one name.
    """
    folder = root / IMAGES
    paths: dict[str, Path] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in paths:
            raise InputError(
                "Two images have the same name.", found=f"{paths[path.stem].name}, {path.name}", where=folder
            )
        paths[path.stem] = path
    return paths


def _image_paths(root: Path, drawn: Path, stems: Sequence[str], *, whole: bool) -> dict[str, Path]:
    paths = image_files(root)
    _check_pairs(root, drawn, set(stems), set(paths), whole=whole)
    return paths


def _check_pairs(root: Path, drawn: Path, annotated: set[str], present: set[str], *, whole: bool) -> None:
    """Every annotation has its image and, unless a list chose among them, every image its annotation."""
    if lonely := sorted(annotated - present):
        raise InputError(
            "Annotations have no image.",
            expected=f"{IMAGES}/{lonely[0]}{{{','.join(SUFFIXES)}}}",
            found=f"{len(lonely)} without: {some(lonely)}",
            where=_xml(drawn, lonely[0]),
            todo="put the images there under the same name, or remove the annotations",
        )
    if whole and (bare := sorted(present - annotated)):
        raise InputError(
            "Images have no annotation.",
            expected=f"{ANNOTATIONS}/{bare[0]}.xml",
            found=f"{len(bare)} without: {some(bare)}",
            where=root / IMAGES,
            todo=f"annotate them (an image without objects is saved too), or list the finished ones in "
            f"{IMAGE_SETS}/NAME.txt and use --image-set NAME",
        )


def check_sizes(dataset: Dataset) -> None:
    """Compare each image's header with its annotation's size.

    Raises:
        InputError: An image is damaged, too large, or of another size than its annotation says.
    """
    for item in dataset.items:
        if item.path is None:
            continue
        found, drawn = image_size(item.path), (item.annotation.width, item.annotation.height)
        if found != drawn:
            raise InputError(
                "An image has another size than its annotation says.",
                expected="{} x {}".format(*drawn),
                found="{} x {}".format(*found),
                where=item.path,
                todo="the boxes may belong to another image: open it in LabelImg, check and save again",
            )


def check_images(dataset: Dataset) -> None:
    """Decode every image once, so that a damaged one is found before a long job and not in the middle of it.

    Raises:
        InputError: As `check_sizes`.
    """
    check_sizes(dataset)
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(_decode_only, [item.path for item in dataset.items if item.path is not None]):
            continue


def _decode_only(path: Path) -> None:
    read_image(path)  # the pixels are let go at once: all of them together may not fit


def _names_found(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(sorted({thing.name for item in items for thing in item.annotation.objects}))


def _check_classes(drawn: Path, items: Iterable[Item], known: Sequence[str]) -> None:
    if not known:
        raise InputError("The dataset has no boxes.", expected="at least one object in one XML", where=drawn)
    allowed = set(known)
    if len(allowed) < len(known) or not all(known):
        raise InputError("A class is listed twice or has no name.", found=", ".join(map(repr, known)), where=drawn)
    for item in items:
        for number, thing in enumerate(item.annotation.objects, start=1):
            if thing.name not in allowed:
                raise InputError(
                    "A class is unknown.",
                    expected=nearest(thing.name, known),
                    found=f"'{thing.name}' (object {number})",
                    where=_xml(drawn, item.image),
                    todo="correct the name in LabelImg, or add it to the classes of dataset.yaml",
                )
