"""From a template and values to the text of a page."""

from importlib.resources import files
from pathlib import Path

import jinja2

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_text
from spinedet.datasets.pages.parts import DASH, count

SHARED = "pages"
"""The name under which a template finds what all pages share: `pages/page.html.j2`."""

OURS = '<meta name="generator" content="spinedet">'
"""Stands in the head of every page, so that a page may be made anew and nobody's own file is overwritten."""

HEAD = 1000
"""Characters of a page among which `OURS` is looked for."""


def write_page(path: Path, text: str) -> None:
    """Write a page, over an older page of ours but over no other file.

    Raises:
        InputError: There is a file of that name, and it is no page of ours.
        WorkError: The file cannot be written.
    """
    if path.exists() and not _is_ours(path):
        raise InputError(
            "A file of that name exists, and it is no page of spinedet.",
            where=path,
            todo="choose another name, or delete the file if it may go",
        )
    write_text(path, text)


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return OURS in file.read(HEAD)


def render(package: str, template: str, **values: object) -> str:
    """The text of a page.

    Args:
        package: Import name of the package whose folder holds the template.
        template: File name of the template there; it may extend and import `pages/...`.
        values: What the template speaks of. Text is escaped; a name that the template uses and nobody gave is an
            error, not an empty place.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PrefixLoader({SHARED: _texts("spinedet.datasets.pages")}), _texts(package)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    environment.globals.update(DASH=DASH, OURS=OURS)
    return environment.get_template(template).render(values).lstrip() + "\n"


def _texts(package: str) -> jinja2.BaseLoader:
    """The templates of a package, wherever it is installed (a zipped one too)."""
    folder = files(package)

    def read(name: str) -> str | None:
        found = folder.joinpath(name)
        return found.read_text(encoding="utf-8") if found.is_file() else None

    return jinja2.FunctionLoader(read)
