"""`spinedet lint`: what is wrong with a dataset, where, and what to do."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spinedet.annotations.errors import InputError
from spinedet.terminal import TaskName, err, out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinedet.datasets.lint.checking import Asked, Report
    from spinedet.datasets.lint.findings import Severity
    from spinedet.datasets.lint.mending import Mended
    from spinedet.datasets.lint.scan import Listener
    from spinedet.datasets.lint.text import Paint

FOUND_ERRORS = 1
"""Exit code where there are errors. The check itself did its work, but the dataset did not pass: a script that goes on
to train must stop. 2 stays for a check that could not be made (no such folder, rule or task)."""

Format = Literal["text", "json", "html"]

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="DATASET", help="Folder with JPEGImages/ and Annotations/.", show_default=False),
]
"""Not needed to list the rules."""

Annotator = Annotated[str | None, typer.Option(help="Check what this annotator drew.", metavar="NAME")]
FoldsAsked = Annotated[
    int | None,
    typer.Option("--folds", min=2, help="Folds you mean to make; otherwise the task's. Finds classes too rare."),
]
OutFile = Annotated[Path | None, typer.Option("--out", help="Write the report to this file.", metavar="FILE")]
Fix = Annotated[bool, typer.Option("--fix", help="Put right what is safe; `spinedet restore` takes it back.")]
Looking = Annotated[
    bool, typer.Option("--pixels/--no-pixels", help="Decode every image: damage, the same pixels twice.")
]
Only = Annotated[str, typer.Option(help="Ask these rules alone: ids or beginnings, B,C201.", metavar="RULES")]
Ignore = Annotated[str, typer.Option(help="Leave these rules out.", metavar="RULES")]
Listing = Annotated[bool, typer.Option("--rules", help="List all rules and stop.")]


def lint(
    dataset: Folder = None,
    annotator: Annotator = None,
    task: TaskName = None,
    folds: FoldsAsked = None,
    form: Annotated[Format, typer.Option("--format", help="text, json, or html with pictures (needs --out).")] = "text",
    out_file: OutFile = None,
    fix: Fix = False,
    pixels: Looking = True,
    only: Only = "",
    ignore: Ignore = "",
    rules: Listing = False,
) -> None:
    """Check a dataset: every mistake with file, line and what to do. Exit code 1 if there are errors."""
    from spinedet.datasets.lint.checking import Asked
    from spinedet.datasets.lint.rules import choose_rules
    from spinedet.datasets.lint.text import rules_lines
    from spinedet.datasets.tasks import read_task

    if rules:
        typer.echo("\n".join(rules_lines(_paint)))
        return
    if dataset is None:
        raise InputError("There is no dataset to check.", expected="spinedet lint DATASET", todo="name its folder")
    _check_out(form, out_file)
    known = read_task(task) if task else None
    asked = Asked(
        annotator,
        known.classes if known else (),
        known.split.folds if folds is None and known else folds,
        pixels,
        choose_rules(_words(only), _words(ignore)),
    )
    report, mended = _check(dataset, asked, fix)
    _show(report, mended, form, out_file)
    if report.errors:
        raise typer.Exit(FOUND_ERRORS)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _check(dataset: Path, asked: "Asked", fix: bool) -> "tuple[Report, tuple[Mended, ...]]":
    """Check; mend and check once more, if that is wanted."""
    from spinedet.datasets.lint.checking import lint as check
    from spinedet.datasets.lint.mending import mend

    with _progress() as listener:
        report = check(dataset, asked, listener)
        mended = mend(report) if fix else ()
        if mended:
            report = check(dataset, asked, listener, seen=report.view.pixels)
    return report, mended


@contextmanager
def _progress() -> "Iterator[Listener]":
    """A bar for each kind of work on a terminal; nothing elsewhere."""
    from rich.progress import Progress, TaskID

    bars: dict[str, TaskID] = {}
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:

        def listen(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what)
            progress.update(bars[what], completed=done, total=total)

        yield listen


def _check_out(form: Format, out_file: Path | None) -> None:
    """Refuse before the work what would be refused after it; only an older report is overwritten."""
    from spinedet.datasets.lint.text import MARK

    if out_file is None:
        if form == "html":
            raise InputError("A page needs a file.", expected="--out FILE.html", found="no --out")
        return
    if out_file.exists() and not (out_file.is_file() and MARK in out_file.read_text("utf-8", errors="replace")):
        todo = "choose another --out, or delete it"
        raise InputError("The file exists, and is no report of this command.", where=out_file, todo=todo)


def _show(report: "Report", mended: "Sequence[Mended]", form: Format, out_file: Path | None) -> None:
    """The report in its form, into the file or to the terminal."""
    from spinedet.annotations.files import write_text
    from spinedet.datasets.lint.text import summary

    if out_file is None:
        typer.echo(_rendered(report, mended, form, _paint), nl=False)
        return
    write_text(out_file, _rendered(report, mended, form))
    out.print(f"{summary(report)}; the report is in {out_file}")


def _rendered(report: "Report", mended: "Sequence[Mended]", form: Format, paint: "Paint | None" = None) -> str:
    from spinedet.datasets.lint.page import render_page
    from spinedet.datasets.lint.record import as_record
    from spinedet.datasets.lint.text import plain, report_lines

    if form == "html":
        return render_page(report, mended)
    if form == "json":
        return json.dumps(as_record(report, mended), indent=1, ensure_ascii=False) + "\n"
    return "\n".join(report_lines(report, mended, paint or plain)) + "\n"


def _paint(text: str, severity: "Severity") -> str:
    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    return typer.style(text, fg=colours[severity])
