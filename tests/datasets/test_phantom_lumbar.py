"""The lumbar phantom: what is drawn is what is boxed, and the same seed is the same data set."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import read_voc
from spinedet.datasets.phantoms.canal import build_canal
from spinedet.datasets.phantoms.canvas import Canvas, Tissue, View
from spinedet.datasets.phantoms.lumbar import make_lumbar
from spinedet.datasets.phantoms.outlines import Plate, smoothed
from spinedet.datasets.phantoms.painting import paint_discs
from spinedet.datasets.phantoms.pathology import (
    CLASSES,
    HERNIATED_LEVELS,
    LEVELS,
    PAPER_COUNTS,
    SLIPPED_LEVELS,
    DiscFinding,
    plan_patient,
)
from spinedet.datasets.phantoms.scene import (
    HEIGHT,
    WIDTH,
    disc_boxes,
    make_patient,
    slice_spine,
)
from spinedet.datasets.phantoms.spine import Spine, build_spine, sample_anatomy

EDGE_TOLERANCE = 1.5
"""Pixels between a box and the disc as it is drawn, anti-aliased border and ligament included."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_image(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return np.asarray(image, np.uint8)


def healthy() -> tuple[DiscFinding, ...]:
    return tuple(DiscFinding(level, "normal", hydration=0.8, height=1.0, bulge=0.0) for level in LEVELS)


def with_finding(level: str, **change: float | str) -> tuple[DiscFinding, ...]:
    return tuple(replace(finding, **change) if finding.level == level else finding for finding in healthy())  # type: ignore[arg-type]


