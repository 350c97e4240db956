"""What stands on a page: pictures, cards and tables, before a template turns them into HTML."""

import base64
from dataclasses import dataclass
from typing import Self

DASH = "\N{EN DASH}"
"""Stands where there is no figure."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture as it stands on a page.

    Attributes:
        uri: The picture itself as a data URI.
        width: Its share of the page's width, in per cent.
        alt: What it shows, for those who cannot see it.
    """

    uri: str
    width: float
    alt: str = ""

    @classmethod
    def of(cls, kind: str, data: bytes, width: float, alt: str = "") -> Self:
        """A picture from the bytes of a file of media type `kind`, such as `image/jpeg`."""
        return cls(f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}", width, alt)


@dataclass(frozen=True, slots=True)
class Card:
    """A picture in a gallery.

    Attributes:
        picture: The picture; it takes the width of its column.
        name: What it is called, above the words.
        words: A line or two in smaller print, parted by a line feed.
        mark: A word that sorts it, set before the name (a rule, a rank); empty for none.
    """

    picture: Picture
    name: str
    words: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry: the figure, smaller print beneath it, and whether it is the best of its column."""

    text: str
    small: str = ""
    best: bool = False
    word: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column: its name, its unit beneath, and the heading it shares with its neighbours."""

    name: str
    unit: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column holds the names of the rows."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Shared headings with the number of columns under each; empty where there are none."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and column.group and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(name for name, _ in spans) else []


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 box`, `2 boxes`, `1,200 images`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
