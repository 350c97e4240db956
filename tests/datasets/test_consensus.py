"""From annotators' folders to one dataset, with a senior who decides; small datasets written by hand."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.review import disputed_images, opinions, start_file
from spinedet.annotations.errors import InputError
from spinedet.annotations.history import versions
from spinedet.annotations.lock import annotating
from spinedet.annotations.voc import read_voc
from spinedet.datasets.consensus import Outcome, make_consensus
from spinedet.datasets.dataset import Dataset

VocBox = tuple[Any, ...]

DISC, LOWER, VERTEBRA = ("disc", 1, 1, 20, 10), ("disc", 1, 21, 20, 30), ("vertebra", 30, 20, 49, 39)
RENAMED = ("disc", 30, 20, 49, 39)

OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def draw(root: Path, annotator: str, image: str, boxes: Sequence[VocBox], size: tuple[int, int] = (64, 48)) -> Path:
    """Save boxes as an annotator does."""
    path = root / "annotators" / annotator / f"{image}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    sides = "<size><width>{}</width><height>{}</height><depth>1</depth></size>".format(*size)
    objects = "".join(OBJECT.format(*box) for box in boxes)
    path.write_text(f"<annotation><filename>{image}.png</filename>{sides}{objects}</annotation>", encoding="utf-8")
    return path


@pytest.fixture
def drawn(make_dataset: Callable[..., Path]) -> Path:
    """Three images: on a1 ann and bob agree, on b1 bob missed a disc, on c1 they name a vertebra differently."""
    root = make_dataset({image: (f"P{image[0]}", []) for image in ("a1", "b1", "c1")})
    for image, ann, bob in (
        ("a1", [DISC, VERTEBRA], [VERTEBRA, ("disc", 3, 1, 22, 10)]),
        ("b1", [DISC, LOWER], [DISC]),
        ("c1", [DISC, VERTEBRA], [DISC, RENAMED]),
    ):
        draw(root, "ann", image, ann)
        draw(root, "bob", image, bob)
    return root


def run(root: Path, **changes: Any) -> Outcome:
    """The command of these tests, into the folder `out` beside the dataset."""
    words: dict[str, Any] = {"annotators": ["ann", "bob"], "out": root.parent / "out", "senior": "zoe", **changes}
    return make_consensus(root, **words)


def provenance(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((out / "provenance.json").read_text(encoding="utf-8"))["boxes"]
    return rows


def edges(path: Path) -> list[tuple[str, Box]]:
    return [(thing.name, thing.box) for thing in read_voc(path).objects]


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder with its bytes."""
    found = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))}
    return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


def test_what_all_agree_on_is_decided_and_the_rest_waits(drawn: Path) -> None:
    outcome = run(drawn, senior=None)
    assert (outcome.images, outcome.agreed, dict(outcome.disputes)) == (3, 4, {"missed": 1, "class": 1})
    assert (outcome.by_agreement, outcome.left, outcome.finished) == (("a1",), ("b1", "c1"), False)
    assert [path.name for path in (outcome.folder / "Annotations").glob("*.xml")] == ["a1.xml"]
    assert edges(outcome.folder / "Annotations" / "a1.xml") == [
        ("disc", Box(1, 0, 21, 10)),  # the mean of 0..20 and 2..22
        ("vertebra", Box(29, 19, 49, 39)),
    ]


def test_the_senior_finds_the_agreed_boxes_and_both_opinions(drawn: Path) -> None:
    out = run(drawn).folder
    assert disputed_images(out) == ["b1", "c1"]
    assert [(row.annotator, row.name, row.reason, row.group) for row in opinions(out, "c1")] == [
        ("ann", "vertebra", "class", 1),
        ("bob", "disc", "class", 1),
    ]
    start = start_file(out, "c1")
    assert start is not None
    assert edges(start) == [("disc", Box(0, 0, 20, 10))]


def test_an_unfinished_outcome_is_no_dataset_yet(drawn: Path) -> None:
    with pytest.raises(InputError, match="Images have no annotation"):
        Dataset.load(run(drawn).folder)


def test_what_the_senior_saves_decides_and_the_outcome_is_a_dataset(drawn: Path) -> None:
    out = run(drawn).folder
    draw(out, "zoe", "b1", [DISC])
    draw(out, "zoe", "c1", [DISC, VERTEBRA])
    outcome = run(drawn)
    assert (outcome.finished, outcome.by_senior, outcome.replaced) == (True, ("b1", "c1"), ())
    data = Dataset.load(out)
    assert data.counts() == {"disc": 3, "vertebra": 2}
    assert data.patients == ("Pa", "Pb", "Pc")
    assert data.name == drawn.name
    assert disputed_images(out) == []
    assert start_file(out, "c1") is None


