"""The reference standard of experts: who is not done, how far they agreed, who settled what, and that it stays."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import box, drawn, whole

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import write_voc
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.reference import make_reference
from spinedet.benchmarks.study.sealed import read_key, read_standard
from spinedet.datasets.annotating import make_session
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import Task

MakeStudy = Callable[..., StudyFolder]


@pytest.fixture
def study(make: MakeStudy) -> StudyFolder:
    return make(experts=("E1", "E2", "E3"))


def draw(
    study: StudyFolder, expert: str, codes: Sequence[str] | None = None, classes: Sequence[str] = ("disc",)
) -> None:
    for code in study.protocol.codes if codes is None else codes:
        write_voc(study.reference / "annotators" / expert / f"{code}.xml", drawn(code, classes))


def all_draw(study: StudyFolder) -> None:
    for expert in ("E1", "E2", "E3"):
        draw(study, expert)


def told(study: StudyFolder, **asked: object) -> str:
    return "\n".join(make_reference(study, **asked).told)  # type: ignore[arg-type]


def test_experts_get_a_dataset_without_names_and_boxes(study: StudyFolder) -> None:
    session = make_session(study.reference, "E1")
    assert [work.image for work in session.works] == list(study.protocol.codes)
    assert session.classes == ("disc", "rare")
    assert not study.truth.exists()
    with pytest.raises(InputError, match=r"(?s)experts have not made.*spinedet study reference"):
        read_standard(study)


def test_who_is_not_done_is_told_and_nothing_is_compared(study: StudyFolder) -> None:
    draw(study, "E1")
    draw(study, "E2", study.protocol.codes[:6])
    found = make_reference(study)
    assert not found.finished
    assert found.told[:2] == (
        "E2 has 2 of 8 images left: S007, S008.",
        "E3 has 8 of 8 images left: S001, S002, S003, S004, S005 and 3 more.",
    )
    assert "spinedet annotate" in found.told[2]
    assert str(study.reference / "annotators" / "NAME") in found.told[3]
    assert not study.consensus.exists()
    assert not (study.sealed / "agreement.json").exists()


def test_all_agree(study: StudyFolder) -> None:
    all_draw(study)
    found = make_reference(study)
    assert found.finished
    standard = read_standard(study)
    assert standard.told == found.told
    words = "\n".join(found.told)
    assert "3 experts (E1, E2, E3) drew on all 8 images" in words
    assert "Before discussion, E1 and E2: F1 1.000 (95 % interval 1.000 to 1.000)" in words
    assert "8 of 8 images were settled by agreement and 0 by nobody else" in words
    key = read_key(study)
    for one in standard.truth:
        assert [(mark.label, mark.box) for mark in one.marks] == [("disc", box(0))]
        assert one.patient == key[one.code].neutral


def test_a_senior_settles_the_rest(study: StudyFolder) -> None:
    """E3 calls the disc of S002 rare: two kappas of a class are not perfect, and the senior takes E3's side."""
    all_draw(study)
    draw(study, "E3", ["S002"], classes=["rare"])
    first = told(study)
    assert "1 of 8 images are left to decide (S002)" in first
    assert "spinedet annotate" in first
    assert "E1 and E2: F1 1.000" in first
    assert "E1 and E3: F1 0.875" in first
    assert not study.truth.exists()
    assert "Z decides them" in told(study, senior="Z")
    write_voc(study.consensus / "annotators" / "Z" / "S002.xml", drawn("S002", ["rare"]))
    last = told(study, senior="Z")
    assert "7 of 8 images were settled by agreement and 1 by Z" in last
    assert "Boxes by what became of them: 7 mean, 1 taken" in last
    labels = {one.code: one.marks[0].label for one in read_standard(study).truth}
    assert labels["S002"] == "rare"
    assert labels["S001"] == "disc"


def test_agreement_is_recorded_before_discussion_and_stays(study: StudyFolder) -> None:
    all_draw(study)
    draw(study, "E3", ["S002"], classes=["rare"])
    told(study)
    before = (study.sealed / "agreement.json").read_bytes()
    draw(study, "E3", ["S002"], classes=["disc"])  # E3 gives in
    last = told(study)
    assert (study.sealed / "agreement.json").read_bytes() == before
    assert "E1 and E3: F1 0.875" in last
    assert "After that, experts changed their own files of 1 image: S002." in last


def test_what_is_settled_is_not_settled_again(study: StudyFolder) -> None:
    all_draw(study)
    first = make_reference(study)
    assert make_reference(study) == first
    for expert in ("E1", "E2", "E3"):
        draw(study, expert, ["S004"], classes=["rare"])
    with pytest.raises(InputError, match=r"(?s)is settled.*1 images differ: S004"):
        make_reference(study)


def test_a_settled_standard_that_was_changed_shows(study: StudyFolder) -> None:
    """The protocol cannot hold its hash, since experts make it after the protocol is frozen."""
    all_draw(study)
    make_reference(study)
    before = study.truth.read_text(encoding="utf-8")
    study.truth.write_text(before.replace('"disc"', '"rare"', 1), encoding="utf-8")
    for use in (read_standard, make_reference):
        with pytest.raises(InputError, match="The reference standard was changed after it was frozen"):
            use(study)
    study.truth.unlink()  # what the message of another standard says
    make_reference(study)
    assert study.truth.read_text(encoding="utf-8") == before
    read_standard(study)


