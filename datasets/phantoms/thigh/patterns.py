"""Which muscles a disease takes, and in which order: the patterns of fat that tell the classes apart.

A muscle starts to turn to fat when the disease has gone as far as the muscle's `onset` (0: at once, 1: never). The
orders follow what reviews of muscle imaging say in words. Duchenne: adductor magnus and gluteus maximus first, then
quadriceps and the long head of biceps; gracilis, sartorius and adductor longus are spared. Becker: milder, hamstrings
and adductor magnus first, rectus femoris late. The others serve as what else a clinic sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.thigh.muscles import NAMES

Label = Literal["other", "DMD", "BMD"]

CLASSES: tuple[Label, ...] = ("other", "DMD", "BMD")
"""The classes in the order of `dataset.yaml`."""

SPARED = 0.95
"""Onset of a muscle that a pattern does not name."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a disease does to the muscles.

    Attributes:
        name: What it is called in `phantom.csv`.
        onset: How far the disease has gone when a muscle joins in, by the muscle's name.
        uneven: How far the two legs may differ, as a fraction of the disease's course.
        scatter: Standard deviation of the onset between muscles of one patient.
        distal: How much further the disease has gone at the knee than at the middle (negative: at the hip).
        rim: How much the fat prefers the border of a muscle (0: none).
        oedema: The muscles swell with fluid and hold no fat.
    """

    name: str
    onset: Mapping[str, float] = field(default_factory=dict)
    uneven: float = 0.1
    scatter: float = 0.08
    distal: float = 0.0
    rim: float = 0.0
    oedema: bool = False

    def onsets(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The onset of every muscle (M,), in the order of `muscles.NAMES`."""
        return np.array([self.onset.get(name, SPARED) for name in NAMES])


DUCHENNE = Pattern(
    "Duchenne",
    {
        "adductor magnus": 0.0,
        "gluteus maximus": 0.0,
        "vastus lateralis": 0.15,
        "vastus intermedius": 0.17,
        "biceps femoris": 0.2,
        "rectus femoris": 0.22,
        "vastus medialis": 0.25,
        "adductor brevis": 0.3,
        "biceps, short head": 0.4,
        "semimembranosus": 0.5,
        "tensor fasciae latae": 0.5,
        "semitendinosus": 0.6,
        "adductor longus": 0.8,
        "sartorius": 0.9,
        "gracilis": 0.95,
    },
)

BECKER = Pattern(
    "Becker",
    {
        "biceps femoris": 0.0,
        "semimembranosus": 0.04,
        "adductor magnus": 0.08,
        "gluteus maximus": 0.1,
        "vastus lateralis": 0.35,
        "vastus intermedius": 0.35,
        "biceps, short head": 0.4,
        "semitendinosus": 0.4,
        "adductor brevis": 0.5,
        "vastus medialis": 0.5,
        "tensor fasciae latae": 0.7,
        "adductor longus": 0.75,
        "rectus femoris": 0.75,
        "gracilis": 0.9,
        "sartorius": 0.95,
    },
)

NORMAL = Pattern("normal")

OTHERS = (
    NORMAL,
    Pattern(
        "posterior",  # calpain: back and inner side, the quadriceps spared
        {
            "semimembranosus": 0.0,
            "semitendinosus": 0.05,
            "adductor longus": 0.1,
            "adductor magnus": 0.1,
            "biceps femoris": 0.2,
            "adductor brevis": 0.2,
            "gracilis": 0.6,
        },
    ),
    Pattern(
        "asymmetric",  # facioscapulohumeral: one leg, single muscles
        {
            "semimembranosus": 0.0,
            "rectus femoris": 0.1,
            "adductor longus": 0.2,
            "semitendinosus": 0.25,
            "biceps femoris": 0.3,
            "adductor magnus": 0.35,
            "gracilis": 0.4,
            "vastus medialis": 0.5,
        },
        uneven=0.75,
        scatter=0.2,
    ),
    Pattern(
        "distal",  # inclusion body myositis: the vasti above the knee, rectus femoris spared
        {
            "vastus medialis": 0.0,
            "vastus intermedius": 0.05,
            "vastus lateralis": 0.1,
            "sartorius": 0.3,
            "gracilis": 0.5,
        },
        uneven=0.35,
        distal=0.6,
    ),
    Pattern(
        "rim",  # collagen VI: the borders of the vasti and of the hamstrings
        {
            "vastus lateralis": 0.0,
            "vastus medialis": 0.05,
            "rectus femoris": 0.1,
            "semitendinosus": 0.2,
            "biceps femoris": 0.2,
            "gracilis": 0.45,
            "sartorius": 0.5,
        },
        rim=1.0,
    ),
    Pattern("neurogenic", dict.fromkeys(NAMES, 0.25), uneven=0.45, scatter=0.4),
    Pattern(
        "oedema",  # myositis: fluid, no fat
        {
            "vastus lateralis": 0.0,
            "rectus femoris": 0.05,
            "vastus medialis": 0.1,
            "vastus intermedius": 0.15,
            "adductor magnus": 0.3,
            "sartorius": 0.4,
            "biceps femoris": 0.5,
        },
        uneven=0.3,
        scatter=0.25,
        oedema=True,
    ),
)

MIMIC = Pattern(
    "mimic",  # sarcoglycan and FKRP diseases: hardly to be told from Becker, but the front joins later
    {
        "adductor magnus": 0.05,
        "biceps femoris": 0.05,
        "semimembranosus": 0.1,
        "semitendinosus": 0.2,
        "gluteus maximus": 0.2,
        "adductor longus": 0.3,
        "adductor brevis": 0.3,
        "vastus intermedius": 0.4,
        "vastus lateralis": 0.45,
        "vastus medialis": 0.5,
        "gracilis": 0.7,
    },
)

COPY = Pattern("copy", BECKER.onset)  # the same muscles in the same order: only a gene test tells
