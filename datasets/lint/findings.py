"""What a rule finds, and how bad it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation
from spinedet.datasets.lint.views import FileView, SetView


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    """Loading, training or folds refuse it, or it makes their figures untrue."""

    WARNING = "warning"
    """Probably wrong; somebody should look."""

    NOTE = "note"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the function of a rule tells; the table adds the id.

    Attributes:
        place: The file, relative to the dataset, with `/`.
        what: What is wrong, one sentence without a full stop.
        line: Line in the file, from 1, where one is known.
        todo: What to do, where it is not what the rule says for all.
        image: The image that shows it, by name.
        boxes: The boxes in question on that image.
        beside: Another image to look at beside it, by name.
    """

    place: str
    what: str
    line: int | None = None
    todo: str | None = None
    image: str | None = None
    boxes: tuple[Box, ...] = ()
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault under the id of its rule.

    Attributes:
        rule: Id of the rule, such as `B101`.
        severity: That of the rule.
        todo: What to do.
        fault: Where it is and what is wrong.
    """

    rule: str
    severity: Severity
    todo: str
    fault: Fault

    @property
    def where(self) -> str:
        """The place as editors write it, `file:line`."""
        return self.fault.place if self.fault.line is None else f"{self.fault.place}:{self.fault.line}"


@dataclass(frozen=True, slots=True)
class Known:
    """What a mend may lean on.

    Attributes:
        image: Name of the image file.
        size: Its width and height; None where it cannot be read.
        classes: The classes of the task or of `dataset.yaml`; empty without a list.
    """

    image: str
    size: tuple[int, int] | None
    classes: tuple[str, ...]


Mend = Callable[[Annotation, Known], Annotation]
"""Changes what is wrong in an annotation as it was read, and nothing else."""

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Rule(Generic[View]):
    """One row of the table of rules.

    Attributes:
        id: A letter for what it looks at (V file, B box, C class, I image, P patient, S set) and a number for ever.
        severity: How bad its findings are.
        about: What it finds, in one line.
        todo: What to do about it.
        check: The function that looks.
        mend: The safe way to put it right; None where a person must decide.
    """

    id: str
    severity: Severity
    about: str
    todo: str
    check: Callable[[View], Iterable[Fault]]
    mend: Mend | None = None

    def findings(self, view: View) -> list[Finding]:
        """What the rule finds in a view."""
        return [Finding(self.id, self.severity, fault.todo or self.todo, fault) for fault in self.check(view)]


FileRule = Rule[FileView]
SetRule = Rule[SetView]
