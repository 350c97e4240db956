"""The muscles of a thigh: where each lies between hip and knee.

Places are in the frame of the leg: x points outwards (lateral), y backwards, the fascia lata is the unit circle. A
muscle is what lies nearer to its own line than to any other's, each line given a start of `reach`; so muscles meet in
curved borders, as real ones do, and give way to fat where none reaches.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = tuple[tuple[float, float], ...]

HIP, MIDDLE, KNEE = 0.0, 0.5, 1.0
"""Levels at which muscles are described: below the lesser trochanter, mid-thigh, above the patella."""

GONE = -0.35
"""Reach of a muscle that a level does not cut: no place is its own."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A muscle as one level cuts it: the line along its middle, and its reach to both sides of that."""

    line: Places
    reach: float


@dataclass(frozen=True, slots=True)
class Muscle:
    """One muscle.

    Attributes:
        name: Its short name.
        cuts: At the hip, the middle and the knee; the lines have the same number of points.
    """

    name: str
    cuts: tuple[Cut, Cut, Cut]


MUSCLES = (
    Muscle(
        "rectus femoris",
        (
            Cut(((-0.08, -0.76), (0.14, -0.76)), 0.15),
            Cut(((-0.13, -0.76), (0.16, -0.78)), 0.15),
            Cut(((-0.08, -0.9), (0.08, -0.9)), -0.02),
        ),
    ),
    Muscle(
        "vastus lateralis",
        (
            Cut(((0.52, -0.52), (0.70, -0.12), (0.62, 0.16)), 0.17),
            Cut(((0.50, -0.60), (0.76, -0.15), (0.62, 0.27)), 0.19),
            Cut(((0.44, -0.72), (0.72, -0.42), (0.74, -0.10)), 0.13),
        ),
    ),
    Muscle(
        "vastus intermedius",
        (
            Cut(((0.00, -0.40), (0.24, -0.38), (0.40, -0.10)), 0.10),
            Cut(((-0.06, -0.46), (0.26, -0.46), (0.44, -0.08)), 0.11),
            Cut(((-0.16, -0.74), (0.08, -0.76), (0.32, -0.66)), 0.06),
        ),
    ),
    Muscle(
        "vastus medialis",
        (
            Cut(((-0.22, -0.42), (-0.18, -0.26)), 0.02),
            Cut(((-0.42, -0.58), (-0.30, -0.24)), 0.15),
            Cut(((-0.46, -0.66), (-0.66, -0.28)), 0.19),
        ),
    ),
    Muscle(
        "sartorius",
        (
            Cut(((-0.50, -0.78), (-0.36, -0.84)), 0.08),
            Cut(((-0.80, -0.42), (-0.68, -0.56)), 0.07),
            Cut(((-0.84, 0.22), (-0.78, 0.40)), 0.07),
        ),
    ),
    Muscle(
        "gracilis",
        (
            Cut(((-0.93, -0.10), (-0.90, 0.14)), 0.06),
            Cut(((-0.93, 0.10), (-0.87, 0.32)), 0.06),
            Cut(((-0.66, 0.60), (-0.60, 0.67)), 0.05),
        ),
    ),
    Muscle(
        "adductor longus",
        (
            Cut(((-0.70, -0.44), (-0.42, -0.36)), 0.15),
            Cut(((-0.66, -0.04), (-0.46, -0.02)), 0.10),
            Cut(((-0.50, -0.02), (-0.46, -0.02)), GONE),
        ),
    ),
    Muscle(
        "adductor brevis",
        (
            Cut(((-0.62, -0.06), (-0.34, -0.08)), 0.11),
            Cut(((-0.50, 0.10), (-0.40, 0.10)), -0.12),
            Cut(((-0.50, 0.10), (-0.46, 0.10)), GONE),
        ),
    ),
    Muscle(
        "adductor magnus",
        (
            Cut(((-0.62, 0.30), (-0.30, 0.28), (-0.02, 0.18)), 0.19),
            Cut(((-0.62, 0.32), (-0.34, 0.30), (-0.08, 0.18)), 0.16),
            Cut(((-0.56, 0.06), (-0.52, 0.10), (-0.46, 0.12)), 0.03),
        ),
    ),
    Muscle(
        "semimembranosus",
        (
            Cut(((-0.30, 0.58), (-0.22, 0.60)), 0.00),
            Cut(((-0.58, 0.66), (-0.36, 0.68)), 0.12),
            Cut(((-0.46, 0.46), (-0.26, 0.60)), 0.20),
        ),
    ),
    Muscle(
        "semitendinosus",
        (
            Cut(((-0.24, 0.74), (-0.08, 0.80)), 0.12),
            Cut(((-0.22, 0.84), (-0.02, 0.86)), 0.11),
            Cut(((-0.32, 0.86), (-0.26, 0.87)), 0.05),
        ),
    ),
    Muscle(
        "biceps femoris",
        (
            Cut(((0.06, 0.66), (0.16, 0.70)), 0.11),
            Cut(((0.26, 0.68), (0.42, 0.64)), 0.17),
            Cut(((0.40, 0.62), (0.56, 0.46)), 0.15),
        ),
    ),
    Muscle(
        "biceps, short head",
        (
            Cut(((0.34, 0.34), (0.38, 0.36)), GONE),
            Cut(((0.36, 0.26), (0.46, 0.38)), 0.03),
            Cut(((0.50, 0.12), (0.60, 0.26)), 0.10),
        ),
    ),
    Muscle(
        "gluteus maximus",
        (
            Cut(((0.30, 0.80), (0.70, 0.52)), 0.16),
            Cut(((0.60, 0.70), (0.70, 0.60)), GONE),
            Cut(((0.60, 0.70), (0.70, 0.60)), GONE),
        ),
    ),
    Muscle(
        "tensor fasciae latae",
        (
            Cut(((0.38, -0.82), (0.58, -0.70)), 0.08),
            Cut(((0.56, -0.76), (0.66, -0.66)), -0.22),
            Cut(((0.60, -0.70), (0.70, -0.60)), GONE),
        ),
    ),
)

NAMES = tuple(muscle.name for muscle in MUSCLES)

Lines = tuple[NDArray[np.float64], ...]
"""The line of every muscle, each (2 or 3, 2)."""


def cut_muscles(level: float) -> tuple[Lines, NDArray[np.float64]]:
    """The lines of all muscles and their reach (M,) at a level from 0 (`HIP`) to 1 (`KNEE`)."""
    lines, reach = zip(*(_cut(muscle, level) for muscle in MUSCLES), strict=True)
    return lines, np.array(reach)


def _cut(muscle: Muscle, level: float) -> tuple[NDArray[np.float64], float]:
    """Straight between the described levels."""
    share = np.interp(level, (HIP, MIDDLE, KNEE), (0, 1, 2))
    upper = min(int(share), 1)
    above, below, along = muscle.cuts[upper], muscle.cuts[upper + 1], float(share) - upper
    line = (1 - along) * np.array(above.line) + along * np.array(below.line)
    return line, (1 - along) * above.reach + along * below.reach
