"""The words in a VOC file's leaves: numbers and flags, in every spelling met."""

import re
from decimal import Context, Decimal

from spinedet.annotations.voc.model import MAX_SIDE

EXACT = 400
"""Digits that are kept of a sum: more than the smallest number of a computer has behind the point (325)."""

MAX_DIGITS = 400
"""Signs of a number; more are no place in an image, and long ones take long to read."""

_FRACTION = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")

_YES = {"1", "yes", "y", "true", "t"}
_NO = {"", "0", "no", "n", "false", "f", "unspecified", "unknown", "none"}


def read_number(text: str) -> Decimal | None:
    """A number of pixels as the file has it, not rounded; None for what is no number, or none of an image."""
    text = text.strip()
    if len(text) > MAX_DIGITS or not _FRACTION.fullmatch(text):
        return None
    value = Decimal(text)
    return value if abs(value) < MAX_SIDE else None


def plus(value: float | Decimal, step: int) -> Decimal:
    """`value + step` without rounding, where `value` has no more than a computer's digits."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return Context(prec=EXACT).add(number, Decimal(step))


def read_flag(text: str) -> bool | None:
    """Whether a word means yes: 0 and 1, words in any capitals, another number than 0; None for what is neither."""
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    number = read_number(word)
    return None if number is None else number != 0
