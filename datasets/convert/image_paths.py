"""Names with folders: which image `patient7/study1/image1.png` means, and what an image is called in a dataset.

A dataset knows an image by its stem alone, and some collections (MURA: every patient has an `image1.png`) repeat names
from folder to folder. There the path below the folder of images becomes the name, and `sources.csv` leads back.
"""

import csv
import io
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.datasets.convert.image_index import ImageIndex

SOURCES = "sources.csv"
"""In a dataset whose images are called by their paths: the path of each, below the folder they came from."""

HEADER = ("image", "source")

JOINT = "_"
"""Stands in a name where the path has a separator."""

Found = Sequence[Path]


@dataclass(frozen=True)
class PathIndex:
    """The images below a folder by every end of their paths, so that finding one takes no longer where many are alike.

    Attributes:
        index: The images.
        whole: By the whole path below the folder, `p7/1.png`.
        ends: By what a path ends with: `p7/1.png` and `1.png`.
        whole_stems: As `whole`, without the file's ending.
        stem_ends: As `ends`, without the file's ending.
    """

    index: ImageIndex
    whole: Mapping[str, Found]
    ends: Mapping[str, Found]
    whole_stems: Mapping[str, Found]
    stem_ends: Mapping[str, Found]

    @classmethod
    def of(cls, index: ImageIndex) -> "PathIndex":
        """Index all images of a folder; the work grows with their number and the depth of the folders."""
        tables: list[dict[str, list[Path]]] = [defaultdict(list) for _ in range(4)]
        whole, ends, whole_stems, stem_ends = tables
        for path in index.paths():
            below = path.relative_to(index.root)
            for written, full, parts in ((below, whole, ends), (below.with_suffix(""), whole_stems, stem_ends)):
                told = _key(written.as_posix())
                full[told].append(path)
                for end in _ends(told):
                    parts[end].append(path)
        return cls(index, *tables)

    def named(self, name: str) -> Found:
        """The images that a name may mean: file name with or without ending, with or without folders.

        Folders count where both sides have them: `p1/a` is never `p2/a.png`. Leading folders of another machine do
        not. A path that fits as a whole comes before one that fits at its end.
        """
        hint = _key(name).replace("\\", "/").removeprefix("./").lstrip("/")
        last = hint.rpartition("/")[2]
        whole, ends = (self.whole, self.ends) if last in self.index.by_name else (self.whole_stems, self.stem_ends)
        if exact := whole.get(hint):
            return exact
        longer = ends.get(hint, ())
        shorter = [path for end in _ends(hint)[1:] for path in whole.get(end, ())]
        return [*longer, *shorter] if shorter else longer


def _ends(path: str) -> list[str]:
    """`a/b/c`, `b/c` and `c`."""
    parts = path.split("/")
    return ["/".join(parts[place:]) for place in range(len(parts))]


def _key(name: str) -> str:
    """One writing of a name: macOS takes letters with marks apart."""
    return unicodedata.normalize("NFC", name)


def dataset_names(paths: Iterable[Path], root: Path) -> dict[Path, str]:
    """What images are called in a dataset.

    An image keeps its own name where no other of them has it; otherwise its path below `root` is its name, with `_`
    between the folders. Two paths that would be one name (`a_b/c`, `a/b_c`) are told apart by a number, in the order of
    the paths, and letters that differ in size alone count as the same, since some disks take them so. Files of one
    folder that differ in their ending alone keep one name: they are refused later, for nobody can say which is meant.

    Args:
        paths: The images, each once.
        root: A folder above all of them.
    """
    listed = sorted(paths)
    times = Counter(path.stem for path in listed)
    taken = {stem.casefold() for stem, count in times.items() if count == 1}
    names: dict[Path, str] = {}
    by_place: dict[Path, str] = {}
    for path in listed:
        if times[path.stem] == 1:
            names[path] = path.stem
            continue
        place = path.with_suffix("")
        if place not in by_place:
            by_place[place] = _free(JOINT.join(place.relative_to(root).parts), taken)
        names[path] = by_place[place]
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name with the first number that nothing else is called by; it is taken from then on."""
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        found = f"{name}{JOINT}{number}"
    taken.add(found.casefold())
    return found


def sources_csv(names: Mapping[Path, str], root: Path) -> str:
    """The text of a `sources.csv`: the name of each image and its path below the folder it came from."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(sorted((name, path.relative_to(root).as_posix()) for path, name in names.items()))
    return table.getvalue()
