"""The typeface of pictures: the one that comes with matplotlib, and one of the machine's for Chinese names."""

from pathlib import Path

import matplotlib
from matplotlib.font_manager import findfont, get_font_names
from PIL import ImageFont

TYPEFACE = "DejaVu Sans"
"""Ships with matplotlib: the same letters on every machine."""

CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "SimHei")
"""Where one of them is installed, it lends the characters that the typeface lacks."""

FIRST_CJK = "\u2e80"
"""From here on, Unicode's writing systems of East Asia."""

Font = ImageFont.FreeTypeFont


def families() -> list[str]:
    """The typeface and, behind it, those that lend it characters on this machine."""
    installed = set(get_font_names())
    return [TYPEFACE, *(name for name in CHINESE if name in installed)]


def font_for(text: str, size: int) -> Font:
    """A font for a label of `size` pixels: the typeface, or one of the machine's where the text is Chinese."""
    if any(letter >= FIRST_CJK for letter in text) and (lenders := families()[1:]):
        return ImageFont.truetype(findfont(lenders[0]), size)
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