def test_experts_are_those_of_the_protocol(study: StudyFolder, make: MakeStudy) -> None:
    with pytest.raises(InputError, match="annotations"):
        make_reference(make())
    with pytest.raises(InputError, match=r"(?s)Other experts were decided on.*E1,E2,E3.*E1,E9"):
        make_reference(study, experts=["E1", "E9"])
    with pytest.raises(InputError, match=r"(?s)A reader would make the reference standard.*found: R1"):
        make_reference(study, senior="R1")
    with pytest.raises(InputError, match="Two experts have one name"):
        make_reference(study, senior="e1")


@pytest.fixture
def whole_study(make: MakeStudy, data: Dataset) -> StudyFolder:
    items = tuple(replace(item, annotation=whole(item.image, item.annotation.objects[-1].name)) for item in data.items)
    task = Task(task="t", about="a", classes=("disc", "rare"), box="image", kind="classes", positive=("rare",))
    return make(data=replace(data, items=items), task=task, positive=(), experts=("E1", "E2"))


def labels(path: Path, rows: dict[str, str], codes: Sequence[str]) -> Path:
    """A table from a word a reader: one letter an image, d or r; a point leaves it out."""
    names = {"d": "disc", "r": "rare"}
    lines = [
        f"{who},{code},{names[one]}"
        for who, word in rows.items()
        for code, one in zip(codes, word, strict=True)
        if one in names
    ]
    path.write_text("\n".join(["expert,image,label", *lines]) + "\n", encoding="utf-8")
    return path


def test_labels_by_majority_and_senior(whole_study: StudyFolder, tmp_path: Path) -> None:
    """Two experts differ on the last two of eight images; both kappas are (6/8 - 1/2) / (1/2) = 0.5."""
    codes = whole_study.protocol.codes
    table = labels(tmp_path / "l.csv", {"E1": "ddddrrrr", "E2": "dddrrrrd"}, codes)
    found = make_reference(whole_study, labels=table)
    words = "\n".join(found.told)
    assert not found.finished
    assert "2 images without an answer of more than half of the experts: S004 (disc, rare), S008 (rare, disc)" in words
    assert "all experts said the same of 6 of 8 images" in words
    assert "E1, E2 0.500 (95 % interval" in words
    assert "Fleiss' kappa before discussion: 0.500" in words
    table = labels(tmp_path / "l.csv", {"E1": "ddddrrrr", "E2": "dddrrrrd", "Z": "...d...r"}, codes)
    last = make_reference(whole_study, labels=table, senior="Z")
    assert last.finished
    assert "6 of 8 images by most of them and 2 by Z" in "\n".join(last.told)
    assert [one.label for one in read_standard(whole_study).truth] == ["disc"] * 4 + ["rare"] * 4
    record = json.loads((whole_study.sealed / "agreement.json").read_text(encoding="utf-8"))
    assert record["figures"]["cohen"]["E1, E2"]["value"] == 0.5


def test_labels_from_boxes(whole_study: StudyFolder) -> None:
    for expert in ("E1", "E2"):
        for code in whole_study.protocol.codes:
            write_voc(whole_study.reference / "annotators" / expert / f"{code}.xml", whole(code, "rare"))
    assert make_reference(whole_study).finished
    assert {one.label for one in read_standard(whole_study).truth} == {"rare"}


def test_three_experts_need_two(make: MakeStudy, data: Dataset, tmp_path: Path) -> None:
    items = tuple(replace(item, annotation=whole(item.image, "disc")) for item in data.items)
    task = Task(task="t", about="a", classes=("disc", "rare"), box="image", kind="classes", positive=("rare",))
    study = make(data=replace(data, items=items), task=task, positive=(), experts=("E1", "E2", "E3"))
    table = labels(tmp_path / "l.csv", {"E1": "dddddddd", "E2": "rrrrdddd", "E3": "rrddrrdd"}, study.protocol.codes)
    assert make_reference(study, labels=table).finished
    assert [one.label for one in read_standard(study).truth] == ["rare"] * 2 + ["disc"] * 6


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["expert,image,label", "E1,S001,dics"], r"(?s)know a class.*'dics'.*l\.csv:2"),
        (["expert,image,label", "E9,S001,disc"], r"(?s)Who is this.*'E9'.*l\.csv:2"),
        (["expert,image,label", "E1,S001,disc", "E1,S001,rare"], r"(?s)E1 answers twice.*l\.csv:3"),
        (["expert,image,label", "E1,S999,disc"], r"(?s)no such image.*l\.csv:2"),
        (["who,image,label", "E1,S001,disc"], r"(?s)columns are wrong.*l\.csv:1"),
    ],
)
def test_labels_that_are_wrong(whole_study: StudyFolder, tmp_path: Path, rows: list[str], message: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        make_reference(whole_study, labels=path)


def test_missing_labels_are_told(whole_study: StudyFolder, tmp_path: Path) -> None:
    table = labels(tmp_path / "l.csv", {"E1": "dddddddd", "E2": "ddd....."}, whole_study.protocol.codes)
    found = make_reference(whole_study, labels=table)
    assert (found.finished, found.told) == (False, ("E2 has 5 of 8 images left: S004, S005, S006, S007, S008.",))
