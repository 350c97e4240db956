"""With a region and without, on scores written by hand: what is compared, over which images, and how."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.tables import MINUS
from spinedet.benchmarks.whole_image.outcomes import Outcome
from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.benchmarks.with_region.arms import Arm, whole_arm
from spinedet.benchmarks.with_region.asking import Kind
from spinedet.benchmarks.with_region.contrasts import chi_square
from spinedet.benchmarks.with_region.measuring import (
    FILE,
    Comparison,
    Finished,
    joined,
    measure,
    read_comparison,
    write_comparison,
)
from spinedet.benchmarks.with_region.page import PAGE, finding, notes, write_comparison_page
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds, make_folds
from spinedet.datasets.regions.crops import Region
from spinedet.datasets.tasks import Task
from spinedet.detect.contract import Settings
from spinedet.detect.jobs import Done

Livers = Callable[..., Dataset]
Score = Callable[[str], float]

TASK = Task(
    task="drawn",
    about="By hand.",
    box="liver",
    kind="classes",
    classes=("healthy", "ill"),
    positive=("ill",),
    roi="detector",
)
DONE = Done(
    job="", detector="x", epochs=1, train_seconds=1.0, predict_ms_per_image=None, peak_memory_mb=1.0, versions={}
)
RESAMPLES = 40


def is_ill(image: str) -> bool:
    return int(image[1]) % 2 == 1


def right(image: str) -> float:
    return 0.9 if is_ill(image) else 0.1


def table(data: Dataset, images: Sequence[str], score: Score, fold: Mapping[str, int]) -> ScoreTable:
    names = sorted(images)
    owners = [str(data[image[:3]].patient) for image in names]
    scores = [(1 - score(image), score(image)) for image in names]
    return ScoreTable.of(
        names,
        owners,
        [int(is_ill(image)) for image in names],
        scores,
        TASK.classes,
        [fold[image[:3]] for image in names],
    )


def outcome(data: Dataset, folds: Folds, score: Score, images: Sequence[str] | None = None) -> Outcome:
    """A detector that has answered these images (all), threshold 0.5."""
    fold_of = {image: fold.number for fold in folds.folds for image in fold.test}
    rows = table(data, images or data.images, score, fold_of)
    done = dict.fromkeys(rows.folds, DONE)
    unfinished = tuple(fold.number for fold in folds.folds if fold.number not in done)
    return Outcome("yolov5", rows, {}, unfinished, Settings(detector="yolov5", size="n"), done, {})


def found_arm(data: Dataset, folds: Folds, missing: tuple[str, ...] = (), *, kind: Kind = "detector") -> Arm:
    regions = {image: Region(image, image, Box(0, 0, 40, 40), Box(0, 10, 20, 30)) for image in data.images}
    return Arm(kind, data, folds, {image: image for image in data.images}, regions, missing, how="by hand")


def compare(data: Dataset, folds: Folds, with_region: Score, without: Score, task: Task = TASK) -> Comparison:
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, without),)),
        Finished(found_arm(data, folds), (outcome(data, folds, with_region),)),
    ]
    return measure(arms, data, folds, task, resamples=RESAMPLES)


def one_wrong(image: str) -> float:
    """Misses both images of patient 1, below all healthy ones, and is right elsewhere."""
    return 0.05 if image.startswith("p1") else right(image)


def test_the_region_helps_where_the_whole_image_misses_a_patient(livers: Livers) -> None:
    """8 ill images, 2 of them missed: sensitivity 1 against 6/8, accuracy 16/16 against 14/16."""
    data = livers()
    found = compare(data, make_folds(data, 2, 0), right, one_wrong)
    assert [side.kind for side in found.sides] == ["detector", "whole"]  # with less without
    (versus,) = found.versus
    assert (versus.first, versus.second) == ("YOLOv5, region found", "YOLOv5, whole image")
    assert versus.images.sensitivity is not None
    assert versus.images.sensitivity.value == pytest.approx(2 / 8)
    assert versus.images.sensitivity.counts == {"first": 8, "second": 6, "of": 8}
    assert versus.images.specificity is not None
    assert versus.images.specificity.value == 0
    assert versus.images.accuracy.value == pytest.approx(2 / 16)
    assert versus.images.accuracy.ci95_patients is not None
    assert versus.patients is not None
    assert versus.patients.rows == 8
    assert versus.patients.accuracy.value == pytest.approx(1 / 8)
    (pair,) = found.results.pairs
    assert pair.image is not None
    assert (pair.image.ill.first_only, pair.image.ill.second_only, pair.image.healthy.p) == (2, 0, None)
    assert pair.area is not None
    assert pair.area.value is not None
    assert pair.area.value > 0


def test_pearsons_chi_square_of_two_accuracies() -> None:
    """scipy.stats.chi2_contingency and R's chisq.test(correct=FALSE) by hand: n (ad - bc)^2 over the margins.

    103 of 107 right against 97 of 107: 214 * (103 * 10 - 4 * 97)^2 / (200 * 14 * 107 * 107).
    """
    found = chi_square((103, 97), 107)
    assert found.statistic == pytest.approx(214 * (103 * 10 - 4 * 97) ** 2 / (200 * 14 * 107 * 107))
    assert found.p == pytest.approx(0.0973, abs=5e-4)
    assert chi_square((5, 5), 5).why == "all answers are right"
    assert chi_square((0, 0), 5).why == "no answer is right"


def test_two_like_arms_differ_in_nothing(livers: Livers) -> None:
    data = livers()
    found = compare(data, make_folds(data, 2, 0), one_wrong, one_wrong)
    (versus,) = found.versus
    assert versus.images.accuracy.value == 0
    assert versus.images.accuracy.ci95_patients is None  # nothing varies
    assert versus.images.chi_square.p == 1
    assert "AUC 0.000" in finding(found)


def test_a_region_that_is_never_found_changes_nothing_and_is_said_first(livers: Livers) -> None:
    data = livers()
    folds = make_folds(data, 2, 0)
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, one_wrong),)),
        Finished(found_arm(data, folds, data.images), (outcome(data, folds, right),)),
    ]
    found = measure(arms, data, folds, TASK, resamples=RESAMPLES)
    assert finding(found) == (
        "YOLOv5: no region was found in any image (region found), so all of its answers are of whole images."
    )
    assert (found.regions[0].compared, found.regions[0].overlap) == (0, {})


def test_an_area_that_does_not_exist_is_said_not_passed_over(livers: Livers) -> None:
    """With the region every score is the same, so that no fold has an area."""
    data = livers()
    found = compare(data, make_folds(data, 2, 0), lambda image: 0.7, right)
    assert finding(found) == (
        f"YOLOv5, region found less whole image: accuracy {MINUS}0.500 (95 % interval {MINUS}0.875 to {MINUS}0.125); "
        "the areas cannot be compared (no fold has both areas)."
    )


def test_legs_answer_for_their_image_and_the_others_are_left_out_of_every_figure(livers: Livers) -> None:
    """Two crops an image, scored 0.1 apart around the image's score; `p0a` has no legs."""
    data = livers()
    folds = make_folds(data, 2, 0)
    crops = [f"{image}_{side}" for image in data.images if image != "p0a" for side in ("left", "right")]
    sources = {crop: crop[:3] for crop in crops}

    def score(crop: str) -> float:
        return right(crop) + (0.05 if crop.endswith("left") else -0.05)

    arm = Arm("legs", data, folds, sources, {}, left_out=(("p0a", "there is one leg alone"),), how="by hand")
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, one_wrong),)),
        Finished(arm, (outcome(data, folds, score, crops),)),
    ]
    found = measure(arms, data, folds, TASK, resamples=RESAMPLES)
    assert found.common == {"yolov5": 15}
    assert [one.figures.image.all.rows for one in found.results.detectors] == [15, 15]
    assert found.versus[0].images.rows == 15
    said = "\n".join(notes(found))
    assert "Each leg: 1 image left out (1 there is one leg alone): p0a." in said
    assert "YOLOv5: the figures are over the 15 of 16 images" in said


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("classes", {}, "accuracy +0.125"),
        ("grades", {}, f"mean absolute error {MINUS}0.125"),
        ("number", {"values": (0, 10), "unit": "months"}, f"mean absolute error {MINUS}"),
    ],
)
def test_tasks_without_positive_classes_are_compared_by_what_they_ask(
    livers: Livers, tmp_path: Path, kind: str, more: dict[str, object], said: str
) -> None:
    """Two of 16 images are answered wrongly without the region; then its error is the greater one."""
    data = livers()
    folds = make_folds(data, 2, 0)
    task = Task.model_validate({**TASK.model_dump(exclude={"positive", "cut"}), "kind": kind, **more})
    found = compare(data, folds, right, one_wrong, task)
    assert found.versus[0].images.sensitivity is None
    assert found.versus[0].images.accuracy.value == pytest.approx(2 / 16)
    assert said in finding(found)
    arms = [whole_arm(data, folds), found_arm(data, folds)]
    page = write_comparison_page(tmp_path / PAGE, found, arms, data, "masks", 0.1, "spinedet", examples=False)
    assert "region found less whole image" in page.read_text(encoding="utf-8")


