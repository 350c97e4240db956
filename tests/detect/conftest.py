"""A dataset that a network can learn in a minute: dark images with one bright block each, wide or tall."""

from pathlib import Path

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT, IMAGES = 140, 110, 8

XML = """<annotation><filename>{name}.png</filename>
<size><width>{width}</width><height>{height}</height><depth>1</depth></size>
<object><name>{label}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>
</annotation>
"""


@pytest.fixture(scope="session")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight dark images, each with one bright block: wide in even images, tall in odd ones."""
    root, rng = tmp_path_factory.mktemp("blocks"), np.random.default_rng(0)
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir()
    for number in range(IMAGES):
        pixels = rng.integers(0, 60, (HEIGHT, WIDTH), np.uint8)
        x0, y0 = 20 + 5 * number, 15 + 4 * number
        x1, y1 = (x0 + 40, y0 + 20) if number % 2 == 0 else (x0 + 20, y0 + 40)
        pixels[y0:y1, x0:x1] = 220
        cv2.imwrite(str(root / "JPEGImages" / f"i{number}.png"), pixels)
        label = "tall" if number % 2 else "wide"
        text = XML.format(
            name=f"i{number}", label=label, width=WIDTH, height=HEIGHT, x0=x0 + 1, y0=y0 + 1, x1=x1, y1=y1
        )
        (root / "Annotations" / f"i{number}.xml").write_text(text, encoding="utf-8")
    lines = ["image,patient", *(f"i{number},p{number}" for number in range(IMAGES))]
    (root / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
