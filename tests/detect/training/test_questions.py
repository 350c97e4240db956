"""What evidence is asked: when positive classes have a common question, and what its answer is."""

import pytest
import torch

from spinedet.annotations.errors import InputError
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


def test_a_recipe_without_evidence_asks_nothing() -> None:
    assert asked({"evidence": False, "positive": ["2", "3"]}, GRADES) is None
    assert asked({}, GRADES) is None
    assert asked({"evidence": True}, GRADES) == Questions(4)
    assert asked({"evidence": True, "positive": ["2", "3"]}, GRADES) == Questions(4, (2, 3), 4)
