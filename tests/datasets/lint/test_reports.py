"""The report as text, as JSON and as a page."""

import json
import re
from typing import Any

from spinedet.datasets.lint import page
from spinedet.datasets.lint.mending import mend
from spinedet.datasets.lint.page import render_page
from spinedet.datasets.lint.record import as_record
from spinedet.datasets.lint.rules import RULES
from spinedet.datasets.lint.text import report_lines, rules_lines


def test_text_has_a_line_a_finding_and_a_table_of_rules(data: Any, faults: dict[str, Any]) -> None:
    faults["B101"](data)
    faults["I306"](data)
    assert list(report_lines(data.check())) == [
        "Annotations/p0_1.xml  error    I306  there is no image JPEGImages/p0_1{.png,.jpg,.jpeg,.bmp,.tif,.tiff}",
        "Annotations/p0_1.xml:7  warning  B101  'bone' is drawn twice, edge on edge; the other is at line 6",
        "",
        "I306  error           1  an annotation has no image",
        "                         -> put the image there under the same name, or remove the annotation",
        "B101  warning         1  a box is drawn twice, and nothing tells the two apart",
        "                         -> `spinedet lint --fix` keeps the first",
        "",
        "spinedet lint: 1 error, 1 warning in 16 annotations with 49 boxes and 15 images",
    ]


def test_text_of_a_clean_dataset_is_one_line(data: Any) -> None:
    said = "spinedet lint: nothing found in 16 annotations with 48 boxes and 16 images"
    assert list(report_lines(data.check())) == [said]
    assert list(report_lines(data.check(pixels=False))) == [f"{said}; pixels were not looked at"]


def test_text_tells_what_was_mended_and_what_stays(data: Any, faults: dict[str, Any]) -> None:
    faults["C202"](data)
    faults["B104"](data)
    mended = mend(data.check())
    lines = list(report_lines(data.check(), mended))
    assert lines[0] == "Annotations/p0_1.xml  mended   C202"
    assert "1 file mended; `spinedet restore` brings the version before back. What stays:" in lines
    assert any("warning  B104" in line for line in lines)


def test_the_list_of_rules_has_them_all() -> None:
    text = "\n".join(rules_lines())
    assert all(rule.id in text and rule.about in text and rule.todo in text for rule in RULES.values())


def test_json_has_every_finding(data: Any, faults: dict[str, Any]) -> None:
    faults["B102"](data)
    record = json.loads(json.dumps(as_record(data.check(), ()), allow_nan=False))
    assert (record["schema"], record["tool"], record["dataset"]) == (1, "spinedet lint", "set")
    assert record["counts"] == {"error": 0, "warning": 1, "note": 0}
    assert record["found"] == {"B102": 1}
    assert record["findings"] == [
        {
            "rule": "B102",
            "severity": "warning",
            "file": "Annotations/p0_1.xml",
            "line": 7,
            "what": "'bone' is drawn twice in nearly the same place (IoU 0.95); the other is at line 6",
            "todo": "delete one of them in LabelImg",
            "image": "p0_1",
            "boxes": [[29, 14, 49, 33], [29, 14, 49, 34]],
            "beside": None,
        }
    ]


def test_every_fault_can_be_shown_on_a_page(fault: tuple[str, Any]) -> None:
    """Whatever is missing or damaged, the page is made, names rule and place, and needs nothing from elsewhere."""
    rule, report = fault
    text = render_page(report)
    assert f'id="{rule}"' in text
    assert report.findings[0].where.rpartition("/")[2] in text
    assert not re.search(r'(?:src|href)="(?!data:)', text)


def test_a_leak_is_shown_side_by_side(data: Any, faults: dict[str, Any]) -> None:
    faults["P408"](data)
    text = render_page(data.check())
    assert text.count("data:image/jpeg") == 2
    assert "patient p0" in text
    assert "This page holds images of patients" in text


def test_pictures_and_lines_are_bounded(data: Any, monkeypatch: Any) -> None:
    """Sixteen unknown classes: two pictures and three lines, and the page says so."""
    monkeypatch.setattr(page, "MOST_PICTURES", 2)
    monkeypatch.setattr(page, "MOST_LISTED", 3)
    text = render_page(data.check(classes=("disc",)))
    assert text.count("data:image/jpeg") == 2
    assert text.count('<th scope="row">Annotations/') == 3
    assert "at most 2 findings as pictures and lists at most 3" in " ".join(text.split())


def test_words_of_the_files_are_escaped(data: Any) -> None:
    data.change(data.xml("p0_1"), "<name>bone", "<name>&lt;script&gt;alert(1)")
    text = render_page(data.check())
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_clean_page_says_so(data: Any) -> None:
    text = render_page(data.check())
    assert "Nothing found in 16 annotations" in text
    assert "data:image" not in text
