"""`spinedet consensus` as a person types it, run in this process."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import Said, spinedet


def consensus(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("consensus", *words)


@pytest.fixture
def drawn(make_dataset: Callable[..., Path]) -> Path:
    """Ann and bob agree on a1; on b1 bob calls ann's disc a vertebra."""
    disc, renamed = ("disc", 1, 1, 20, 10), ("vertebra", 1, 1, 20, 10)
    root = make_dataset({"a1": ("P1", [disc]), "b1": ("P2", [disc])})
    other = make_dataset({"a1": ("P1", [disc]), "b1": ("P2", [renamed])})
    for annotator, source in (("ann", root), ("bob", other)):
        shutil.copytree(source / "Annotations", root / "annotators" / annotator)
    return root


def rows(said: Said) -> dict[str, str]:
    """The figures of the table by their words."""
    pairs = (line.strip().rsplit(maxsplit=1) for line in said.out.splitlines() if line.strip())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_it_counts_and_says_who_is_next(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = consensus(drawn, "--annotators", "ann, bob", "--out", out)
    assert (said.code, said.err) == (0, "")
    found = rows(said)
    assert found["images that all have finished"] == "2"
    assert found["boxes agreed"] == "1"
    assert found["disputes: one place, other classes"] == "1"
    assert found["images left to decide"] == "1"
    assert "Unfinished: 1 of 2 images are left to decide (b1)." in said.out
    assert f"spinedet annotate {out} --only disputed --annotator NAME" in said.out
    assert "run this command again with --senior NAME" in said.out


def test_the_senior_decides_and_the_same_command_finishes(drawn: Path, tmp_path: Path) -> None:
    words = (drawn, "--annotators", "ann,bob", "--senior", "zoe", "--out", tmp_path / "out")
    assert "--annotator zoe\nAfter that, run this command again.\n" in consensus(*words).out
    saved = tmp_path / "out" / "annotators" / "zoe"
    saved.mkdir(parents=True)
    shutil.copy(drawn / "annotators" / "bob" / "b1.xml", saved)
    said = consensus(*words)
    assert rows(said)["images decided by zoe"] == "1"
    assert "is a dataset of 2 images, every one of them decided" in said.out
    assert "provenance.json (1 mean, 1 taken)" in said.out
    shutil.copy(drawn / "annotators" / "ann" / "b1.xml", saved)
    assert "1 image decided anew" in consensus(*words).out


def test_what_is_left_out_or_sent_back_is_named(drawn: Path, tmp_path: Path) -> None:
    words = (drawn, "--annotators", "ann,bob", "--senior", "zoe", "--out", tmp_path / "out")
    (drawn / "annotators" / "bob" / "a1.xml").unlink()
    assert "1 image left out until all annotators have finished them: a1 (ann only)" in consensus(*words).out
    saved = tmp_path / "out" / "annotators" / "zoe"
    saved.mkdir(parents=True)
    shutil.copy(drawn / "annotators" / "bob" / "b1.xml", saved)
    path = drawn / "annotators" / "ann" / "b1.xml"
    path.write_text(path.read_text(encoding="utf-8").replace(">20<", ">21<"), encoding="utf-8")
    assert "1 image sent back to zoe, as an annotator's file changed after the decision: b1" in consensus(*words).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--annotators"),
        (("--annotators", "ann"), "two annotators or more"),
        (("--annotators", "ann,bob", "--senior", "ann"), "The senior is one of the annotators"),
        (("--annotators", "ann,bob", "--iou", "2"), "The IoU is out of range"),
        (("--annotators", "ann,bob", "--task", "lumbar"), "A class is unknown"),
    ],
)
def test_wrong_words_end_with_two_and_write_nothing(
    drawn: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    said = consensus(drawn, *words, "--out", tmp_path / "out")
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not (tmp_path / "out").exists()
