"""Pages that need nothing else: the style, the parts and the pictures that every HTML report shares.

A command that writes a page keeps a template beside its code and renders it from here:

    html = render("spinedet.datasets.lint", "page.html.j2", table=Table(...), cards=[Card(...)])
    write_page(path, html)

1. The template begins with `{% extends "pages/page.html.j2" %}` and `{% import "pages/parts.html.j2" as parts %}` and
   fills the blocks `title` and `main` (and `css`, where the common style is not enough). Everything is escaped, a
   misspelt name is an error.
2. `parts` has: `masthead(kicker, title, facts, finding, notes)`, `heading(text)` above a `grid(table, class)`,
   `figure(picture, text, class)`, `plate(pictures, text)`, `gallery(cards, text)`, `facts(rows)`, `legend(looks)`,
   `patients(dataset)` (the page shows patients: every page with their images says so), `foot()`. Tables and figures
   number themselves. The filter `count` says `3 | count("box")`: "3 boxes".
3. Tables are `Table(columns, rows)` of `Column` and `Cell`.
4. A picture is a `Picture` (data URI, width in per cent of the page, words for who cannot see it). `draw_boxes` makes
   one of an image and `Mark`s, in the colours of `looks(names)` (one name a class, or one an annotator), cropped to
   `region_around(...)`; drawings by matplotlib: `with pages.style.style(): drawing(figure, alt)`. A `Card` is a picture
   with its name and a few words, for a gallery.
"""

from spinedet.datasets.pages.boxes import Mark, draw_boxes, region_around
from spinedet.datasets.pages.looks import Look, looks
from spinedet.datasets.pages.parts import Card, Cell, Column, Picture, Table, count
from spinedet.datasets.pages.rendering import render, write_page

__all__ = [
    "Card",
    "Cell",
    "Column",
    "Look",
    "Mark",
    "Picture",
    "Table",
    "count",
    "draw_boxes",
    "looks",
    "region_around",
    "render",
    "write_page",
]