def test_every_box_has_a_record(drawn: Path) -> None:
    out = run(drawn).folder
    draw(out, "zoe", "b1", [DISC])
    draw(out, "zoe", "c1", [DISC, VERTEBRA, LOWER])
    outcome = run(drawn)
    told = [(row["image"], row["class"], row["how"], row["decided_by"], row["reason"]) for row in provenance(out)]
    assert told == [
        ("a1", "disc", "mean", "agreement", None),
        ("a1", "vertebra", "mean", "agreement", None),
        ("b1", "disc", "mean", "agreement", None),
        ("b1", "disc", "dropped", "zoe", "missed"),
        ("c1", "disc", "mean", "agreement", None),
        ("c1", "vertebra", "taken", "zoe", "class"),
        ("c1", "disc", "added", "zoe", None),
    ]
    assert provenance(out)[5]["taken_from"] == ["ann"]
    assert dict(outcome.boxes) == {"mean": 4, "dropped": 1, "taken": 1, "added": 1}
    kept = [row for row in provenance(out) if row["kept"]]
    assert len(kept) == sum(Dataset.load(out).counts().values())


def test_a_senior_may_be_named_later_and_is_remembered(drawn: Path) -> None:
    out = run(drawn, senior=None).folder
    draw(out, "zoe", "b1", [DISC])
    assert run(drawn).by_senior == ("b1",)
    assert run(drawn, senior=None).by_senior == ("b1",)


def test_running_again_changes_nothing(drawn: Path) -> None:
    out = run(drawn).folder
    draw(out, "zoe", "b1", [DISC])
    run(drawn)
    before = tree(out)
    run(drawn)
    assert tree(out) == before


def test_the_order_of_annotators_is_that_of_the_first_time(drawn: Path) -> None:
    out = run(drawn).folder
    before = tree(out)
    run(drawn, annotators=["bob", "ann"])
    assert tree(out) == before


def test_a_decision_older_than_what_it_decides_goes_back(drawn: Path) -> None:
    """Bob draws another box after zoe has decided: her file becomes the start, and nothing of it is lost."""
    out = run(drawn).folder
    saved = draw(out, "zoe", "b1", [DISC, LOWER])
    data = saved.read_bytes()
    run(drawn)
    draw(drawn, "bob", "b1", [DISC, VERTEBRA])
    outcome = run(drawn)
    assert (outcome.sent_back, outcome.by_senior) == (("b1",), ())
    assert not saved.exists()
    assert versions(saved)[0].path.read_bytes() == data
    start = start_file(out, "b1")
    assert start is not None
    assert start.read_bytes() == data
    assert not (out / "Annotations" / "b1.xml").exists()
    assert versions(out / "Annotations" / "b1.xml")
    assert {row.name for row in opinions(out, "b1")} == {"disc", "vertebra"}


def test_it_stays_back_until_the_senior_saves_even_the_same_again(drawn: Path) -> None:
    out = run(drawn).folder
    saved = draw(out, "zoe", "b1", [DISC, LOWER])
    run(drawn)
    draw(drawn, "bob", "b1", [DISC, VERTEBRA])
    assert run(drawn).sent_back == run(drawn).sent_back == ("b1",)
    draw(out, "zoe", "b1", [DISC, LOWER])
    assert run(drawn).by_senior == ("b1",)
    assert edges(out / "Annotations" / "b1.xml") == edges(saved)


def test_a_file_saved_before_the_dispute_was_known_decides_nothing(drawn: Path) -> None:
    """a1 was agreed when zoe drew on it; then ann changed a class."""
    out = run(drawn).folder
    draw(out, "zoe", "a1", [DISC])
    assert run(drawn).unused == ("a1",)
    draw(drawn, "ann", "a1", [DISC, RENAMED])
    outcome = run(drawn)
    assert (outcome.sent_back, outcome.by_agreement) == (("a1",), ())


def test_a_dispute_that_the_annotators_settle_needs_no_senior(drawn: Path) -> None:
    out = run(drawn).folder
    draw(out, "zoe", "b1", [LOWER])
    run(drawn)
    draw(drawn, "bob", "b1", [DISC, LOWER])
    outcome = run(drawn)
    assert (outcome.unused, outcome.replaced, outcome.by_agreement) == (("b1",), ("b1",), ("a1", "b1"))
    assert (out / "annotators" / "zoe" / "b1.xml").is_file()
    assert edges(versions(out / "Annotations" / "b1.xml")[0].path) == [("disc", Box(0, 20, 20, 30))]


def test_a_decided_file_edited_by_hand_is_kept_and_named(drawn: Path) -> None:
    out = run(drawn).folder
    decided = out / "Annotations" / "a1.xml"
    edited = decided.read_text(encoding="utf-8").replace("disc", "disk")
    decided.write_text(edited, encoding="utf-8")
    assert run(drawn).replaced == ("a1",)
    assert versions(decided)[0].path.read_text(encoding="utf-8") == edited


