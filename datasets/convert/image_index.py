"""Finding the image that an annotation belongs to, by name: paths of other machines are hints and never followed."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.datasets.images import SUFFIXES, image_size

OTHER_SUFFIXES = (
    *(".webp", ".gif", ".jp2", ".jfif", ".heic", ".heif", ".avif", ".svg", ".ppm", ".pgm"),
    *(".dcm", ".dicom", ".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"),
)
"""Images that spinedet does not read; they are named, so that nobody misses them later."""

Paths = Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True)
class ImageIndex:
    """All images below a folder.

    Attributes:
        root: The folder.
        by_name: Files by name, `a.png`; several where sub-folders repeat a name.
        by_stem: Files by name without ending, `a`.
    """

    root: Path
    by_name: Paths
    by_stem: Paths
    _sizes: dict[Path, tuple[int, int]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, folder: Path) -> "ImageIndex":
        """Index a folder and all below it; hidden files and folders are passed over.

        Raises:
            InputError: There is no such folder.
        """
        if not folder.is_dir():
            todo = "name the folder with --images"
            raise InputError("There is no such folder of images.", expected="a folder", where=folder, todo=todo)
        by_name: dict[str, list[Path]] = defaultdict(list)
        by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in visible_files(folder):
            if path.name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES)):
                by_name[_key(path.name)].append(path)
                by_stem[_key(path.stem)].append(path)
        return cls(folder, _frozen(by_name), _frozen(by_stem))

    def paths(self) -> Iterator[Path]:
        """All images, sorted by name."""
        for name in sorted(self.by_name):
            yield from self.by_name[name]

    def shown(self, path: Path) -> str:
        """An image for people: its file name or, where several have it, its path below the folder."""
        alone = len(self.by_name.get(_key(path.name), ())) < 2
        return path.name if alone else path.relative_to(self.root).as_posix()

    def of_same_stem(self, path: Path) -> tuple[Path, ...]:
        """The images that are called like this one, it among them, but for folder and ending."""
        return self.by_stem.get(_key(path.stem), ())

    def named(self, name: str, where: str) -> Path:
        """The image of a file name, with or without folders, or of a name without ending.

        Raises:
            InputError: There is none, or there are several; the message names them.
        """
        hint = PurePosixPath(_key(name).replace("\\", "/"))
        found = self.by_name.get(hint.name) or self.by_stem.get(hint.name, ())
        closest = tuple(path for path in found if _key(path.as_posix()).endswith(f"/{hint}"))
        return self._only(closest or found, name, where)

    def of_stem(self, stem: str, where: str) -> Path:
        """The image of a name without ending; raises as `named`."""
        return self._only(self.by_stem.get(_key(stem), ()), stem, where)

    def _only(self, found: tuple[Path, ...], name: str, where: str) -> Path:
        if not found:
            expected = f"an image of that name below {self.root}"
            if self.by_stem and "did you mean" in (hint := nearest(name, list(self.by_name))):
                expected += f"; {hint.rpartition('; ')[2]}"
            todo = "put the image there, or name its folder with --images"
            raise InputError("An image is missing.", expected=expected, found=f"'{name}'", where=where, todo=todo)
        if len(found) > 1:
            raise same_name(found, where)
        return found[0]

    def size(self, path: Path) -> tuple[int, int]:
        """Width and height from the image's header, read once; raises as `image_size`."""
        if path not in self._sizes:
            self._sizes[path] = image_size(path)
        return self._sizes[path]


def _frozen(rows: Mapping[str, list[Path]]) -> Paths:
    return {name: tuple(paths) for name, paths in rows.items()}


def visible_files(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Files below a folder whose names end so, sorted; what is hidden (a name that begins with a dot) is not."""
    for path in sorted(folder.rglob(f"*{suffix}")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.is_file():
            yield path


def readable(path: Path) -> bool:
    """Whether spinedet reads this kind of image."""
    return path.suffix.lower() in SUFFIXES


def same_name(paths: tuple[Path, ...], where: str | Path) -> InputError:
    """Several images would become one."""
    return InputError(
        "Several images have the same name.",
        expected="names that differ in more than the folder and the ending: the name is the image's in a dataset",
        found=some([str(path) for path in paths]),
        where=where,
        todo="rename all but one, in the annotations too, or import the folders one by one",
    )


def _key(name: str) -> str:
    """One writing of a name: macOS takes letters with marks apart."""
    return unicodedata.normalize("NFC", name)
