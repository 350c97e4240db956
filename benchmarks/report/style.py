"""The files of a report's figures: a PNG to be printed and an SVG of each drawing, a JPEG of images for the page."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image as Bitmap

from spinedet.annotations.files import replacing, write_bytes
from spinedet.datasets.pages import Picture
from spinedet.datasets.pages.style import INK, MUTED, PAGE_WIDTH, page_share, panels, series, style, svg
from spinedet.datasets.pages.style import LineLook as Look

__all__ = ["INK", "MUTED", "PAGE_WIDTH", "Look", "panels", "save_drawing", "save_photograph", "series", "style"]

DPI = 200
"""Resolution of the PNG files; what most journals ask of half-tones at the printed size."""


def save_drawing(figure: Figure, folder: Path, name: str, alt: str = "") -> Picture:
    """Save a figure of lines and letters as `name.png` and `name.svg`; the report embeds the SVG."""
    drawn = svg(figure)
    write_bytes(folder / f"{name}.svg", drawn)
    _save_png(figure, folder / f"{name}.png")
    return Picture.of("image/svg+xml", drawn, page_share(figure), alt)


def save_photograph(figure: Figure, folder: Path, name: str, alt: str = "") -> Picture:
    """Save a figure of images as `name.png`; the report embeds a JPEG, a fifth of the size with noisy images."""
    _save_png(figure, folder / f"{name}.png")
    with Bitmap.open(folder / f"{name}.png") as bitmap:
        buffer = io.BytesIO()
        bitmap.convert("RGB").save(buffer, "JPEG", quality=88, subsampling=0, optimize=True)
    return Picture.of("image/jpeg", buffer.getvalue(), page_share(figure), alt)


def _save_png(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
