"""The names under which readings made elsewhere come: the study's codes, or the dataset's own image names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.protocol import Case
from spinedet.benchmarks.study.sealed import read_key
from spinedet.datasets.images import SUFFIXES


@dataclass(frozen=True)
class Names:
    """What each image may be called.

    Attributes:
        cases: The study's images by code.
        codes: The code of each original name, practice among them.
    """

    cases: Mapping[str, Case]
    codes: Mapping[str, str]

    @classmethod
    def of(cls, folder: StudyFolder) -> "Names":
        """The names of a study.

        Raises:
            InputError: The protocol or the key is damaged.
        """
        key = read_key(folder)
        return cls({case.code: case for case in folder.protocol.cases}, {row.image: row.code for row in key.values()})

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.codes.values())

    def case(self, word: str, where: str) -> Case | None:
        """The image of a name, which may end as image files do; None for one of the practice, which does not count.

        Raises:
            InputError: The study has no such image, or the name is the code of one image and the old name of another.
        """
        name = PurePath(word).stem if PurePath(word).suffix.lower() in SUFFIXES else word
        meant = {name} if name in self._known else set()
        meant |= {self.codes[name]} if name in self.codes else set()
        if len(meant) > 1:
            found = f"'{word}', which is {' and '.join(sorted(meant))}"
            todo = "name the images by their codes in a study whose images are not called so"
            raise InputError("A name means two images.", expected="a name of one", found=found, where=where, todo=todo)
        if not meant:
            expected = f"a code such as {some(self.cases, 3)}, or an image name of the dataset"
            raise InputError("The study has no such image.", expected=expected, found=f"'{word}'", where=where)
        return self.cases.get(meant.pop())