def test_an_empty_file_is_no_decision(drawn: Path) -> None:
    """An empty file is no decision: another program may have left it."""
    out = run(drawn).folder
    draw(out, "zoe", "b1", []).write_bytes(b"")
    (out / "Annotations" / "c1.xml").write_bytes(b"")
    outcome = run(drawn)
    assert outcome.left == ("b1", "c1")
    assert not (out / "Annotations" / "c1.xml").exists()


def test_images_that_not_all_have_finished_are_left_out_and_named(drawn: Path) -> None:
    (drawn / "annotators" / "bob" / "b1.xml").unlink()
    for annotator in ("ann", "bob"):
        (drawn / "annotators" / annotator / "c1.xml").unlink()
    outcome = run(drawn)
    assert (outcome.images, outcome.unfinished, outcome.untouched) == (1, {"b1": ("ann",)}, ("c1",))
    assert outcome.finished
    assert Dataset.load(outcome.folder).images == ("a1",)


def test_they_join_when_they_are_finished(drawn: Path) -> None:
    path = drawn / "annotators" / "bob" / "b1.xml"
    data = path.read_bytes()
    path.unlink()
    assert run(drawn).images == 2
    path.write_bytes(data)
    assert run(drawn).images == 3


def test_images_are_hard_links_and_the_card_has_the_classes(drawn: Path) -> None:
    out = run(drawn).folder
    assert (out / "JPEGImages" / "a1.png").samefile(drawn / "JPEGImages" / "a1.png")
    assert (out / "patients.csv").read_bytes() == (drawn / "patients.csv").read_bytes()
    card = yaml.safe_load((out / "dataset.yaml").read_text(encoding="utf-8"))
    assert card == {"name": drawn.name, "classes": ["disc", "vertebra"]}


def test_images_are_copied_where_the_disk_has_no_links(drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    out = run(drawn).folder
    run(drawn)
    copy = out / "JPEGImages" / "a1.png"
    assert not copy.samefile(drawn / "JPEGImages" / "a1.png")
    assert copy.read_bytes() == (drawn / "JPEGImages" / "a1.png").read_bytes()


def test_a_card_is_kept_as_it_is(drawn: Path) -> None:
    text = "# ours\nname: spines\nclasses: [vertebra, disc]\n"
    (drawn / "dataset.yaml").write_text(text, encoding="utf-8")
    out = run(drawn).folder
    assert (out / "dataset.yaml").read_text(encoding="utf-8") == text


def test_a_changed_list_of_patients_follows_and_the_old_one_stays_beside_it(drawn: Path) -> None:
    out = run(drawn).folder
    old = (out / "patients.csv").read_bytes()
    (drawn / "patients.csv").write_text("image,patient\na1,X\nb1,X\nc1,X\n", encoding="utf-8")
    run(drawn)
    assert (out / "patients.csv").read_bytes() == (drawn / "patients.csv").read_bytes()
    assert (out / "patients.csv.before-1").read_bytes() == old


def test_image_sets_are_copied_where_every_image_is_there(drawn: Path) -> None:
    lists = drawn / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "all.txt").write_text("a1\nb1\nc1\n", encoding="utf-8")
    (lists / "disc_all.txt").write_text("a1 1\nb1 -1\n", encoding="utf-8")
    (lists / "more.txt").write_text("a1\nd1\n", encoding="utf-8")
    outcome = run(drawn)
    assert outcome.lists_left_out == ("more",)
    assert sorted(path.name for path in (outcome.folder / "ImageSets" / "Main").iterdir()) == [
        "all.txt",
        "disc_all.txt",
    ]


def test_three_annotators_need_all_three(drawn: Path) -> None:
    for image, boxes in (("a1", [DISC, VERTEBRA]), ("b1", [DISC]), ("c1", [DISC])):
        draw(drawn, "carl", image, boxes)
    outcome = run(drawn, annotators=["ann", "bob", "carl"])
    assert (outcome.agreed, dict(outcome.disputes)) == (4, {"missed": 1, "class": 1})


def test_a_moved_dataset_is_gone_on_with(drawn: Path) -> None:
    out = run(drawn).folder
    moved = drawn.rename(drawn.parent / "moved")
    draw(out, "zoe", "b1", [DISC])
    assert run(moved).by_senior == ("b1",)


