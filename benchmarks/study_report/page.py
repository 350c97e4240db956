"""`report.html` of a study, and beside it the figures as files and a page of disagreements for each rater."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import write_bytes
from spinedet.benchmarks.report.style import save_drawing
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.records import Rater, Roc, StudyResults, UnitResults
from spinedet.benchmarks.study_analysis.tables import as_csv
from spinedet.benchmarks.study_report import drawings, pictures, tables, words
from spinedet.benchmarks.study_report.checklist import answered, checklist
from spinedet.datasets.pages import Card, Picture, count, looks, render, write_page
from spinedet.datasets.pages.style import style

PAGE = "report.html"
FIGURES, DISAGREEMENTS = "figures", "disagreements"
HERE = "spinedet.benchmarks.study_report"

MOST = 500
"""Disagreements of one rater that are pictured; more would make a page that no browser opens, and the page says so."""

FEW_PATIENTS = 10
"""With fewer, a percentile interval is known to be too narrow, and the page says so."""

FORESTED = ("sensitivity", "specificity", "accuracy")


@dataclass(frozen=True, slots=True)
class Drawn:
    """The drawn figures; None where there is nothing to draw."""

    rocs: Picture | None
    forest: Picture | None
    times: Picture | None


@dataclass(frozen=True, slots=True)
class Link:
    """A page of disagreements: whose, its address from the report, and how many of how many it shows."""

    rater: str
    address: str
    shown: int
    of: int


def write_study_report(folder: StudyFolder, data: StudyData, results: StudyResults, *, images: bool = True) -> Path:
    """Write the report of a study into its analysis folder.

    Args:
        folder: The study.
        data: What was read.
        results: Its analysis.
        images: Whether images are shown; they are patients' images.

    Returns:
        The page.

    Raises:
        InputError: An image is missing or damaged, or a file of a page's name is no page of ours.
        WorkError: A file cannot be written.
    """
    if images:
        _check_images(folder)
    unit = _primary_unit(results)
    page = folder.analysis / PAGE
    links = _write_disagreements(folder, results) if images else []
    text = render(
        HERE,
        "page.html.j2",
        results=results,
        protocol=folder.protocol,
        unit=unit,
        others=_others(results, unit),
        same=_same(results, unit),
        tables=tables,
        words=words,
        roc_unit=_roc_unit(results),
        drawn=_draw(results, unit, folder.analysis / FIGURES),
        readers=pictures.side_by_side(folder, data, results) if images else [],
        looks=pictures.class_looks(folder.protocol),
        links=links,
        kappas=tables.kappas(results),
        checklist=checklist(folder.protocol, results),
        answered=answered(folder.protocol, results),
        no_mrmc=_no_mrmc(results),
        heading=_heading(results),
        facts=_facts(results),
        notes=_notes(results),
    )
    write_page(page, text)
    return page


def _check_images(folder: StudyFolder) -> None:
    files = [folder.images / f"{code}.png" for code in folder.protocol.codes]
    if missing := [path.name for path in files if not path.is_file()]:
        raise InputError(
            "The report shows images, and some are missing.",
            found=f"no {some(missing)}",
            where=folder.images,
            todo="restore them from a copy of the study, or leave pictures out: spinedet study analyse --no-images",
        )


def _primary_unit(results: StudyResults) -> UnitResults:
    """The unit of the primary endpoint, or the first that was analysed."""
    return results.of(results.primary.endpoint.unit) or results.units[0]


def _others(results: StudyResults, unit: UnitResults) -> list[UnitResults]:
    """The other units, but for patients where each has one image: they would say the same again."""
    return [one for one in results.units if one.unit != unit.unit and not _repeats(results, one)]


def _same(results: StudyResults, unit: UnitResults) -> list[str]:
    """What is said of the units that are left out."""
    left = any(one.unit != unit.unit and _repeats(results, one) for one in results.units)
    return ["Each patient has one image: figures by patient are those by image."] if left else []


def _repeats(results: StudyResults, one: UnitResults) -> bool:
    return one.unit == "patient" and results.patients == results.images


def _draw(results: StudyResults, unit: UnitResults, folder: Path) -> Drawn:
    compared = [one for one in unit.comparisons if one.why == "model"] or list(unit.comparisons)
    timed = [one for one in results.times.raters if one.seconds]
    rocs = _rocs(results)
    with style():
        return Drawn(
            rocs=save_drawing(drawings.draw_rocs(rocs), folder, "roc", "ROC curves with the readers as points")
            if rocs
            else None,
            forest=save_drawing(
                drawings.draw_forest(compared, FORESTED), folder, "forest", "Differences of reader and model"
            )
            if compared
            else None,
            times=save_drawing(drawings.draw_times(timed), folder, "times", "Reading times as box plots")
            if timed
            else None,
        )


def _rocs(results: StudyResults) -> list[Roc]:
    """The models' curves; the readers' own where no model gave scores."""
    found = [roc for one in results.units if one.unit == _roc_unit(results) for roc in one.rocs if roc.curve.x]
    return [roc for roc in found if roc.kind == "model"] or found


def _roc_unit(results: StudyResults) -> str:
    """Curves are of images where there are any, as in the papers; otherwise of the first unit that has one."""
    having = [one.unit for one in results.units if one.rocs]
    return "image" if "image" in having or not having else having[0]


def _write_disagreements(folder: StudyFolder, results: StudyResults) -> list[Link]:
    """A page for each rater; nothing for one who agrees with the reference throughout."""
    links = []
    for number, rater in enumerate(results.raters, start=1):
        rows = [row for row in results.disagreements if row.rater == rater.name]
        if not rows:
            continue
        address = f"{DISAGREEMENTS}/{number:02d}.html"
        cards = pictures.disagreement_cards(folder, rows[:MOST])
        write_page(folder.analysis / address, _disagreement_page(results, rater, cards, len(rows)))
        links.append(Link(rater.name, address, len(cards), len(rows)))
    return links


def _disagreement_page(results: StudyResults, rater: Rater, cards: Sequence[Card], of: int) -> str:
    return render(
        HERE,
        "disagreements.html.j2",
        results=results,
        rater=rater,
        cards=cards,
        looks=looks((pictures.REFERENCE, rater.name)),
        left=f"The first {len(cards):,} of {of:,} are pictured; all stand in tables/." if of > len(cards) else "",
        told=f"{count(of, 'disagreement')} with the reference on {count(results.images, 'image')}.",
    )


def _no_mrmc(results: StudyResults) -> str:
    """Why there is no such analysis, as a sentence."""
    why = results.no_mrmc or "nobody read under two conditions"
    return f"{why[0].upper()}{why[1:]}."


def _heading(results: StudyResults) -> str:
    people = [one.name for one in results.raters if one.kind == "person"]
    models = [one.name for one in results.raters if one.kind == "model"]
    who = words.listed(people) if len(people) <= 4 else count(len(people), "reader")
    return f"{who} against {words.listed(models)}" if models and people else f"{who or words.listed(models)}"


def _facts(results: StudyResults) -> str:
    unit = results.units[0]
    told = ", ".join(f"{label} {number:,}" for label, number in unit.counts.items())
    objects = f", {count(results.objects, 'object')}" if results.objects else ""
    positive = f"; positive: {', '.join(results.positive)}" if results.positive else ""
    whole = f"{count(results.images, 'image')} of {count(results.patients, 'patient')}{objects}"
    return f"{results.study}: {whole} ({told}{positive})."


def _notes(results: StudyResults) -> list[str]:
    notes = list(results.warnings)
    if results.patients < FEW_PATIENTS:
        notes.append(f"There are fewer than {FEW_PATIENTS} patients: the intervals are too narrow.")
    return notes


def write_checklist(folder: StudyFolder, results: StudyResults) -> Path:
    """Write the checklist as CSV, so that authors fill in what is open."""
    rows = [[cell.text for cell in row] for row in checklist(folder.protocol, results).rows]
    path = folder.analysis / "checklist.csv"
    text = as_csv([["item", "asks", "this study"], *rows])
    write_bytes(path, text.encode("utf-8-sig"))  # Excel takes a file without that mark for another encoding
    return path
