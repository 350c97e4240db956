"""The disc that is graded: where it lies among the lumbar phantom's bodies, and what its nucleus looks like."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms import pathology
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.closeup import along
from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.outlines import Points
from spinedet.datasets.phantoms.pathology import LEVELS, DiscFinding
from spinedet.datasets.phantoms.pfirrmann.plan import BORDER, BULGE, CLEFT, MOTTLE, PatientPlan
from spinedet.datasets.phantoms.spine import Anatomy, Disc, Spine, build_spine

CLEFT_HEIGHT = 0.2
"""Height of the band in the nucleus's middle, as a fraction of the nucleus's."""

CLEFT_SOFT = 0.7
"""Standard deviation of the band's soft border in mm."""

SPOTS = (5.0, 8.0)
"""Size of the uneven parts of a nucleus, down and across, in pixels."""


def worn_spine(seed: int, number: int, plan: PatientPlan, anatomy: Anatomy, index: int) -> Spine:
    """The lumbar phantom's patient of that number without slips, with the graded disc of one image among its discs.

    Args:
        seed: Of the data set.
        number: Which patient; the other discs are those of the lumbar phantom and know nothing of the grade.
        plan: What is decided about the graded disc.
        anatomy: The healthy shape.
        index: Which image, from 0.
    """
    wear = plan.wear[index]
    graded = DiscFinding(plan.level, "normal", 0.5, plan.tallness(index), along(BULGE, wear))
    others = pathology.plan_patient(seed, number).findings
    findings = (graded if other.level == plan.level else _quiet(other) for other in others)
    return build_spine(anatomy, tuple(findings))


def _quiet(finding: DiscFinding) -> DiscFinding:
    """A neighbour that does not draw the eye: nothing slips, nothing stands far into the canal."""
    bulge = min(finding.bulge, pathology.NORMAL_BULGE)
    return replace(finding, label="normal", slip=0.0, bulge=bulge, spread=0.0, migration=0.0)


def graded_disc(spine: Spine, level: str) -> Disc:
    """The disc of that level."""
    lowest_first = [disc for disc in reversed(spine.discs) if disc.finding is not None]
    return lowest_first[len(LEVELS) - 1 - LEVELS.index(level)]


def disc_mask(disc: Disc, view: View) -> NDArray[np.uint8]:
    """The inside of a disc (H, W), 1 in it."""
    return _inside(disc.outline, view)


def _inside(outline: Points, view: View) -> NDArray[np.uint8]:
    mask = np.zeros((view.height, view.width), np.uint8)
    view.label(mask, outline, 1)
    return mask


def nucleus_glow(
    disc: Disc, view: View, plan: PatientPlan, index: int, full: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The signal (H, W) that the nucleus of a disc this worn adds to the annulus.

    Args:
        disc: Where it lies.
        view: Where the image lies.
        plan: How worn it is.
        index: Which image, from 0.
        full: Signal of a young nucleus.
        rng: Source of its unevenness.
    """
    wear, inside = plan.wear[index], _inside(disc.nucleus, view).astype(np.float32)
    soft = cv2.GaussianBlur(inside, (0, 0), along(BORDER, wear) * view.scale)
    uneven = 1 + along(MOTTLE, wear) * smooth_noise(rng, view.height, view.width, *SPOTS)
    shown = soft * (1 - along(CLEFT, wear) * _band(disc, view)) * uneven
    glow = full * plan.brightness(index) * shown * disc_mask(disc, view)
    return np.asarray(np.clip(np.round(glow), 0, 255), np.uint8)


def _band(disc: Disc, view: View) -> FloatImage:
    """The horizontal band in the middle of a nucleus (H, W), 1 where it is wholly dark."""
    band = np.zeros((view.height, view.width), np.uint8)
    headwards = np.array([np.sin(disc.middle.angle), -np.cos(disc.middle.angle)])
    width = max(1, round(CLEFT_HEIGHT * np.ptp(disc.nucleus @ headwards) * view.scale))
    fixed = np.round(view.pixels(disc.cleft) - 0.5).astype(np.int32)
    cv2.polylines(band, [fixed], False, 255, width, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(band, (0, 0), CLEFT_SOFT * view.scale) / np.float32(255), np.float32)
