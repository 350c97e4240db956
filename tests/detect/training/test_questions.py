"""What evidence is asked: when positive classes have a common question, and what its answer is."""

from pathlib import Path

import pytest
import torch

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.detect.training.questions import Questions, asked, questions_of

GRADES = ("0", "1", "2", "3")


def test_several_positive_classes_have_one_question_more() -> None:
    questions = questions_of(GRADES, ("2", "3"))
    assert questions == Questions(4, (2, 3), 4)
    assert questions.count == 5
    assert questions.places == (0, 1, 4, 4)


@pytest.mark.parametrize("positive", [(), ("3",), GRADES], ids=["none", "one", "all"])
def test_a_common_question_that_would_be_an_old_one_is_not_asked(positive: tuple[str, ...]) -> None:
    questions = questions_of(GRADES, positive)
    assert questions.count == 4
    assert questions.places == (0, 1, 2, 3)
    classes = torch.eye(4)
    assert torch.equal(questions.answers(classes), classes)


@pytest.mark.parametrize(("positive", "dividing"), [(("2", "3"), 4), (("3",), 3), ((), None), (GRADES, None)], ids=str)
def test_the_positive_are_parted_from_the_rest(positive: tuple[str, ...], dividing: int | None) -> None:
    assert questions_of(GRADES, positive).dividing == dividing


def test_an_image_is_positive_if_any_positive_class_is_there_and_mixed_shares_add_up() -> None:
    classes = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 1], [0.5, 0, 0.25, 0.25], [0, 0, 1, 1]])
    answers = questions_of(GRADES, ("2", "3")).answers(classes)
    assert torch.equal(answers[:, :4], classes)
    assert answers[:, 4].tolist() == [0, 1, 0.5, 1]


def test_a_positive_class_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"0, 1, 2, 3(.|\n)*found: 5"):
        questions_of(GRADES, ("2", "5"))


def dataset(*boxes: Box) -> Dataset:
    """Images of 100 x 80 pixels with one box each."""
    items = (
        Item(f"i{number}", None, Annotation(f"i{number}.png", 100, 80, (VocObject("2", box),)))
        for number, box in enumerate(boxes)
    )
    return Dataset(Path(), Card(), GRADES, tuple(items))


WHOLES = dataset(Box(0, 0, 100, 80), Box(0, 0, 100, 80))


def test_a_recipe_without_evidence_asks_nothing() -> None:
    assert asked({"evidence": False, "positive": ["2", "3"]}, WHOLES) is None
    assert asked({}, WHOLES) is None
    assert asked({"evidence": True}, WHOLES) == Questions(4)
    assert asked({"evidence": True, "positive": ["2", "3"]}, WHOLES) == Questions(4, (2, 3), 4)


@pytest.mark.parametrize(("box", "of_regions"), [(Box(1, 1, 99, 79), False), (Box(0, 0, 100, 75), True)], ids=str)
def test_one_box_that_leaves_a_twentieth_of_its_image_or_more_outlines_a_region(box: Box, of_regions: bool) -> None:
    """Of 8000 pixels 98 x 78 are 0.956 and 100 x 75 are 0.938."""
    questions = asked({"evidence": True, "positive": ["3"]}, dataset(Box(0, 0, 100, 80), box))
    assert questions == Questions(4, (), 3, of_regions)
