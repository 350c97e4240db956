"""What the page of regions shows: areas with and without, and regions on their images."""

from collections.abc import Sequence
from itertools import cycle

from matplotlib.figure import Figure as Drawing

from spinedet.annotations.boxes import Box
from spinedet.benchmarks.report.figures import MARKERS
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.run import Contender
from spinedet.benchmarks.with_region.arms import Arm
from spinedet.benchmarks.with_region.asking import WORDS, Kind
from spinedet.benchmarks.with_region.drawn import has_region_masks, region_mask
from spinedet.benchmarks.with_region.measuring import Comparison, found_overlaps
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import read_image
from spinedet.datasets.pages import Card, Look, Mark, draw_boxes, looks
from spinedet.datasets.pages.style import MUTED, PAGE_WIDTH, panels, series
from spinedet.datasets.regions.overlap import mask_box, read_mask

ROW, AROUND = 0.24, 0.55
"""Inches a side takes, and what the axis takes."""

WORST, FOUND, MASK = 3, "region found", "mask's box"
"""Cards of the regions that lie worst; names of the two boxes."""

OF_EACH = 3
"""Cards of images in which nothing was found, or which were left out."""

SHARE = 32.0
"""Per cent of the page that a picture takes."""


def draw_areas(found: Comparison) -> Drawing:
    """The area of each side with its interval, one row a side, detector by detector."""
    kinds: dict[str, Kind] = {side.name: side.kind for side in found.sides}
    names = {side.name: title(side.detector) for side in found.sides}
    marks, symbols = series(found.kinds), dict(zip(found.kinds, cycle(MARKERS), strict=False))
    count = len(found.results.detectors)
    figure, (axes,) = panels(1, across=1, height=AROUND + ROW * count, width=PAGE_WIDTH)
    for place, one in enumerate(found.results.detectors):
        area = area_of(one)
        value, bounds = area.value, area.ci95_patients or area.ci95
        colour = marks[kinds[one.name]]["color"]
        if bounds is not None:
            axes.plot(bounds, (place, place), color=colour, linewidth=1.2, solid_capstyle="butt")
        if value is not None:
            axes.plot(value, place, symbols[kinds[one.name]], color=colour, ms=5, mec="white")
    axes.axvline(0.5, color=MUTED, linewidth=0.5, zorder=0)
    told = [f"{names[one.name]}, {WORDS[kinds[one.name]]}" for one in found.results.detectors]
    axes.set(yticks=range(count), yticklabels=told, ylim=(count - 0.4, -0.6), xlabel="AUC, mean of the folds' areas")
    axes.set_xlim(right=1.005)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    return figure


def area_of(one: Contender) -> Figure:
    """The mean of the folds' areas; where no class is positive, the mean area of each class against the rest."""
    return one.figures.image.all.macro_auc if one.area is None else one.area


def known_looks() -> dict[str, Look]:
    """How the two boxes look in every card."""
    return looks([FOUND, MASK])


def draw_regions(arm: Arm, dataset: Dataset) -> list[Card]:
    """The regions that lie worst in their masks (without masks, the first ones), and images without a region."""
    rows = sorted(found_overlaps(arm, dataset), key=lambda row: row.box_iou)
    worst = {arm.regions[row.image].source: f"IoU {row.box_iou:.2f} with the mask's box" for row in rows}
    missing = set(arm.missing)
    plain = {region.source: "" for region in arm.regions.values() if region.source not in missing}
    shown = dict(list((worst or plain).items())[:WORST])
    cards = [_card(arm, dataset, image, words) for image, words in shown.items()]
    without = [(image, "nothing found: answered whole") for image in arm.missing[:OF_EACH]]
    without += [(image, f"left out: {reason}") for image, reason in arm.left_out[:OF_EACH]]
    return [*cards, *(_card(arm, dataset, image, words) for image, words in without)]


def _card(arm: Arm, dataset: Dataset, image: str, words: str) -> Card:
    item = dataset[image]
    assert item.path is not None  # a page with images has them
    marks = [*_mask_marks(dataset, image), *_found_marks(arm, image)]
    picture = draw_boxes(read_image(item.path), marks, known=known_looks(), width=SHARE, alt=f"{image}: its region")
    return Card(picture, image, words)


def _found_marks(arm: Arm, image: str) -> Sequence[Mark]:
    if image in arm.missing:
        return ()
    return [Mark(region.found, FOUND) for region in arm.regions.values() if region.source == image]


def _mask_marks(dataset: Dataset, image: str) -> Sequence[Mark]:
    path, drawn = region_mask(dataset, image), dataset[image].annotation
    if not has_region_masks(dataset) or not path.is_file():
        return ()
    mask = read_mask(path, (drawn.width, drawn.height)) > 0
    boxes: list[Box] = [mask_box(mask)] if mask.any() else []
    return [Mark(box, MASK) for box in boxes]
