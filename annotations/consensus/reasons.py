"""Why annotators do not agree on a box. Apart from the matching, so that a window can show it without scipy."""

from typing import Literal, get_args

Reason = Literal["class", "missed", "place"]
"""What a dispute is about."""

REASONS: tuple[Reason, ...] = get_args(Reason)

WORDS: dict[Reason, str] = {
    "class": "one place, other classes",
    "missed": "not drawn by all",
    "place": "one class, overlap too small",
}
"""Each reason as a person reads it."""
