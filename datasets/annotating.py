"""A sitting of one annotator on a dataset: which images, which classes, and where the drawing goes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from spinedet.annotations.annotators import new_annotator_folder
from spinedet.annotations.consensus import review
from spinedet.annotations.errors import InputError
from spinedet.annotations.labelimg.session import Hint, Session, Work
from spinedet.datasets.card import read_card
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES, existing_folder, image_files
from spinedet.datasets.images import SUFFIXES

Only = Literal["all", "unlabelled", "disputed"]


def make_session(
    root: Path, annotator: str | None, classes: Sequence[str] | None = None, only: Only = "all"
) -> Session:
    """The session that `spinedet annotate` shows.

    Args:
        root: The dataset folder.
        annotator: Whose drawing it is; None draws into the common `Annotations/`.
        classes: The task's classes; otherwise those of `dataset.yaml`, otherwise any name may be typed.
        only: All images, those that have no file yet, or those that a consensus left to decide.

    Raises:
        InputError: There is nothing to annotate, or the annotator's name cannot be used.
    """
    root = existing_folder(root)
    folder = root / ANNOTATIONS if annotator is None else new_annotator_folder(root, annotator)
    works = [Work(image=image, path=path, xml=folder / f"{image}.xml") for image, path in image_files(root).items()]
    if only == "unlabelled":
        works = [work for work in works if not work.finished]
    if only == "disputed":
        works = _disputed(root, works, annotator)
    if not works:
        raise _nothing(root, only)
    card = read_card(root)
    names = tuple(classes or card.classes)
    title = " - ".join(filter(None, ("LabelImg", annotator, card.name or root.name)))
    return Session(
        title=title, annotator=annotator or "", folder=folder, works=tuple(works), classes=names, closed=bool(names)
    )


def _disputed(root: Path, works: Sequence[Work], annotator: str | None) -> list[Work]:
    """The images that wait for a decision, with what each annotator drew there."""
    if annotator is None:
        raise InputError(
            "A dispute is decided by somebody.",
            expected="--annotator with the name of the senior",
            todo=f"spinedet annotate {root} --only disputed --annotator NAME",
        )
    waiting = review.read_disputed(root)
    return [_with_opinions(root, work, waiting[work.image]) for work in works if work.image in waiting]


def _with_opinions(root: Path, work: Work, dispute: review.Disputed) -> Work:
    hints = tuple(
        Hint(annotator=one.annotator, name=one.name, box=one.box, reason=one.reason) for one in dispute.opinions
    )
    return work.model_copy(update={"start": review.start_file(root, work.image), "hints": hints})


def _nothing(root: Path, only: Only) -> InputError:
    todo = {
        "all": f"put the images ({', '.join(SUFFIXES)}) into {root / IMAGES}",
        "unlabelled": "every image has its file; leave --only out to look through them",
        "disputed": "nothing waits for a decision; `spinedet consensus` finds the disputes",
    }[only]
    return InputError("There is no image to annotate.", where=root / IMAGES, todo=todo)
