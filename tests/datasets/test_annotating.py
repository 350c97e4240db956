"""Which images an annotator gets, with which classes, and where the drawing goes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus import review
from spinedet.annotations.errors import InputError
from spinedet.annotations.labelimg.session import Hint
from spinedet.datasets.annotating import make_session


@pytest.fixture
def root(make_dataset: Callable[..., Path]) -> Path:
    """Two images with files, `a1` and `b1`, and one without, `c1`."""
    made = make_dataset({name: ("P", [("disc", 1, 1, 20, 10)]) for name in ("a1", "b1", "c1")})
    (made / "Annotations" / "c1.xml").unlink()
    return made


def test_without_a_name_the_drawing_goes_to_the_common_folder(root: Path) -> None:
    session = make_session(root, None)
    assert session.folder == root / "Annotations"
    assert [work.xml.name for work in session.works] == ["a1.xml", "b1.xml", "c1.xml"]
    assert (session.first(), session.finished()) == (2, 2)


def test_an_annotator_has_a_folder_and_begins_at_the_first_image(root: Path) -> None:
    session = make_session(root, "Anna")
    assert session.folder == root / "annotators" / "Anna"
    assert (session.first(), session.finished()) == (0, 0)
    assert not session.folder.exists()  # nothing is made by asking
    assert "Anna" in session.title


def test_only_unlabelled_leaves_the_finished_ones_out(root: Path) -> None:
    assert [work.image for work in make_session(root, None, only="unlabelled").works] == ["c1"]
    assert len(make_session(root, "Anna", only="unlabelled").works) == 3


def test_nothing_left_unlabelled_is_told(root: Path) -> None:
    (root / "JPEGImages" / "c1.png").unlink()
    with pytest.raises(InputError, match="no image to annotate") as caught:
        make_session(root, None, only="unlabelled")
    assert "leave --only out" in str(caught.value)


def test_the_classes_of_the_task_go_before_those_of_the_dataset(root: Path) -> None:
    assert make_session(root, None).closed is False  # nothing names classes: any word will do
    (root / "dataset.yaml").write_text("classes: [disc]\n", encoding="utf-8")
    assert make_session(root, None).classes == ("disc",)
    session = make_session(root, None, ["normal", "herniation"])
    assert (session.classes, session.closed) == (("normal", "herniation"), True)


def test_a_folder_without_images_says_where_they_go(tmp_path: Path) -> None:
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(InputError) as caught:
        make_session(tmp_path, None)
    assert str(tmp_path / "JPEGImages") in str(caught.value)


def disputed(root: Path) -> review.Opinion:
    """`b1` waits for a decision, with agreed boxes to start from."""
    opinion = review.Opinion("Boris", "vertebra", Box(1, 2, 30, 40), "missed", 1)
    row = review.Disputed("b1", decided=False, sent_back=False, fingerprint="x", opinions=(opinion,))
    (root / "review").mkdir()
    review.write_disputed(root, [row])
    review.start_path(root, "b1").parent.mkdir()
    review.start_path(root, "b1").write_bytes((root / "Annotations" / "b1.xml").read_bytes())
    return opinion


def test_only_disputed_brings_the_opinions_and_the_agreed_boxes(root: Path) -> None:
    disputed(root)
    (work,) = make_session(root, "Chen", only="disputed").works
    assert work.image == "b1"
    assert work.hints == (Hint(annotator="Boris", name="vertebra", box=Box(1, 2, 30, 40), reason="missed"),)
    assert work.start == review.start_path(root, "b1")


def test_a_dispute_wants_the_name_of_who_decides(root: Path) -> None:
    disputed(root)
    with pytest.raises(InputError, match="decided by somebody"):
        make_session(root, None, only="disputed")


def test_without_a_consensus_there_is_nothing_disputed(root: Path) -> None:
    with pytest.raises(InputError, match="no list of disputed images"):
        make_session(root, "Chen", only="disputed")
