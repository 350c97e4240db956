"""Every rule finds its fault and nothing else does; a clean dataset has no finding."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations import voc
from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, Reading, Remark
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.folds import make_folds
from spinedet.datasets.lint.checking import Asked, Report, lint
from spinedet.datasets.lint.class_rules import distance, looks_misspelt, nearest_class
from spinedet.datasets.lint.findings import Severity
from spinedet.datasets.lint.rules import OWN_CODES, RULES, SEEN_HERE, choose_rules
from spinedet.datasets.lint.views import FileView

PLACES = {
    "V001": "Annotations/p0_1.xml",
    "B101": "Annotations/p0_1.xml:7",
    "B102": "Annotations/p0_1.xml:7",
    "B103": "Annotations/p0_1.xml:7",
    "B104": "Annotations/p0_1.xml:7",
    "B105": "Annotations/p0_1.xml:7",
    "B106": "Annotations/p0_1.xml:7",
    "B109": "Annotations/p0_1.xml:4",
    "B110": "Annotations/p0_1.xml:4",
    "C201": "Annotations/p0_1.xml:6",
    "C202": "Annotations/p0_1.xml:4",
    "I301": "JPEGImages/p0_1.png",
    "I307": "JPEGImages/p0_1.png",
    "P402": "patients.csv:1",
    "P403": "patients.csv:2",
    "P405": "patients.csv:3",
    "P408": "JPEGImages/p5_1.png",
}


def test_a_clean_dataset_has_no_finding(data: Any) -> None:
    assert data.found() == []
    assert data.found(folds=5) == []


def test_a_rule_finds_its_fault_and_no_other_rule_does(fault: tuple[str, Report]) -> None:
    rule, report = fault
    assert {finding.rule for finding in report.findings} == {rule}
    for finding in report.findings:
        assert finding.severity == RULES[rule].severity
        assert finding.fault.what
        assert finding.todo
        assert finding.fault.place == finding.fault.place.replace("\\", "/")
    if rule in PLACES:
        assert report.findings[0].where.startswith(PLACES[rule])


def test_every_rule_has_its_fault(faults: dict[str, Any]) -> None:
    """V099 is for remarks that the reader may learn later; its own test is below."""
    assert set(faults) == set(RULES) - {"V099"}


def test_what_the_reader_remarks_has_a_row() -> None:
    words = ("CLIPPED", "SWAPPED", "ROTATED", "POLYGON", "DOUBLED", "SIZE_FROM_IMAGE", "ENCODING", "FILE_NAME")
    assert {getattr(voc, word) for word in words} == OWN_CODES | SEEN_HERE


def test_a_remark_without_a_row_is_told_all_the_same() -> None:
    reading = Reading(Annotation("a.png", 9, 9), (Remark("new", 3, "Something is odd."),))
    rule = RULES["V099"]
    found = list(rule.findings(FileView("a", "Annotations/a.xml", reading, (9, 9))))  # type: ignore[arg-type]
    assert [(one.where, one.fault.what) for one in found] == [("Annotations/a.xml:3", "Something is odd")]


REFUSED_BY_LOADING = {"V001", "V002", "C201", "C202", "I301", "I302", "I303", "I306", "I307", "I308", "I309"}
REFUSED_BY_FOLDS = {"C207", "P401", "P402", "P403", "P404", "P405", "P407"}
UNTRUE = {"P408"}


def test_an_error_is_what_loading_or_folds_refuse(fault: tuple[str, Report]) -> None:
    """And nothing else is; the one that makes figures untrue is nobody's to refuse."""
    rule, report = fault
    refused = False
    try:
        dataset = Dataset.load(report.view.root)
        check_images(dataset)
        make_folds(dataset, report.view.folds or 5, 0)
    except InputError:
        refused = True
    assert (RULES[rule].severity is Severity.ERROR) == (refused or rule in UNTRUE)
    assert refused == (rule in REFUSED_BY_LOADING | REFUSED_BY_FOLDS)


def test_all_refused_boxes_of_a_file_are_told_and_the_others_are_checked(data: Any) -> None:
    path = data.xml("p0_1")
    path.write_text(path.read_text("utf-8").replace("<xmax>24", "<xmax>2400"), "utf-8")
    data.change(path, "<name>bone", "<name>sacrum")
    assert data.found() == [("V001", f"Annotations/p0_1.xml:{line}") for line in (4, 5)] + [
        ("C201", "Annotations/p0_1.xml:6")
    ]


def test_the_nearest_class_is_suggested(data: Any) -> None:
    data.change(data.xml("p0_1"), "<name>bone", "<name>bnoe")
    (finding,) = data.check().findings
    assert finding.fault.what == "class 'bnoe' is not known; did you mean 'bone'?"


def test_a_pair_that_leaks_names_both_patients(data: Any, faults: dict[str, Any]) -> None:
    faults["P408"](data)
    (finding,) = data.check().findings
    assert finding.fault.what == "is of patient p5 and has the same pixels as p0_1.png of patient p0"
    assert (finding.fault.image, finding.fault.beside) == ("p5_1", "p0_1")


def test_a_leak_is_found_behind_a_copy_of_the_same_patient(data: Any) -> None:
    """Three times the same pixels, twice of p0 and once of p5: one double and one leak."""
    for name in ("p0_2", "p5_1"):
        shutil.copy(data.image("p0_1"), data.image(name))
    rules = {finding.fault.image: finding.rule for finding in data.check().findings}
    assert rules["p5_1"] == "P408"
    assert set(rules) == {"p0_2", "p5_1"}


