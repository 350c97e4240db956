"""`--fix` does what is safe, keeps the version before, and does nothing the second time."""

from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.history import restore, versions
from spinedet.annotations.lock import annotating
from spinedet.annotations.voc import read_voc
from spinedet.datasets.lint.checking import Report
from spinedet.datasets.lint.mending import mend
from spinedet.datasets.lint.rules import RULES, choose_rules

MENDED = {"V003", "V004", "B101", "B105", "B106", "C202", "I303", "I305"}


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the dataset; the lock comes and goes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_only_safe_rules_have_a_mend() -> None:
    assert {rule.id for rule in RULES.values() if rule.mend is not None} == MENDED


def test_a_fault_is_mended_or_left_alone(fault: tuple[str, Report], data: Any) -> None:
    """What is mended is found no more, a second run has nothing to do, and `restore` brings every byte back."""
    rule, report = fault
    before = contents(data.root)
    mended = mend(report)
    if rule not in MENDED:
        assert mended == ()
        assert contents(data.root) == before
        return
    assert [(one.place, {finding.rule for finding in one.findings}) for one in mended] == [
        ("Annotations/p0_1.xml", {rule})
    ]
    again = data.check()
    assert again.findings == ()
    assert mend(again) == ()
    restore(data.xml("p0_1"))
    assert {name: data_ for name, data_ in contents(data.root).items() if ".history" not in name} == before


def test_a_mend_leaves_all_else_as_it_was(data: Any) -> None:
    """Two identical bones, one of them goes; unknown words of another tool stay."""
    odd, plain = (data.thing("bone", 2, 2, 12, 12, more=more) for more in ("<level>L4</level>", ""))
    data.add("p0_1", odd, odd, plain)
    before = read_voc(data.xml("p0_1"))
    (one,) = mend(data.check(rules=choose_rules(["B101"])))
    after = read_voc(data.xml("p0_1"))
    assert len(one.findings) == 1
    assert after.objects == (*before.objects[:4], before.objects[5])
    assert after.objects[3].extra == before.objects[3].extra != ()


def test_only_what_was_asked_for_is_mended(data: Any, faults: dict[str, Any]) -> None:
    faults["I305"](data)
    faults["C202"](data)
    mend(data.check(rules=choose_rules(["C202"])))
    assert [rule for rule, _ in data.found()] == ["I305"]


def test_a_file_with_a_refused_box_is_never_written(data: Any, faults: dict[str, Any]) -> None:
    """Writing what could be read would throw the other box away."""
    faults["C202"](data)
    data.change(data.xml("p0_1"), "<xmax>49", "<xmax>4900")
    before = data.xml("p0_1").read_bytes()
    assert mend(data.check()) == ()
    assert data.xml("p0_1").read_bytes() == before


def test_another_size_is_left_to_a_person(data: Any) -> None:
    """The boxes may be of another image: more than two pixels, or a box outside the image, is no habit of a tool."""
    data.change(data.xml("p0_1"), "<width>64", "<width>67")
    data.change(data.xml("p3_1"), "<width>64</width><height>48", "<width>66</width><height>48")
    data.change(data.xml("p3_1"), "<xmax>49", "<xmax>65")
    assert [rule for rule, _ in data.found()] == ["I302", "I302"]
    assert mend(data.check()) == ()


def test_an_image_with_two_files_is_left_alone(data: Any, faults: dict[str, Any]) -> None:
    faults["I309"](data)
    faults["V004"](data)
    assert mend(data.check()) == ()


def test_the_files_of_an_annotator_are_mended_in_their_place(data: Any, faults: dict[str, Any]) -> None:
    faults["C202"](data)
    path = data.root / "annotators" / "Anna" / "p0_1.xml"
    path.parent.mkdir(parents=True)
    data.xml("p0_1").rename(path)
    (one,) = mend(data.check(annotator="Anna"))
    assert one.place == "annotators/Anna/p0_1.xml"
    assert len(versions(path)) == 1
    assert read_voc(path).objects[0].name == "disc"


def test_a_file_changed_since_the_check_is_mended_as_it_is_now(data: Any, faults: dict[str, Any]) -> None:
    faults["C202"](data)
    report = data.check()
    data.change(data.xml("p0_1"), "<xmax>49", "<xmax>45")
    mend(report)
    assert read_voc(data.xml("p0_1")).objects[2].box.x1 == 45
    faults["C202"](data)
    report = data.check()
    data.xml("p0_1").write_text("<annotation>", "utf-8")
    assert mend(report) == ()


def test_a_folder_open_in_labelimg_is_not_touched(data: Any, faults: dict[str, Any]) -> None:
    faults["C202"](data)
    report, before = data.check(), data.xml("p0_1").read_bytes()
    with annotating(data.root / "Annotations", "Anna"), pytest.raises(InputError, match="open in LabelImg"):
        mend(report)
    assert data.xml("p0_1").read_bytes() == before


def test_a_disk_that_fails_loses_nothing(data: Any, faults: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    faults["C202"](data)
    report, before = data.check(), data.xml("p0_1").read_bytes()

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WorkError):
        mend(report)
    monkeypatch.undo()
    assert data.xml("p0_1").read_bytes() == before
