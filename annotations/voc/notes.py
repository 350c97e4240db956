"""What is said of one file while it is read: remarks, and refusals with their line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, at
from spinedet.annotations.voc.extra import Element
from spinedet.annotations.voc.model import Remark


@dataclass
class Notes:
    """Remarks on one file, gathered in its order.

    Attributes:
        path: The file.
        remarks: What was noticed so far.
    """

    path: Path
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, code: str, node: Element, text: str) -> None:
        """Note what was mended at an element."""
        self.remarks.append(Remark(code, line_of(node), text))

    def refusal(
        self,
        node: Element,
        what: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        todo: str | None = None,
    ) -> InputError:
        """The refusal of the file because of an element."""
        return InputError(what, expected=expected, found=found, where=at(self.path, line_of(node)), todo=todo)

    def placed(self, error: InputError, node: Element, todo: str | None = None) -> InputError:
        """An error of a check that knew of no file, with the place of the element that it is about."""
        return self.refusal(
            node, error.what, expected=error.details["expected"], found=error.details["found"], todo=todo
        )


def line_of(node: Element) -> int:
    """Line of the file on which an element begins, from 1."""
    line: Any = node.sourceline  # lxml's stubs do not know that this is a number
    return int(line)
