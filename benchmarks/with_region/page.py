"""`comparison.html`: what a region of interest changes, on one page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from spinedet.annotations.errors import some
from spinedet.benchmarks.agreement.tables import to
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.whole_image import tables as ordinary
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.with_region import pictures, tables
from spinedet.benchmarks.with_region.arms import Arm
from spinedet.benchmarks.with_region.asking import WORDS
from spinedet.benchmarks.with_region.measuring import Comparison, Versus, reasons
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import Card, count, render, write_page
from spinedet.datasets.pages.style import drawing, style

PAGE = "comparison.html"
HERE = "spinedet.benchmarks.with_region"

FEW_PATIENTS = 10
"""With fewer, a percentile interval is known to be too narrow, and the page says so."""

NAMED = 10


def write_comparison_page(
    path: Path,
    found: Comparison,
    arms: Sequence[Arm],
    dataset: Dataset,
    drawn: str,
    margin: float,
    command: str,
    *,
    examples: bool,
) -> Path:
    """Write the page.

    Args:
        path: The file to write.
        found: The figures.
        arms: What they were made of.
        dataset: The dataset, with images where `examples` are wanted.
        drawn: Where the boxes come from that region models learnt, in words; empty where none was trained.
        margin: Share of a region's sides that was added all round.
        command: The command that made the run.
        examples: Whether images are shown with their regions; they are patients' images.

    Raises:
        InputError: There is a file of that name that is no page of ours, or an image cannot be read.
        WorkError: The file cannot be written.
    """
    shown = _cards(arms, dataset) if examples else {}
    with style():
        areas = drawing(pictures.draw_areas(found), "Areas with and without a region") if _has_areas(found) else None
    write_page(
        path,
        render(
            HERE,
            "page.html.j2",
            found=found,
            results=found.results,
            ordinary=ordinary,
            tables=tables,
            areas=areas,
            cards=shown,
            looks=pictures.known_looks(),
            heading=_heading(found),
            facts=_facts(found),
            finding=finding(found),
            notes=notes(found),
            drawn=drawn,
            margin=margin,
            command=command,
        ),
    )
    return path


def _cards(arms: Sequence[Arm], dataset: Dataset) -> Mapping[str, list[Card]]:
    return {WORDS[arm.kind]: pictures.draw_regions(arm, dataset) for arm in arms if arm.kind != "whole"}


def _has_areas(found: Comparison) -> bool:
    """Whether there is an area to draw; a number has none of its own."""
    asked = found.results.task.kind != "number"
    return asked and any(pictures.area_of(one).value is not None for one in found.results.detectors)


def _heading(found: Comparison) -> str:
    name = found.results.material.name
    if len(found.kinds) < 2:
        return f"{name}, {WORDS[found.kinds[0]]}"
    return f"{name}: with a region and without" if "whole" in found.kinds else f"{name}: two kinds of region"


def _facts(found: Comparison) -> str:
    material = found.results.material
    counts = ", ".join(f"{label} {number:,}" for label, number in material.counts.items())
    positive = found.results.task.positive
    told = f"; positive: {', '.join(positive)}" if positive else ""
    of = f"{count(material.images, 'image')} of {count(material.patients, 'patient')}"
    return f"{of} ({counts}{told}); the same {material.folds} folds by {material.grouped_by} for every kind of region."


def finding(found: Comparison) -> str:
    """The first sentences: what the region changes, detector by detector."""
    sentences = [_change(found, versus) for versus in found.versus]
    return " ".join(sentences) or "There is nothing to compare yet."


def _change(found: Comparison, versus: Versus) -> str:
    """What one detector gains or loses."""
    detector = next(title(side.detector) for side in found.sides if side.name == versus.first)
    kinds = {side.name: WORDS[side.kind] for side in found.sides}
    if none := _never_found(found, versus):
        return f"{detector}: no region was found in any image ({none}), so all of its answers are of whole images."
    figure, what = _figure(found, versus)
    if figure.value is None:
        return f"{detector}: no difference can be told ({figure.why})."
    bounds = to(figure.ci95_patients, ordinary.signed)
    told = f"{ordinary.signed(figure.value)}" + (f" (95 % interval {bounds})" if bounds else "")
    more = f"{_verdict(figure)}{_no_area(found, versus)}"
    return f"{detector}, {kinds[versus.first]} less {kinds[versus.second]}: {what} {told}{more}."


def _never_found(found: Comparison, versus: Versus) -> str:
    """The kind of region that two sides compare in vain, in words; empty where there are regions."""
    kinds = {side.kind for side in found.sides if side.name in (versus.first, versus.second)}
    return ", ".join(WORDS[one.kind] for one in found.regions if one.kind in kinds and len(one.missing) == one.images)


def _figure(found: Comparison, versus: Versus) -> tuple[Figure, str]:
    """The area where there is one, otherwise how far answers are off, otherwise the share of right ones."""
    pair = tables.pair_of(found, versus)
    if pair.area is not None and pair.area.value is not None:
        return pair.area, "AUC"
    if pair.error is not None:
        return pair.error, "mean absolute error"
    return versus.images.accuracy, "accuracy"


def _no_area(found: Comparison, versus: Versus) -> str:
    """Why the areas are not what is told."""
    area = tables.pair_of(found, versus).area
    return f"; the areas cannot be compared ({area.why})" if area is not None and area.value is None else ""


def _verdict(figure: Figure) -> str:
    bounds = figure.ci95_patients
    if not figure.value:
        return ""
    return ", which may be chance" if bounds is None or bounds[0] <= 0 <= bounds[1] else ""


def notes(found: Comparison) -> list[str]:
    """What a person should know before trusting the figures."""
    rows = list(found.results.material.gaps)
    for one in found.regions:
        if one.missing:
            rows.append(
                f"Nothing was found in {len(one.missing)} of {count(one.images, 'image')} "
                f"({some(one.missing, NAMED)}): they are answered from the whole image, so that every kind of region "
                "answers the same images."
            )
        if one.left_out:
            rows.append(
                f"{WORDS[one.kind].capitalize()}: {count(len(one.left_out), 'image')} left out ({reasons(one)}): "
                f"{some([image for image, _ in one.left_out], NAMED)}. They are in no figure here, also not in those "
                "of whole images, whose models have learnt from them all the same."
            )
    rows += [
        f"{title(detector)}: the figures are over the {common:,} of {found.images:,} images that every kind of region "
        "has answered."
        for detector, common in found.common.items()
        if common < found.images
    ]
    rows += [f"{title(name)} has no figures: {why}." for name, why in found.unmeasured.items()]
    rows += _unfinished(found)
    if not any(found.results.material.validation.values()):
        rows.append("No validation images were set aside: the threshold is 0.5.")
    if found.results.material.patients < FEW_PATIENTS:
        rows.append(f"There are fewer than {FEW_PATIENTS} patients: the intervals are too narrow.")
    return rows


def _unfinished(found: Comparison) -> list[str]:
    """Sides that lack folds, and kinds that a detector lacks."""
    rows = [
        f"{one.name}: fold {', '.join(map(str, one.unfinished))} not finished, or not by every kind of region."
        for one in found.results.detectors
        if one.unfinished
    ]
    for detector in dict.fromkeys(side.detector for side in found.sides):
        there = {side.kind for side in found.sides if side.detector == detector}
        rows += [f"{title(detector)} has finished no fold: {WORDS[kind]}." for kind in found.kinds if kind not in there]
    return rows