def test_crops_are_joined_as_a_patients_images_are() -> None:
    rows = ScoreTable.of(
        ["a_left", "a_right", "b_left"],
        ["P", "P", "Q"],
        [1, 1, 0],
        [(0.4, 0.6), (0.2, 0.8), (0.7, 0.3)],
        TASK.classes,
        [1, 1, 2],
    )
    sources = {"a_left": "a", "a_right": "a", "b_left": "b"}
    mean = joined(rows, sources, TASK)
    assert (mean.images, mean.patients) == (("a", "b"), ("P", "Q"))
    assert mean.scores[:, 1].tolist() == pytest.approx([0.7, 0.3])
    assert mean.fold.tolist() == [1, 2]
    most = joined(rows, sources, TASK.model_copy(update={"patient_score": "maximum"}))
    assert most.scores[0, 1] == 0.8


def test_an_unfinished_fold_of_one_kind_is_left_out_of_both(livers: Livers) -> None:
    data = livers()
    folds = make_folds(data, 2, 0)
    first = folds.folds[0].test
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, right),)),
        Finished(found_arm(data, folds), (outcome(data, folds, right, first),)),
    ]
    found = measure(arms, data, folds, TASK, resamples=RESAMPLES)
    assert [one.folds for one in found.results.detectors] == [(1,), (1,)]
    assert found.common == {"yolov5": len(first)}
    assert any("fold 2 not finished" in note for note in notes(found))


