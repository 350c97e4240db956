"""What the annotators of a dataset drew, checked against each other and against the images."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.annotators import ANNOTATORS, check_names
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import IMAGES, Dataset, check_sizes
from spinedet.datasets.images import SUFFIXES


@dataclass(frozen=True)
class Sources:
    """The images that all annotators have finished, and which others there are.

    Attributes:
        root: The dataset's folder.
        card: What its `dataset.yaml` says.
        classes: The classes in order: the task's, the card's, or the names found.
        annotators: Who drew, in the order in which they were named.
        drawn: What each annotator drew, by image and annotator; images are sorted.
        paths: The image files of `drawn`.
        unfinished: Images that only some have finished, and who has.
        untouched: Images that nobody has drawn on.
    """

    root: Path
    card: Card
    classes: tuple[str, ...]
    annotators: tuple[str, ...]
    drawn: Mapping[str, Mapping[str, Annotation]]
    paths: Mapping[str, Path]
    unfinished: Mapping[str, tuple[str, ...]]
    untouched: tuple[str, ...]


def read_sources(folder: Path, annotators: Sequence[str], classes: Sequence[str] | None = None) -> Sources:
    """Read and check what two or more annotators drew.

    Args:
        folder: The dataset folder.
        annotators: Their names, no one twice.
        classes: The classes in order; otherwise those of `dataset.yaml`, otherwise the names found, sorted.

    Raises:
        InputError: A name stands there twice or has no files, a file is damaged or has a class that is none, an image
            has several sizes, or no image was finished by all.
    """
    check_names(list(annotators))
    sets = {name: Dataset.load(folder, annotator=name, classes=classes) for name in annotators}
    first = sets[annotators[0]]
    finished = {image: tuple(name for name in annotators if image in sets[name]) for image in _images(sets.values())}
    common = [image for image, names in finished.items() if len(names) == len(annotators)]
    _check_common(first, sets, common)
    return Sources(
        root=first.folder,
        card=first.card,
        classes=tuple(classes or first.card.classes or _names_found(sets)),
        annotators=tuple(annotators),
        drawn={image: {name: sets[name][image].annotation for name in annotators} for image in common},
        paths={item.image: item.path for item in first.subset(common).items if item.path is not None},
        unfinished={image: names for image, names in finished.items() if len(names) < len(annotators)},
        untouched=tuple(sorted(images_in(first.folder).keys() - finished.keys())),
    )


def images_in(root: Path) -> dict[str, Path]:
    """The image files of a dataset folder, by name."""
    found = (root / IMAGES).iterdir() if (root / IMAGES).is_dir() else ()
    return {path.stem: path for path in found if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")}


def _images(sets: Iterable[Dataset]) -> list[str]:
    """Images that anybody has drawn on, sorted."""
    return sorted({image for data in sets for image in data.images})


def _names_found(sets: Mapping[str, Dataset]) -> tuple[str, ...]:
    return tuple(sorted({name for data in sets.values() for name in data.classes}))


def _check_common(first: Dataset, sets: Mapping[str, Dataset], common: Sequence[str]) -> None:
    """There is an image that all have finished, and each has one size, that of the image file."""
    if not common:
        raise InputError(
            "No image was finished by all annotators.",
            expected=f"files of one name in {', '.join(f'{ANNOTATORS}/{name}' for name in sets)}",
            found=", ".join(f"{name}: {len(data)} other images" for name, data in sets.items()),
            where=first.folder / ANNOTATORS,
        )
    for image in common:
        _check_one_size(first.folder, image, {name: data[image].annotation for name, data in sets.items()})
    check_sizes(first.subset(common))


def _check_one_size(root: Path, image: str, drawn: Mapping[str, Annotation]) -> None:
    (first, expected), *others = ((name, (one.width, one.height)) for name, one in drawn.items())
    for name, found in others:
        if found != expected:
            raise InputError(
                "Two annotators drew on images of different sizes.",
                expected="{} x {}, as {} has it".format(*expected, first),
                found="{} x {}".format(*found),
                where=root / ANNOTATORS / name / f"{image}.xml",
                todo="the boxes may belong to another image: open it in LabelImg, check and save again",
            )
