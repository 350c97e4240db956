"""A new study on disk: images under neutral names, a frozen protocol, an order for each reader, and the sealed part.

The same dataset, plan and seed give the same files, byte for byte, but for the date in the protocol and so its hash.
Images are written anew as PNG from what `spinedet.datasets.images` reads: turned as their orientation says, images of
16 bits within the window in which the package always shows them, and without anything that a file says beside pixels.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import yaml

from spinedet.annotations.errors import WorkError
from spinedet.annotations.files import write_bytes, write_json, write_text
from spinedet.benchmarks.study.coding import Coded
from spinedet.benchmarks.study.drawing import Drawn, draw
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.orders import make_order, write_order
from spinedet.benchmarks.study.persons import persons_of
from spinedet.benchmarks.study.planning import Plan, check_plan, make_protocol, unanswerable
from spinedet.benchmarks.study.protocol import FILE, Case
from spinedet.benchmarks.study.readings import Mark, Truth
from spinedet.benchmarks.study.sealed import Standard, write_key, write_people, write_standard
from spinedet.benchmarks.study.taking_part import TakingPart
from spinedet.datasets.card import CARD
from spinedet.datasets.convert.folders import check_new, new_folder, place_image
from spinedet.datasets.dataset import IMAGES, Dataset, Item
from spinedet.datasets.images import Pixels, as_rgb, pixel_hash, read_image, read_pixels
from spinedet.datasets.pages import count
from spinedet.datasets.patients import PATIENTS

DRAWING = "drawing.json"

CROWDED = 3
"""Images a patient, on average, above which a study is told to draw more patients."""

Progress = Callable[[int, int], None]
"""Called with how many images are looked at, and of how many."""


@dataclass(frozen=True)
class Made:
    """A study that was just made.

    Attributes:
        folder: The study.
        drawn: What was drawn, and who could not be.
        notes: What whoever made it should know.
    """

    folder: StudyFolder
    drawn: Drawn
    notes: tuple[str, ...]


def make_study(
    dataset: Dataset, plan: Plan, out: Path, *, created: str | None = None, progress: Progress | None = None
) -> Made:
    """Draw a study from a dataset and write it.

    Args:
        dataset: Annotated images whose patients are known.
        plan: What was decided.
        out: The study's folder; a new one.
        created: Date of the protocol; today's otherwise.
        progress: Told while images are looked at.

    Raises:
        InputError: The plan is contradictory, a model has seen too much, too few images are left, or `out` is there.
        WorkError: A file cannot be written; nothing is left behind.
    """
    check_new(out)
    models = check_plan(dataset, plan, out)
    pixels = _hashes(dataset, progress)
    persons = persons_of(dataset, pixels)
    drawn = draw(
        dataset,
        persons,
        {one for model in models for one in model.card.trained_on.images},
        images=plan.images,
        practice=plan.practice,
        per_patient=plan.per_patient,
        seed=plan.seed,
    )
    coded = Coded.of(dataset, drawn, plan.seed)
    notes = (*drawn.notes, *_remarks(dataset, plan, drawn))
    with new_folder(out) as temporary:
        folder = StudyFolder(temporary)
        _write(folder, dataset, plan, models, coded, pixels, created)
        _write_drawing(folder, drawn, notes)
    return Made(StudyFolder(out), drawn, notes)


def _remarks(dataset: Dataset, plan: Plan, drawn: Drawn) -> list[str]:
    """What does not stop a study and should be known before anybody reads."""
    shown = {thing.name for image in drawn.images for thing in dataset[image].annotation.objects}
    absent = [name for name in dataset.classes if name not in shown]
    remarks = []
    if not plan.models:
        remarks.append("No model is named, so nothing is known of what a model has seen and nobody was kept out.")
    if why := unanswerable(plan):
        remarks.append(f"The primary endpoint ({plan.endpoint.measure}) will have no answer: {why}.")
    if absent:
        remarks.append(f"No image of the study shows {', '.join(absent)}: nothing can be said of that.")
    if len(drawn.images) > CROWDED * len(drawn.persons):
        remarks.append(
            f"{len(drawn.images)} images are of only {count(len(drawn.persons), 'patient')}, and intervals rest on "
            "patients: --per-patient draws more of them."
        )
    if not plan.positives:
        remarks.append("No class counts as diseased (--task or --positive), so nothing can be said of specificity.")
    return remarks


def _write_drawing(folder: StudyFolder, drawn: Drawn, notes: Sequence[str]) -> None:
    """Write `drawing.json`: what a paper says of how its images were chosen."""
    told = {
        "schema": 1,
        "strata": [asdict(stratum) for stratum in drawn.strata],
        "patients": len(drawn.persons),
        "images": len(drawn.images),
        "kept_out": [name for one in drawn.seen for name in one.patients],
        "notes": list(notes),
    }
    write_json(folder.sealed / DRAWING, told)


def _hashes(dataset: Dataset, progress: Progress | None) -> dict[str, str]:
    """Hash of the pixels of each image, as training takes it."""
    paths = {item.image: _path(item) for item in dataset.items}
    found = {}
    with ThreadPoolExecutor() as pool:
        for image, hashed in zip(paths, pool.map(_hash, paths.values()), strict=True):
            found[image] = hashed
            if progress:
                progress(len(found), len(paths))
    return found


def _hash(path: Path) -> str:
    return pixel_hash(read_image(path))


def _path(item: Item) -> Path:
    if item.path is None:
        raise ValueError("a study is made from a dataset with its images")
    return item.path


def _write(
    folder: StudyFolder,
    dataset: Dataset,
    plan: Plan,
    models: Sequence[TakingPart],
    coded: Coded,
    pixels: Mapping[str, str],
    created: str | None,
) -> None:
    """Write everything into a folder that is not the study's yet."""
    cases = _write_images(folder.images, dataset, coded.study, pixels)
    practice = _write_images(folder.practice, dataset, coded.practice, pixels)
    standard = None if plan.experts else _standard(dataset, plan, coded)
    if standard:
        write_standard(folder.truth, standard)
    else:
        _write_reference(folder, dataset, coded)
    protocol = make_protocol(dataset, plan, models, cases, practice, standard, created)
    protocol.write(folder.root / FILE)
    for reader in plan.readers:
        for treatment in protocol.treatments:
            write_order(folder, reader, treatment, make_order(protocol.codes, plan.seed, reader, treatment))
    for model in models:
        model.card.write(folder.models / model.reader.name)
    write_key(folder.key, coded.key(dataset))
    write_people(folder.sealed, {coded.neutral[one.patients[0]]: one.pixels for one in coded.persons})


