"""Rules over images and annotations as files: pairs, names, damage, the same pixels twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from spinedet.annotations.voc import Annotation
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import SUFFIXES
from spinedet.datasets.lint.findings import Fault, Known
from spinedet.datasets.lint.views import Refused, SetView


def told(refused: Refused) -> Fault:
    """A refusal as a fault."""
    image = PurePosixPath(refused.place).stem
    return Fault(refused.place, refused.what, refused.line, refused.todo, image)


def damaged(view: SetView) -> Iterator[Fault]:
    """An image that cannot be read."""
    yield from map(told, view.damaged)
    yield from map(told, view.pixels.damaged if view.pixels else ())


def without_image(view: SetView) -> Iterator[Fault]:
    """An annotation whose image is not there."""
    for image in sorted(view.xml - view.files.keys()):
        yield Fault(view.place(image), f"there is no image {IMAGES}/{image}{{{','.join(SUFFIXES)}}}")


def without_annotation(view: SetView) -> Iterator[Fault]:
    """An image that nobody has annotated; an annotator may have drawn on some images only."""
    if view.annotator is None and view.xml:
        for image in sorted(view.files.keys() - view.xml):
            yield Fault(f"{IMAGES}/{view.files[image]}", f"there is no {view.place(image)}", image=image)


def without_any_annotation(view: SetView) -> Iterator[Fault]:
    """A dataset in which nothing is drawn."""
    if view.xml:
        return
    if any(view.root.glob("*.xml")):
        todo = f"move the XML files to {view.drawn}/ and the images to {IMAGES}/"
        yield Fault(view.drawn, "the XML files lie in the dataset folder itself", todo=todo)
    else:
        yield Fault(view.drawn, "there is no XML file")


def twin_names(view: SetView) -> Iterator[Fault]:
    """Two image files with one name."""
    for name in view.twins:
        stem = PurePosixPath(name).stem
        yield Fault(f"{IMAGES}/{name}", f"{view.files[stem]} has the same name", image=stem)


def strange_files(view: SetView) -> Iterator[Fault]:
    """A file among the images that is none."""
    for name in view.strange:
        yield Fault(f"{IMAGES}/{name}", f"this is none of {', '.join(SUFFIXES)}, so it is passed over")


def stem_of(filename: str) -> str:
    """The image that `<filename>` names: without a folder of Unix or Windows, and without the ending."""
    name = PureWindowsPath(filename.strip()).name
    return name[: -len(ending)] if (ending := PurePosixPath(name).suffix).lower() in SUFFIXES else name


def names_other_image(view: SetView) -> Iterator[Fault]:
    """`<filename>` names another image of this dataset."""
    for image, filename in sorted(view.filenames.items()):
        if _is_other(view, image, filename):
            yield Fault(view.place(image), f"<filename> says {filename}, which is another image", image=image)


def _is_other(view: SetView, image: str, filename: str) -> bool:
    return stem_of(filename) != image and stem_of(filename) in view.files


def names_no_image(view: SetView) -> Iterator[Fault]:
    """`<filename>` is not that of the image, nor that of another one here."""
    for image, filename in sorted(view.filenames.items()):
        if not _is_other(view, image, filename):
            found = f"says {filename}" if filename else "is empty"
            yield Fault(view.place(image), f"<filename> {found}; the image is {view.files.get(image, image)}")


def with_filename(annotation: Annotation, known: Known) -> Annotation:
    """Mend: the name of the image file."""
    return replace(annotation, filename=known.image)


def alike(view: SetView) -> Iterator[tuple[str, str, bool | None]]:
    """Images with the same pixels as an earlier one, that one, and whether one patient has both (None: unknown)."""
    whose = view.patients.of
    for group in view.pixels.alike if view.pixels else ():
        for image in group[1:]:
            first = next((one for one in group if one != image and whose.get(one) != whose.get(image)), group[0])
            known = first in whose and image in whose
            yield image, first, whose[first] == whose[image] if known else None


def leak(view: SetView) -> Iterator[Fault]:
    """The same pixels under two patients."""
    for image, first, same in alike(view):
        if same is False:
            whose, other = view.patients.of[image], view.patients.of[first]
            what = f"is of patient {whose} and has the same pixels as {view.files[first]} of patient {other}"
            yield Fault(f"{IMAGES}/{view.files[image]}", what, image=image, beside=first)


def same_pixels(view: SetView) -> Iterator[Fault]:
    """The same pixels twice under one patient, or where the patients are not known."""
    for image, first, same in alike(view):
        if same is not False:
            whose = "the same patient's" if same else "of which nobody says whose it is"
            what = f"has the same pixels as {view.files[first]}, {whose}"
            yield Fault(f"{IMAGES}/{view.files[image]}", what, image=image, beside=first)
