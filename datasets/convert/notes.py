"""What a conversion did to what it read, so that nothing is changed or dropped in silence."""

from dataclasses import dataclass

from spinedet.annotations.errors import some

CLIPPED = "boxes that left the image by at most 2 px, clipped"
OUTLINES = "outlines turned into their extents"
OUTLINES_LOST = "outlines beside a box, not kept"
NO_AREA = "boxes without area"
FOREIGN = "images of a kind that spinedet does not read"
UNNAMED = "images that no annotation names"


@dataclass(frozen=True, slots=True)
class Note:
    """One kind of change or loss, with every place where it happened.

    Attributes:
        text: What happened, in the plural: `boxes without area`.
        places: Where, in the order of the source.
        left_out: Whether these things are missing in the outcome.
    """

    text: str
    places: tuple[str, ...]
    left_out: bool = False

    def line(self, most: int = 5) -> str:
        """The note in one line, with its first places."""
        return f"{self.text}: {len(self.places)} ({some(self.places, most)})"


class Notes:
    """Collects notes while a source is read."""

    def __init__(self) -> None:
        self._places: dict[tuple[bool, str], list[str]] = {}

    def reported(self, text: str, place: str) -> None:
        """Something was kept in another form than it had."""
        self._places.setdefault((False, text), []).append(place)

    def left_out(self, text: str, place: str) -> None:
        """Something is missing in the outcome."""
        self._places.setdefault((True, text), []).append(place)

    def all(self) -> tuple[Note, ...]:
        """What was collected: what was reported first, then what was left out."""
        rows = sorted(self._places.items(), key=lambda row: row[0][0])
        return tuple(Note(text, tuple(places), left_out) for (left_out, text), places in rows)
