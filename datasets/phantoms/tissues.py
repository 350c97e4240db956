"""What tissues look like on a T2-weighted spin echo, and how that differs between scanners and people."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.canvas import Tissue


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner; signals from 0 to 255."""

    fat: Tissue
    skin: Tissue
    fluid: Tissue
    cord: Tissue
    root: Tissue
    marrow: Tissue
    cortex: Tissue
    annulus: Tissue
    ligament: Tissue
    muscle: Tissue
    sinew: Tissue
    vessel: Tissue
    viscera: Tissue
    nucleus: float

    def bowel(self, rng: np.random.Generator) -> Tissue:
        """The content of one loop: gas, fluid or something between."""
        gas = rng.random() < 0.2
        signal = rng.uniform(5, 20) if gas else self.viscera.signal * rng.uniform(0.45, 1.25)
        return Tissue(min(signal, 240), 10, 4)


def sample_palette(rng: np.random.Generator) -> Palette:
    """A T2-weighted contrast: bright fluid and fat, grey marrow, dark muscle, black cortex and ligament."""
    marrow = rng.uniform(78, 122)
    fat = rng.uniform(165, 225)
    muscle = rng.uniform(30, 52)
    fluid = rng.uniform(165, 238)
    return Palette(
        fat=Tissue(fat, 9, 8),
        skin=Tissue(fat * 0.45, 5, 0),
        fluid=Tissue(fluid, 3, 4),
        cord=Tissue(fluid * rng.uniform(0.42, 0.54), 4, 6),
        root=Tissue(fluid * rng.uniform(0.55, 0.7), 4, 4),
        marrow=Tissue(marrow, 12, 3),
        cortex=Tissue(rng.uniform(10, 20), 5, 0),
        annulus=Tissue(rng.uniform(22, 40), 9, 0),
        ligament=Tissue(rng.uniform(12, 22), 5, 0),
        muscle=Tissue(muscle, 12, 18),
        sinew=Tissue(muscle * rng.uniform(1.2, 1.9), 22, 26),
        vessel=Tissue(rng.uniform(10, 45), 25, 10),
        viscera=Tissue(rng.uniform(75, 125), 22, 12),
        nucleus=rng.uniform(135, 180),
    )
