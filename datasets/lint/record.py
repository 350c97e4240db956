"""A report for programs: `schema`, what was checked, how much was found, and every finding."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from spinedet.datasets.lint.checking import Report
from spinedet.datasets.lint.findings import Finding
from spinedet.datasets.lint.mending import Mended
from spinedet.datasets.lint.text import MARK

SCHEMA: Final = 1
"""Number of the layout."""


def as_record(report: Report, mended: Sequence[Mended] = ()) -> dict[str, Any]:
    """The report as JSON values.

    Boxes are continuous edges (x0, y0, x1, y1) in pixels of the image; `file` is relative to the dataset; `line` counts
    from 1 and is null where no line is known.
    """
    view = report.view
    return {
        "schema": SCHEMA,
        "tool": MARK,
        "dataset": report.name,
        "annotator": view.annotator,
        "annotations": len(view.xml),
        "boxes": len(view.columns.box),
        "images": len(view.files),
        "pixels": view.pixels is not None,
        "rules": sorted(report.asked.rules),
        "counts": {str(severity): number for severity, number in report.counts().items()},
        "found": dict(sorted(Counter(finding.rule for finding in report.findings).items())),
        "findings": [_finding(finding) for finding in report.findings],
        "mended": [{"file": one.place, "findings": [_finding(finding) for finding in one.findings]} for one in mended],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    fault = finding.fault
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "file": fault.place,
        "line": fault.line,
        "what": fault.what,
        "todo": finding.todo,
        "image": fault.image,
        "boxes": [list(map(float, box)) for box in fault.boxes],
        "beside": fault.beside,
    }