def refused(root: Path, **changes: Any) -> str:
    """Run what must be refused and must leave everything as it was."""
    before = tree(root.parent)
    with pytest.raises(InputError) as caught:
        run(root, **changes)
    assert tree(root.parent) == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"annotators": ["ann"]}, "two annotators or more"),
        ({"annotators": ["ann", "ann"]}, "named twice"),
        ({"annotators": ["ann", "Ann"]}, "named twice"),
        ({"annotators": ["ann", "bobby"]}, "did you mean 'bob'"),
        ({"senior": "bob"}, "The senior is one of the annotators"),
        ({"senior": "Bob"}, "named twice"),
        ({"senior": "a/b"}, "cannot be an annotator's name"),
        ({"iou": 0}, "out of range"),
        ({"classes": ["disc"]}, "A class is unknown"),
    ],
)
def test_wrong_words_are_refused(drawn: Path, changes: dict[str, Any], told: str) -> None:
    assert told in refused(drawn, **changes)


def test_the_outcome_lies_beside_the_dataset(drawn: Path) -> None:
    for out in (drawn, drawn / "out", drawn.parent):
        assert "lie in one another" in refused(drawn, out=out)


def test_another_dataset_is_never_written_to(drawn: Path) -> None:
    copy = shutil.copytree(drawn, drawn.parent / "other")
    assert "holds something else" in refused(drawn, out=copy)
    assert "a file" in refused(drawn, out=copy / "patients.csv")


def test_an_outcome_of_others_is_refused_and_both_are_named(drawn: Path) -> None:
    run(drawn)
    other = shutil.copytree(drawn, drawn.parent / "other")
    told = refused(other)
    assert str(drawn) in told
    assert str(other) in told
    shutil.copytree(drawn / "annotators" / "bob", drawn / "annotators" / "carl")
    told = refused(drawn, annotators=["ann", "carl"])
    assert "ann,bob" in told
    assert "ann,carl" in told
    assert "0.6" in refused(drawn, iou=0.6)


def test_another_senior_is_refused_once_the_first_has_saved(drawn: Path) -> None:
    out = run(drawn).folder
    run(drawn, senior="yan")
    draw(out, "yan", "b1", [DISC])
    told = refused(drawn, senior="zoe")
    assert "yan" in told
    assert "zoe" in told


def test_a_damaged_file_is_named_with_its_line(drawn: Path) -> None:
    path = drawn / "annotators" / "bob" / "b1.xml"
    path.write_text(path.read_text(encoding="utf-8") + "<", encoding="utf-8")
    assert f"{path}:1" in refused(drawn)


def test_sizes_of_one_image_must_be_one(drawn: Path) -> None:
    path = draw(drawn, "bob", "b1", [DISC], size=(48, 64))
    told = refused(drawn)
    assert str(path) in told
    assert "64 x 48, as ann has it" in told
    draw(drawn, "ann", "b1", [DISC], size=(48, 64))
    assert "another size than its annotation says" in refused(drawn)


def test_annotators_need_an_image_in_common(drawn: Path) -> None:
    (drawn / "annotators" / "bob" / "a1.xml").unlink()
    for image in ("b1", "c1"):
        (drawn / "annotators" / "ann" / f"{image}.xml").unlink()
    assert "No image was finished by all" in refused(drawn)


@pytest.mark.parametrize(
    ("boxes", "size", "told"),
    [
        ([("disk", 1, 1, 9, 9)], (64, 48), "did you mean 'disc'"),
        ([DISC], (640, 480), "an image of another size"),
        ([("disc", 1, 1, 99, 9)], (64, 48), "b1.xml:1"),
    ],
)
def test_a_wrong_file_of_the_senior_is_named(
    drawn: Path, boxes: list[VocBox], size: tuple[int, int], told: str
) -> None:
    out = run(drawn).folder
    path = draw(out, "zoe", "b1", boxes, size)
    said = refused(drawn)
    assert told in said
    assert str(path) in said


def test_an_image_cannot_vanish_from_the_outcome(drawn: Path) -> None:
    run(drawn)
    (drawn / "annotators" / "bob" / "a1.xml").unlink()
    told = refused(drawn)
    assert "no longer drawn by all annotators" in told
    assert "1 without: a1" in told


def test_an_image_that_was_exchanged_is_told(drawn: Path) -> None:
    out = run(drawn).folder
    data = (drawn / "JPEGImages" / "a1.png").read_bytes()
    (drawn / "JPEGImages" / "a1.png").unlink()
    (drawn / "JPEGImages" / "a1.png").write_bytes(data + b"x")
    assert str(out / "JPEGImages" / "a1.png") in refused(drawn)


def test_nothing_is_decided_while_the_senior_draws(drawn: Path) -> None:
    out = run(drawn).folder
    with annotating(out / "annotators" / "zoe", "zoe"):
        assert "zoe" in refused(drawn)


def test_a_damaged_record_is_told(drawn: Path) -> None:
    out = run(drawn).folder
    (out / "consensus.json").write_text('{"schema": 1}', encoding="utf-8")
    assert "dataset: Field required" in refused(drawn)