def _write_images(
    folder: Path, dataset: Dataset, coded: Mapping[str, str], pixels: Mapping[str, str]
) -> tuple[Case, ...]:
    """Write images under their codes."""
    cases = []
    for code, image in coded.items():
        shown = read_pixels(_path(dataset[image]))
        if pixel_hash(as_rgb(shown)) != pixels[image]:
            raise WorkError("An image changed while the study was made.", where=dataset[image].path)
        write_bytes(folder / f"{code}.png", png(shown))
        cases.append(Case(code=code, pixels=pixels[image], width=shown.shape[1], height=shown.shape[0]))
    return tuple(cases)


def png(pixels: Pixels) -> bytes:
    """An image, (H, W) grey or (H, W, 3) RGB, as a PNG file that says nothing beside its pixels."""
    done, data = cv2.imencode(".png", pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise WorkError("An image could not be encoded.")
    return bytes(data)


def _standard(dataset: Dataset, plan: Plan, coded: Coded) -> Standard:
    """The dataset's annotations as the reference standard."""
    truth = tuple(_truth(code, dataset[image], plan, coded) for code, image in coded.study.items())
    difficult = sum(thing.difficult for image in coded.study.values() for thing in dataset[image].annotation.objects)
    told = [f"The reference standard is the annotations of the dataset '{dataset.name}', frozen with the protocol."]
    if difficult:
        told.append(f"{difficult} objects are marked as difficult in it; they count as the others do.")
    return Standard(told=tuple(told), truth=truth)


def _truth(code: str, item: Item, plan: Plan, coded: Coded) -> Truth:
    things = item.annotation.objects
    neutral = coded.neutral[str(item.patient)]
    if plan.whole_image:
        return Truth(code=code, patient=neutral, label=things[0].name)
    return Truth(code=code, patient=neutral, marks=tuple(Mark(label=thing.name, box=thing.box) for thing in things))


def _write_reference(folder: StudyFolder, dataset: Dataset, coded: Coded) -> None:
    """A dataset folder for the experts: the study's images and neutral patients, and nobody's boxes."""
    images = folder.reference / IMAGES
    images.mkdir(parents=True)
    for code in coded.study:
        place_image(folder.images / f"{code}.png", images)
    owners = [f"{code},{coded.neutral[str(dataset[image].patient)]}" for code, image in coded.study.items()]
    write_text(folder.reference / PATIENTS, "\n".join(["image,patient", *owners]) + "\n")
    card = {"name": "reference standard", "classes": list(dataset.classes)}
    write_text(folder.reference / CARD, yaml.safe_dump(card, allow_unicode=True, sort_keys=False))
