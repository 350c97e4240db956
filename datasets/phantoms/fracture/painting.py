"""Laying a forearm on a film: skin and muscle, the hand's root, the bones, and what looks like a fracture."""

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.fracture.anatomy import (
    BONES,
    BUILDS,
    CARPALS,
    METACARPALS,
    SKIN,
    STILL,
    Forearm,
    Fragments,
    Motion,
)
from spinedet.datasets.phantoms.outlines import Points, blob, rounded
from spinedet.datasets.phantoms.radiograph import Bone, Film

FAT = 0.86
"""Width of the muscles below skin and fat, as a fraction of the limb's."""

FLAT = (0.62, 1.6)
"""Depth of the limb from behind and from the side, as a share of its width."""

CARPAL = Bone(1.3, 3.0, 7.5, 1.15)

SCAR_LEVEL, SCAR = (7.0, 13.0), 2.5
"""Where the closed growth plate of a radius lies in mm from the wrist, and the matter of its bright line."""

CANAL, CANAL_LENGTH = -2.6, (7.0, 16.0)
"""Matter that a vessel's canal takes from a bone, and its length in mm."""

FOLD = 0.5
"""Matter of a fold of the skin."""


def paint_flesh(film: Film, forearm: Forearm) -> Points:
    """Skin, fat and muscles; returns the limb's outline in mm of the view."""
    stout = forearm.build.stout
    skin = forearm.place(forearm.outline(SKIN, stout))
    flat = float(np.interp(np.sin(forearm.turn), (0, 1), FLAT))
    film.flesh(skin, flat, 0.55)
    film.flesh(forearm.place(forearm.outline(SKIN, FAT * stout)), flat, 0.45)
    return skin


def paint_hand(film: Film, forearm: Forearm, motion: Motion, rng: np.random.Generator) -> None:
    """Carpal and metacarpal bones, which follow the radius."""
    for x, y, across, along, turn, beside in CARPALS:
        centre = forearm.aside(x, beside), y
        outline = blob(centre, (across, along), turn * np.cos(forearm.turn), rng, 0.16)
        _lay(film, forearm, motion.moved(outline), CARPAL)
    for x, y, to_x, to_y, half in METACARPALS:
        ends = np.array([(forearm.aside(x, 0.22 * x), y), (forearm.aside(to_x, 0.3 * to_x), to_y)])
        _lay(film, forearm, motion.moved(_metacarpal(ends, half)), Bone(1.7, half * 0.8, half))


def _metacarpal(ends: Points, half: float) -> Points:
    """A shaft with a broader base, which goes on beyond the image."""
    along = ends[1] - ends[0]
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    shares, widths = np.array([0, 0.05, 0.16, 0.35, 0.7, 1]), half * np.array([0.9, 1.3, 1.15, 0.85, 0.85, 1.25])
    middle = ends[0] + shares[:, None] * along  # (6, 2)
    return rounded(np.vstack([middle + widths[:, None] * normal, (middle - widths[:, None] * normal)[::-1]]), 2)


def paint_bone(film: Film, forearm: Forearm, name: str, broken: Fragments | None) -> None:
    """Radius or ulna, in one piece or in two."""
    outline = forearm.outline(BONES[name])
    if broken is None:
        _lay(film, forearm, outline, BUILDS[name])
        return
    distal, proximal = broken.parts
    for part, motion in ((proximal, STILL), (distal, broken.motion)):
        _lay(film, forearm, motion.moved(outline), BUILDS[name], motion.moved(part))


def _lay(film: Film, forearm: Forearm, outline: Points, bone: Bone, part: Points | None = None) -> None:
    build = Bone(bone.cortex * forearm.build.dense, bone.waist, bone.depth, bone.spongy * forearm.build.dense)
    film.bone(forearm.place(outline), build, None if part is None else forearm.place(part))


def paint_alike(film: Film, forearm: Forearm, probability: float, rng: np.random.Generator) -> None:
    """What a beginner takes for a fracture: the scar of the growth plate, a vessel's canal, a fold of the skin."""
    scar, canal, fold = rng.random(3) < probability
    if scar:
        level = rng.uniform(*SCAR_LEVEL)
        middle, half = forearm.middle("radius", level)
        across = np.linspace(-0.92, 0.92, 12)
        wavy = level + 0.4 * rng.standard_normal(12) + 1.5 * across**2
        film.stroke(forearm.place(np.stack([middle + half * across, wavy], axis=1)), SCAR, 0.8, 0.35)
    if canal:
        name, level = str(rng.choice(list(BUILDS))), rng.uniform(25, 70)
        middle, half = forearm.middle(name, level)
        lean = rng.choice([-1, 1]) * half * rng.uniform(0.5, 1.0)
        ends = np.array([(middle - lean, level), (middle + lean * 0.4, level + rng.uniform(*CANAL_LENGTH))])
        film.stroke(forearm.place(ends), CANAL, 0.8, 0.25)
    if fold:
        low, rise = rng.uniform(-25, 60), rng.uniform(-14, 14)
        film.stroke(forearm.place(np.array([(-70, low), (70, low + rise)])), FOLD, 1.2, 0.5)


def paint_masks(film: Film, skin: Points, lesions: list[Points]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lesion and limb (H, W) of outlines in mm of the view."""
    lesion, limb = (np.zeros(film.matter.shape, np.uint8) for _ in range(2))
    film.view.label(limb, skin, 1)
    for outline in lesions:
        film.view.label(lesion, outline, 1)
    return lesion & limb, limb