def test_without_pixels_no_image_is_decoded(data: Any, faults: dict[str, Any]) -> None:
    faults["P408"](data)
    assert data.found(pixels=False) == []
    assert data.found(rules=choose_rules(ignore=["P408"])) == []


def test_the_boxes_in_question_go_with_the_finding(data: Any, faults: dict[str, Any]) -> None:
    faults["B102"](data)
    (finding,) = data.check().findings
    assert finding.fault.boxes == (Box(29, 14, 49, 33), Box(29, 14, 49, 34))


def test_ten_identical_boxes_are_nine_findings(data: Any) -> None:
    """Each is compared with the first, so a thousand copies do not make half a million pairs."""
    bone = (
        "<object><name>bone</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>12</xmax><ymax>12</ymax></bndbox></object>"
    )
    data.add("p0_1", *[bone] * 10)
    assert [rule for rule, _ in data.found()] == ["B101"] * 9


def test_boxes_that_differ_in_a_flag_are_no_exact_double(data: Any) -> None:
    data.add("p0_1", data.thing("bone", 30, 15, 49, 34, more="<difficult>1</difficult>"))
    assert [rule for rule, _ in data.found()] == ["B102"]


def test_a_task_gives_classes(data: Any) -> None:
    found = data.found(classes=("disc",))
    assert {rule for rule, _ in found} == {"C201"}
    assert len(found) == 16


def test_an_annotator_is_checked_alone(data: Any) -> None:
    """Images that somebody has not drawn on are no fault of anybody."""
    folder = data.root / "annotators" / "Anna"
    folder.mkdir(parents=True)
    shutil.copy(data.xml("p0_1"), folder)
    shutil.copy(data.xml("p0_1"), folder / "ghost.xml")
    found = data.found(annotator="Anna", rules=choose_rules(ignore=["C207", "P404"]))
    assert [(rule, place) for rule, place in found if rule != "I304"] == [("I306", "annotators/Anna/ghost.xml")]
    with pytest.raises(InputError, match="no such annotator"):
        data.check(annotator="Bert")


def test_xml_beside_the_folders_is_explained(data: Any) -> None:
    for path in (data.root / "Annotations").iterdir():
        path.rename(data.root / path.name)
    (finding,) = data.check().findings
    assert (finding.rule, finding.fault.what) == ("I308", "the XML files lie in the dataset folder itself")


def test_a_phantom_has_no_finding(tmp_path: Path) -> None:
    from spinedet.datasets.phantoms.lumbar import make_lumbar

    report = lint(make_lumbar(tmp_path / "phantom", 12, 3), Asked(folds=5))
    assert [finding for finding in report.findings if finding.severity is not Severity.NOTE] == []


def test_the_real_set_is_clean(lumbar_mri: Path) -> None:
    assert lint(lumbar_mri, Asked(folds=5)).findings == ()


@pytest.mark.parametrize(
    ("first", "second", "slips"),
    [
        ("disc", "disc", 0),
        ("disc", "disk", 1),
        ("disc", "dsic", 1),
        ("disc", "discs", 1),
        ("", "disc", 4),
        ("ab", "ba", 1),
    ],
)
def test_slips_are_counted(first: str, second: str, slips: int) -> None:
    assert distance(first, second) == distance(second, first) == slips


@pytest.mark.parametrize(
    ("name", "other", "misspelt"),
    [
        ("disk", "disc", True),
        ("herniaton", "herniation", True),
        ("spondylolistesis", "spondylolisthesis", True),
        ("L4", "L5", False),
        ("grade1", "grade2", False),
        ("normal", "abnormal", False),
        ("disc", "disc", False),
    ],
)
def test_slips_are_told_from_other_names(name: str, other: str, misspelt: bool) -> None:
    """Figures are no slips, and short names leave no room for any."""
    assert looks_misspelt(name, other) is misspelt


def test_a_name_like_none_is_like_none() -> None:
    assert nearest_class("Di sk", ["disc", "bone"]) == "disc"
    assert nearest_class("xyz", ["disc", "bone"]) is None


@pytest.mark.parametrize(
    ("only", "ignore", "chosen"),
    [
        ([], [], set(RULES)),
        (["b101"], [], {"B101"}),
        (["C", "P4"], ["C2"], {rule for rule in RULES if rule.startswith("P")}),
        ([], ["V", "B", "C", "I", "P"], {"S501", "S502", "S503"}),
    ],
)
def test_rules_are_chosen_by_their_beginning(only: list[str], ignore: list[str], chosen: set[str]) -> None:
    assert choose_rules(only, ignore) == chosen


def test_an_unknown_rule_is_told() -> None:
    with pytest.raises(InputError, match="did you mean 'V001'"):
        choose_rules(["V0001"])


def test_rules_have_ids_in_their_family_and_words(faults: dict[str, Callable[..., Any]]) -> None:
    hundreds = {"V": "0", "B": "1", "C": "2", "I": "3", "P": "4", "S": "5"}
    for rule in RULES.values():
        assert hundreds[rule.id[0]] == rule.id[1]
        assert rule.about[0].islower() or rule.about.startswith("dataset.yaml")
        assert not rule.about.endswith(".")
        assert not rule.todo.endswith(".")
