"""Painting a knee on a canvas: fat and muscle, bones, cartilage, fluid, menisci with their lines."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.meniscus.anatomy import PLATEAU, RIM, Knee
from spinedet.datasets.phantoms.meniscus.plan import Horn
from spinedet.datasets.phantoms.outlines import Points, blob

HORNS: tuple[Horn, ...] = ("anterior", "posterior")

CORTEX = 0.55
"""Thickness of the bones' cortex in mm."""

GASTROCNEMIUS = (
    *((27, -60), (31, -46), (33, -30), (31, -14), (30, 4), (29, 24), (31, 60), (48, 60), (46, 10), (44, -22)),
    *((42, -44), (38, -64)),
)
POPLITEUS = ((26, 8), (29, 14), (27, 30), (21, 44), (16, 46), (18, 32), (23, 18))
TENDON = ((-31, -60), (-34, -40), (-35, -25), (-34, -10), (-32, 5), (-28, 18), (-25, 28))
SKIN = ((-41, -90), (-44, -30), (-41, 10), (-34, 70))
"""What lies around the joint."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner, weighted between proton density and T2."""

    fat: Tissue
    marrow: Tissue
    muscle: Tissue
    cartilage: Tissue
    fluid: Tissue
    meniscus: Tissue
    cortex: Tissue
    tendon: Tissue

    def line(self, contrast: float) -> Tissue:
        """A line in the meniscus: between meniscus (0) and fluid (1)."""
        dark = self.meniscus.signal
        return Tissue(dark + contrast * (self.fluid.signal - dark), 8)


def sample_palette(rng: np.random.Generator) -> Palette:
    """Fluid white, fat and marrow bright, cartilage grey, menisci, tendons and cortex black."""
    fat, muscle = rng.uniform(135, 180), rng.uniform(55, 80)
    return Palette(
        fat=Tissue(fat, 12, 6),
        marrow=Tissue(fat * rng.uniform(0.66, 0.9), 13, 5),
        muscle=Tissue(muscle, 14, 10),
        cartilage=Tissue(rng.uniform(95, 125), 7),
        fluid=Tissue(rng.uniform(195, 240), 4),
        meniscus=Tissue(rng.uniform(16, 32), 12),
        cortex=Tissue(rng.uniform(8, 16), 4),
        tendon=Tissue(rng.uniform(10, 22), 10),
    )


def paint_around(canvas: Canvas, knee: Knee, palette: Palette, rng: np.random.Generator) -> None:
    """Fat with its septa, the muscles behind, the tendon in front, the skin."""
    frame = knee.frame
    canvas.fill(frame.place([(-120, -120), (120, -120), (120, 120), (-120, 120)]), palette.fat)
    for _ in range(int(rng.integers(14, 26))):
        root = rng.uniform((-48, -45), (48, 45))
        line = root + np.linspace(0, 1, 4)[:, None] * rng.normal(0, (4, 9)) + rng.normal(0, 0.6, (4, 2))
        canvas.stroke(frame.place(line), Tissue(palette.fat.signal * rng.uniform(0.5, 0.8), 5), 0.4)
    for corners in (GASTROCNEMIUS, POPLITEUS):
        canvas.fill(frame.outline(np.array(corners) + rng.normal(0, 0.8, (len(corners), 2))), palette.muscle)
    for _ in range(5):
        top = rng.uniform((31, -50), (42, 10))
        streak = top + np.outer(np.linspace(0, 1, 5), (rng.uniform(-2, 2), rng.uniform(10, 30)))
        canvas.stroke(frame.place(streak), Tissue(palette.muscle.signal * rng.choice((0.5, 1.5)), 8), 0.5)
    canvas.stroke(frame.place(TENDON), palette.tendon, rng.uniform(2.6, 4.2))
    canvas.fill(frame.place([*SKIN, (-140, 70), (-140, -90)]), Tissue(4))
    canvas.stroke(frame.place(SKIN), Tissue(palette.fat.signal * 0.45, 6), 1.6)
    for x, y, size in ((36, 2, 2.0), (39, -6, 1.4)):
        vessel = blob(rng.normal((x, y), 1.5), (size, size * 1.6), 0.2, rng, 0.2)
        canvas.fill(frame.place(vessel), Tissue(rng.uniform(10, 40)))


def paint_bones(canvas: Canvas, knee: Knee, palette: Palette, rng: np.random.Generator) -> None:
    """Marrow in a black cortex, with the scars of the growth plates and trabeculae along the load."""
    for outline in (knee.femur(), knee.tibia()):
        shade = palette.marrow.signal * rng.uniform(0.94, 1.06)
        canvas.fill(outline, Tissue(shade, palette.marrow.grain, palette.marrow.fibre))
        canvas.stroke(outline, palette.cortex, CORTEX, closed=True)
    for start, end in (((-26, -37), (17, -42)), ((-20, 17), (19, 14))):
        line = np.linspace(start, end, 9) + rng.normal(0, 0.35, (9, 2))
        canvas.stroke(knee.frame.place(line), Tissue(palette.marrow.signal * 0.7, 9), 0.6)


def paint_joint(canvas: Canvas, knee: Knee, palette: Palette, rng: np.random.Generator) -> None:
    """Fluid between capsule and bones, cartilage on both of them, the capsule behind and in front."""
    canvas.fill(knee.space(RIM + 2.5), Tissue(palette.fat.signal * 0.75, 12))
    canvas.fill(knee.space(15), palette.fluid)
    fluid = rng.uniform(0.2, 1.0)
    for x, y, size in ((-RIM - 3, -9, 1.8), (RIM + 2.5, -12, 2.2), (RIM + 4, 1, 1.4)):
        pocket = blob(rng.normal((x, y), 0.8), (size * fluid, 1.8 * size * fluid), 0.2 * np.sign(x), rng, 0.3)
        canvas.fill(knee.frame.place(pocket), palette.fluid)
    _paint_cartilage(canvas, knee, palette)
    for sign in (-1, 1):
        x = sign * (RIM + rng.uniform(4.0, 5.5))
        canvas.stroke(knee.frame.place([(x, -20), (x + sign, -9), (x + 0.5 * sign, 2)]), palette.tendon, 0.8)


def _paint_cartilage(canvas: Canvas, knee: Knee, palette: Palette) -> None:
    femur, tibia = knee.build.cartilage
    broad, plate = np.linspace(-0.93, 0.91, 40) * knee.build.condyle[0], np.linspace(PLATEAU[0] + 2, PLATEAU[1] - 2, 40)
    for bone, surface in (
        (knee.condyle(broad), knee.condyle(broad, femur)),
        (knee.plateau(plate), knee.plateau(plate, tibia)),
    ):
        canvas.fill(knee.frame.place(np.vstack([bone, surface[::-1]])), palette.cartilage)
        canvas.stroke(knee.frame.place(bone), palette.cortex, CORTEX)


def paint_menisci(canvas: Canvas, knee: Knee, palette: Palette) -> None:
    """Both horns and, in outer slices, the body between them."""
    if knee.body > 0:
        canvas.fill(knee.middle(), palette.meniscus)
    for horn in HORNS:
        canvas.fill(knee.horn(horn), palette.meniscus)


def paint_line(canvas: Canvas, parts: list[Points], contrast: float, palette: Palette, width: float) -> None:
    """A line of signal in a meniscus, `width` mm wide."""
    for part in parts:
        canvas.stroke(part, palette.line(contrast), width)