def test_a_detector_without_common_images_is_named(livers: Livers) -> None:
    data = livers()
    folds = make_folds(data, 2, 0)
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, right, folds.folds[0].test),)),
        Finished(found_arm(data, folds), (outcome(data, folds, right, folds.folds[1].test),)),
    ]
    found = measure(arms, data, folds, TASK, resamples=RESAMPLES)
    assert (found.sides, found.versus) == ((), ())
    assert any("YOLOv5 has no figures: no image" in note for note in notes(found))


def test_it_is_read_as_it_was_written(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    found = compare(data, make_folds(data, 2, 0), right, one_wrong)
    write_comparison(tmp_path / FILE, found)
    assert read_comparison(tmp_path / FILE) == found
    (tmp_path / FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no comparison of regions"):
        read_comparison(tmp_path / FILE)


def test_the_page_names_what_was_not_found(livers: Livers, tmp_path: Path) -> None:
    """Found boxes are compared with masks; the image in which nothing was found is in no Dice, and is named."""
    data = livers()
    folds = make_folds(data, 2, 0)
    arm = found_arm(data, folds, ("p5b",))
    arms = [
        Finished(whole_arm(data, folds), (outcome(data, folds, one_wrong),)),
        Finished(arm, (outcome(data, folds, right),)),
    ]
    found = measure(arms, data, folds, TASK, resamples=RESAMPLES)
    assert found.regions[0].compared == 15
    assert 0 < found.regions[0].overlap["box_iou"].mean < 1
    assert found.regions[0].missing == ("p5b",)
    page = write_comparison_page(
        tmp_path / PAGE, found, [one.arm for one in arms], data, "16 boxes of Regions/", 0.1, "spinedet", examples=True
    ).read_text(encoding="utf-8")
    assert "Nothing was found in 1 of 16 images (p5b)" in page
    assert "nothing found: answered from the whole image" in page
    assert "This page holds images of patients" in page
    assert page.count("data:image/jpeg") == 4
    bare = write_comparison_page(
        tmp_path / PAGE, found, [one.arm for one in arms], data, "", 0.1, "spinedet", examples=False
    ).read_text(encoding="utf-8")
    assert "data:image/jpeg" not in bare
