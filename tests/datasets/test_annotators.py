"""Each annotator's files load as a dataset of their own; names that would be one folder are refused."""

import shutil
from pathlib import Path

import pytest

from spinedet.annotations.annotators import annotator_names, check_names, new_annotator_folder
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset


@pytest.fixture
def with_annotator(two_classes: Path) -> Path:
    """Anna has drawn on one image of the set."""
    (two_classes / "annotators" / "Anna").mkdir(parents=True)
    shutil.copy(two_classes / "Annotations" / "p1_2.xml", two_classes / "annotators" / "Anna" / "p1_2.xml")
    return two_classes


def test_only_the_images_of_the_annotator_are_loaded(with_annotator: Path) -> None:
    assert Dataset.load(with_annotator, annotator="Anna").images == ("p1_2",)
    assert len(Dataset.load(with_annotator)) == 12


def test_an_annotator_who_drew_nothing_is_named_with_those_who_did(with_annotator: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'Anna'") as error:
        Dataset.load(with_annotator, annotator="Ana")
    assert "spinedet annotate" in str(error.value)


def test_names_are_listed(with_annotator: Path) -> None:
    assert annotator_names(with_annotator) == ["Anna"]
    assert annotator_names(with_annotator / "JPEGImages") == []


@pytest.mark.parametrize("name", ["anna", "ANNA", "\N{FULLWIDTH LATIN CAPITAL LETTER A}nna"])
def test_two_annotators_of_one_name_are_refused(with_annotator: Path, name: str) -> None:
    with pytest.raises(InputError, match="one name"):
        new_annotator_folder(with_annotator, name)


def test_a_known_annotator_goes_on_in_the_same_folder(with_annotator: Path) -> None:
    assert new_annotator_folder(with_annotator, "Anna") == with_annotator / "annotators" / "Anna"


@pytest.mark.parametrize("name", ["", "..", "a/b", "nul", "Com1.x", " a", "a.", "a\n", "x" * 61, "a:b"])
def test_names_that_no_folder_can_have_everywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="annotator's name"):
        new_annotator_folder(tmp_path, name)


def test_a_chinese_name_is_a_name(tmp_path: Path) -> None:
    assert new_annotator_folder(tmp_path, "王医生").name == "王医生"


@pytest.mark.parametrize(("names", "words"), [(["A"], "two annotators"), (["A", "B", "a"], "named twice")])
def test_agreement_needs_two_different_annotators(names: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_names(names)