def forward_shift(spine: Spine, upper: str, lower: str) -> float:
    """How far one endplate stands before the next, as a fraction of the lower one, along the disc."""
    above, below = spine.body(upper).lower, spine.body(lower).upper
    angle = (above.angle + below.angle) / 2
    return -float((above.x - below.x) * np.cos(angle) + (above.y - below.y) * np.sin(angle)) / below.depth


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four patients in one process."""
    return make_lumbar(tmp_path_factory.mktemp("phantom") / "set", patients=4, seed=3, jobs=1)


def test_same_seed_gives_the_same_bytes_in_any_number_of_processes(small: Path, tmp_path: Path) -> None:
    again = make_lumbar(tmp_path / "set", patients=4, seed=3, jobs=2)
    assert contents(again) == contents(small)


def test_another_seed_gives_other_images(small: Path, tmp_path: Path) -> None:
    other = make_lumbar(tmp_path / "set", patients=1, seed=4)
    assert (other / "JPEGImages/P0001_s1.jpg").read_bytes() != (small / "JPEGImages/P0001_s1.jpg").read_bytes()


def test_a_larger_set_contains_the_smaller(small: Path, tmp_path: Path) -> None:
    two = make_lumbar(tmp_path / "set", patients=2, seed=3)
    names = [path.relative_to(two) for folder in ("JPEGImages", "Annotations") for path in (two / folder).iterdir()]
    assert names
    assert all((two / name).read_bytes() == (small / name).read_bytes() for name in names)


def test_chances_are_the_papers_proportions() -> None:
    total = sum(PAPER_COUNTS.values())
    for chances, name in ((SLIPPED_LEVELS, "spondylolisthesis"), (HERNIATED_LEVELS, "herniation")):
        assert sum(chances) == pytest.approx(1)
        mean = sum(count * chance for count, chance in enumerate(chances))
        assert mean / len(LEVELS) == pytest.approx(PAPER_COUNTS[name] / total, abs=0.001)  # type: ignore[index]


def test_class_shares_of_150_patients_are_near_the_papers() -> None:
    labels = [finding.label for number in range(150) for finding in plan_patient(0, number).findings]
    total = sum(PAPER_COUNTS.values())
    for name in CLASSES:
        assert labels.count(name) / len(labels) == pytest.approx(PAPER_COUNTS[name] / total, abs=0.04)


def test_every_patient_has_one_to_three_slices_of_the_same_findings(small: Path) -> None:
    slices: dict[str, list[list[str]]] = {}
    for path in sorted((small / "Annotations").iterdir()):
        slices.setdefault(path.stem.split("_")[0], []).append([thing.name for thing in read_voc(path).objects])
    assert len(slices) == 4
    assert {len(rows) for rows in slices.values()} <= {1, 2, 3}
    assert {len(plan_patient(0, number).offsets) for number in range(40)} == {1, 2, 3}
    for number, rows in enumerate(slices.values()):
        findings = [finding.label for finding in plan_patient(3, number).findings]
        assert all(row == findings for row in rows)


def test_files_agree_with_each_other(small: Path) -> None:
    stems = (small / "ImageSets/Main/all.txt").read_text(encoding="utf-8").split()
    with (small / "patients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == stems
    assert all(row["image"].startswith(f"{row['patient']}_s") for row in rows)
    assert sorted(stems) == sorted(path.stem for path in (small / "Annotations").iterdir())
    for stem in stems:
        image = read_image(small / "JPEGImages" / f"{stem}.jpg")
        found = read_voc(small / "Annotations" / f"{stem}.xml")
        assert image.shape == (HEIGHT, WIDTH) == (found.height, found.width)
        assert len(found.objects) == len(LEVELS)


def test_the_card_says_that_the_set_is_synthetic(small: Path) -> None:
    card = yaml.safe_load((small / "dataset.yaml").read_text(encoding="utf-8"))
    assert card["classes"] == ["normal", "herniation", "spondylolisthesis"]
    assert {"name", "classes", "modality", "licence", "source"} == set(card)
    assert "synthetic" in card["source"]
    assert "--patients 4 --seed 3" in card["source"]


def test_boxes_of_many_patients_lie_inside_the_image_from_head_to_foot() -> None:
    for number in range(60):
        patient = make_patient(7, number)
        boxes = np.array([thing.box for thing in disc_boxes(slice_spine(patient, 0), patient.view)])
        assert len(boxes) == len(LEVELS)
        assert boxes.min() >= 1
        assert (boxes[:, 2:] <= (WIDTH - 1, HEIGHT - 1)).all()
        assert (np.diff(boxes[:, [1, 3]].mean(axis=1)) > 0).all()


def test_no_disc_above_the_first_box_is_wholly_in_the_image() -> None:
    for number in range(60):
        patient = make_patient(8, number)
        spine = slice_spine(patient, 0)
        unboxed = [disc for disc in spine.discs[:2] if disc.finding is None]
        assert len(unboxed) == 2
        assert all(patient.view.box(disc.outline).y0 < 0 for disc in unboxed)


@pytest.mark.parametrize("number", range(6))
def test_box_edges_are_the_borders_of_the_painted_discs(number: int) -> None:
    patient = make_patient(3, number)
    spine = slice_spine(patient, 0)
    canvas = Canvas(patient.view)
    paint_discs(canvas, spine, replace(patient.palette, annulus=Tissue(180), ligament=Tissue(180)))
    _, _, regions, _ = cv2.connectedComponentsWithStats((canvas.pixels[..., 0] > 90).astype(np.uint8))
    found = regions[:, :4] + np.pad(regions[:, :2], ((0, 0), (2, 0)))  # x, y, width, height to edges
    for thing in disc_boxes(spine, patient.view):
        assert np.abs(found - np.array(thing.box)).max(axis=1).min() <= EDGE_TOLERANCE


@pytest.mark.parametrize("slip", [0.0, 0.12, 0.4])
@pytest.mark.parametrize(("level", "upper", "lower"), [("L4/5", "L4", "L5"), ("L5/S1", "L5", "S1")])
def test_a_slip_moves_the_upper_body_forward_by_its_fraction(level: str, upper: str, lower: str, slip: float) -> None:
    anatomy = sample_anatomy(np.random.default_rng(0))
    spine = build_spine(anatomy, with_finding(level, label="spondylolisthesis", slip=slip))
    assert forward_shift(spine, upper, lower) == pytest.approx(slip, abs=0.01)
    assert forward_shift(spine, "L1", "L2") == pytest.approx(0, abs=0.01)


def test_a_herniation_indents_the_sac_at_its_level_only() -> None:
    anatomy = sample_anatomy(np.random.default_rng(0))

    def widths(findings: tuple[DiscFinding, ...]) -> list[float]:
        spine = build_spine(anatomy, findings)
        canal = build_canal(spine, anatomy, 0.0, np.random.default_rng(0))
        discs = [disc for disc in spine.discs if disc.finding]
        samples = [canal.wall.nearest(disc.middle.at(0.5)) for disc in discs]
        return [float(canal.far[sample] - canal.near[sample]) for sample in samples]

    lost = np.subtract(widths(healthy()), widths(with_finding("L3/4", label="herniation", bulge=6.0)))
    assert lost[LEVELS.index("L3/4")] == pytest.approx(5, abs=1.2)
    assert np.delete(lost, LEVELS.index("L3/4")) == pytest.approx(0, abs=0.2)


def test_an_image_has_bright_fluid_dark_air_and_dark_discs(small: Path) -> None:
    image = read_image(small / "JPEGImages/P0001_s1.jpg")
    patient = make_patient(3, 0)
    spine = slice_spine(patient, 0)
    canal = build_canal(spine, patient.anatomy, 0.0, np.random.default_rng(0))
    sample = canal.wall.nearest(spine.body("L3").upper.at(0.5)) + 12
    middle = canal.wall.beside((canal.near + canal.far) / 2)[sample]
    x, y = patient.view.pixels(middle[None])[0].astype(int)
    assert image[y - 2 : y + 3, x - 2 : x + 3].mean() > 120
    assert np.percentile(image, 10) < 25
    assert image.std() > 25


def test_view_returns_from_pixels_to_millimetres() -> None:
    view = View(812, 662, 2.1, 0.07, 400, 300)
    points = np.array([[0.0, 0.0], [10.0, -120.5]])
    assert view.pixels(points)[0] == pytest.approx((400, 300))
    assert view.millimetres(view.pixels(points)) == pytest.approx(points)


def test_smoothing_keeps_a_straight_line() -> None:
    line = np.linspace(3, 17, 50)
    assert smoothed(line, 5.0) == pytest.approx(line)


def test_plate_forward_is_along_its_own_front() -> None:
    plate = Plate(0, 0, np.radians(-30), 30)
    assert plate.moved(0, 0, 30, forward=10).at(0) == pytest.approx(plate.at(-1 / 3))


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InputError, match="folder of its own") as error:
        make_lumbar(tmp_path, patients=1)
    assert "choose another" in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"patients": 0}, "patients"), ({"patients": 10_000}, "patients"), ({"seed": -1}, "seed"), ({"jobs": 0}, "proc")],
)
def test_impossible_numbers_are_refused(tmp_path: Path, change: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_lumbar(tmp_path / "set", **{"patients": 1, **change})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert (done, total) == (1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_lumbar(tmp_path / "set", patients=2, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken_and_progress_is_told(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    (tmp_path / "set").mkdir()
    make_lumbar(tmp_path / "set", patients=2, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    assert (tmp_path / "set/dataset.yaml").is_file()
