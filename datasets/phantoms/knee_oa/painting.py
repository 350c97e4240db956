"""Laying a knee on a film: soft tissue, bones with spurs, hardened bone beside the joint space, cysts."""

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.knee_oa.anatomy import COMPARTMENT, FIBULA, PATELLA, REGION, SKIN, Knee
from spinedet.datasets.phantoms.outlines import blob, rounded
from spinedet.datasets.phantoms.radiograph import Bone, Film

FLAT = 0.95
"""Depth of the limb, as a share of its width."""

FAT = 0.88
"""Width of the muscles below skin and fat, as a fraction of the limb's."""

LONG, SMALL, KNEECAP = Bone(4.6, 14.0, 21.0), Bone(2.6, 3.4, 6.0), Bone(1.0, 6.0, 3.5, 0.8)

PLATE, PLATE_WIDTH = 2.2, 1.0
"""Matter and width in mm of the compact plate below healthy cartilage."""

HARDENED, HARDENED_WIDTH = 7.0, 4.5
"""Matter that severe sclerosis adds, and how deep it reaches in mm."""

CYST = -5.0
"""Matter that a cyst lacks."""


def paint_flesh(film: Film, knee: Knee) -> None:
    """Skin, fat and muscles."""
    skin = rounded(np.array(SKIN, float), 2) * (knee.build.stout, 1)
    film.flesh(knee.place(skin), FLAT, 0.5)
    film.flesh(knee.place(skin * (FAT, 1)), FLAT, 0.45)


def paint_bones(film: Film, knee: Knee, rng: np.random.Generator) -> None:
    """Fibula behind, tibia, femur, and the kneecap in front of it."""
    fibula = knee.sunk(rounded(np.array(FIBULA, float), 3))
    x, y, across, down = PATELLA
    place = rng.normal((x, y), (2, 3))
    patella = blob(place, (across, down), 0.0, rng, 0.12)
    for outline, bone in ((fibula, SMALL), (knee.tibia(), LONG), (knee.femur(), LONG), (patella, KNEECAP)):
        dense = knee.build.dense
        film.bone(knee.place(outline), Bone(bone.cortex * dense, bone.waist, bone.depth, bone.spongy * dense))


def paint_surfaces(film: Film, knee: Knee, rng: np.random.Generator) -> None:
    """The plates below the cartilage, and what wear has made of them."""
    wear = knee.wear
    for of in ("femur", "tibia"):
        film.stroke(knee.place(knee.surface(of, 0.2)), PLATE, PLATE_WIDTH, 0.3)
        deep = HARDENED_WIDTH * rng.uniform(0.8, 1.2)
        film.stroke(knee.place(knee.surface(of, deep / 2)), HARDENED * wear.sclerosis, deep, 1.1)
    for _ in range(wear.cysts):
        place = (knee.worn * (COMPARTMENT + rng.uniform(-9, 11)), rng.uniform(4.5, 7.5))
        radius = rng.uniform(1.2, 2.6)
        cyst = knee.sunk(blob(place, (radius, radius * 0.9), 0.0, rng, 0.3))
        film.fill(knee.place(cyst), CYST, 0.4)


def paint_masks(film: Film, knee: Knee, ill: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lesion and joint (H, W)."""
    lesion, joint = (np.zeros(film.matter.shape, np.uint8) for _ in range(2))
    film.view.label(joint, knee.place(rounded(np.array(REGION, float), 2)), 1)
    if ill:
        film.view.label(lesion, knee.place(knee.lesion()), 1)
    return lesion & joint, joint
