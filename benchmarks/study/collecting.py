"""Everything that an analysis needs, from the files of a study; what cannot be used is named and left out.

A reader's work under one treatment is either a log with boxes, as `spinedet study read` leaves them, or one
`reading.json`, of an import or a model. One that is damaged, was made under another protocol or has a clock that went
back is left out whole: there is no telling which part of it is right.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json
from spinedet.annotations.reading import LOG, Timing, read_log, timings_of, visits_of
from spinedet.annotations.recording import check_protocol as check_sittings
from spinedet.annotations.recording import cut_of
from spinedet.benchmarks.study.answers import read_answer
from spinedet.benchmarks.study.concerns import LEFT_OUT, Concern, absent_classes, called, concerns_of, refusal
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.protocol import ModelReader, Protocol
from spinedet.benchmarks.study.reading_file import READING, check_times, read_reading
from spinedet.benchmarks.study.readings import UNAIDED, Reading, StudyData
from spinedet.benchmarks.study.sealed import patients_seen, read_standard
from spinedet.datasets.dataset import ANNOTATIONS
from spinedet.datasets.pages import count
from spinedet.detect.modelfile import CARD_FILE, ModelCard

SHA256 = "sha256"
"""Among a model's notes: the hash of its weights."""


def collect(folder: StudyFolder) -> StudyData:
    """Read a study's reference standard and all readings.

    Raises:
        InputError: The protocol or the reference standard is missing or was changed, or no reading can be used.
    """
    standard = read_standard(folder)
    found = [*_persons(folder), *_models(folder)]
    readings = tuple(reading for reading, _ in found if reading is not None)
    concerns = [concern for _, concerns in found for concern in concerns]
    if not readings:
        raise InputError(
            "No reading can be used.",
            expected=f"readings of {', '.join(folder.protocol.readers)}",
            found=some(map(str, concerns)),
            where=folder.readers,
            todo="spinedet study read, or spinedet study import",
        )
    told = [str(one) for one in (*absent_classes(standard.truth, folder.protocol), *concerns)]
    return StudyData(truth=standard.truth, readings=readings, standard=standard.told, concerns=tuple(told))


Found = tuple[Reading | None, list[Concern]]


def _persons(folder: StudyFolder) -> Iterator[Found]:
    protocol = folder.protocol
    for reader in protocol.readers:
        for treatment in protocol.treatments:
            yield read_person(folder, reader, treatment)


def _models(folder: StudyFolder) -> Iterator[Found]:
    for model in folder.protocol.models:
        yield read_model(folder, model)


def read_person(folder: StudyFolder, reader: str, treatment: str) -> Found:
    """What a person said under one treatment; None with a reason where it cannot be used."""
    who = called(reader, treatment, folder.protocol)
    place = folder.reader(reader, treatment)
    try:
        if (place / READING).exists() and (place / LOG).exists():
            raise InputError("The images were read twice.", found=f"{LOG} and {READING}", where=place)
        if (place / READING).exists():
            return _told(_checked(folder, reader, treatment, "person"), folder.protocol)
        if (place / LOG).exists() or any((place / ANNOTATIONS).glob("*.xml")):
            return _read_here(folder, reader, treatment)
    except InputError as error:
        return None, [refusal(who, error, folder.root)]
    return None, [Concern(who, "has not begun", LEFT_OUT)]


def read_model(folder: StudyFolder, model: ModelReader) -> Found:
    """What a model said; None with a reason where it cannot be used."""
    place = folder.reader(model.name)
    if not (place / READING).exists():
        return None, [Concern(model.name, "has not read the images", LEFT_OUT)]
    try:
        reading = _checked(folder, model.name, UNAIDED, "model")
        if reading.source != "simulated":  # which is told, and rests on no weights
            _check_weights(reading, model, place / READING)
        _check_strangers(folder, model)
    except InputError as error:
        return None, [refusal(model.name, error, folder.root)]
    return _told(reading, folder.protocol)


def _check_weights(reading: Reading, model: ModelReader, path: Path) -> None:
    found = reading.notes.get(SHA256)
    if found != model.sha256:
        raise InputError("The reading is of other weights than the protocol names.", found=str(found), where=path)


def _told(reading: Reading, protocol: Protocol) -> Found:
    return reading, list(concerns_of(reading, protocol))


def _check_strangers(folder: StudyFolder, model: ModelReader) -> None:
    """The model has never seen a patient of the study, as far as the card that it left here tells."""
    path = folder.models / model.name / CARD_FILE
    try:
        card = ModelCard.model_validate(read_json(path, "model card"))
    except ValidationError as error:
        raise InputError("The model card cannot be used.", found=str(error).splitlines()[0], where=path) from error
    if seen := patients_seen(folder, card.trained_on.images):
        rows = [f"{name} ({', '.join(codes)})" for name, codes in seen.items()]
        raise InputError("The model was trained on patients of the study.", found=some(rows), where=path)


def _checked(folder: StudyFolder, reader: str, treatment: str, kind: str) -> Reading:
    """A `reading.json` that belongs where it lies."""
    path, protocol = folder.reader(reader, treatment) / READING, folder.protocol
    reading = read_reading(path)
    check_protocol(reading.protocol, protocol.sha256(), path)
    if (reading.reader, reading.treatment, reading.kind) != (reader, treatment, kind):
        found = f"{reading.kind} {reading.reader}, {reading.treatment}"
        raise InputError("A reading is somebody else's.", expected=f"{kind} {reader}", found=found, where=path)
    times = Counter(case.code for case in reading.cases)
    if twice := sorted(code for code, number in times.items() if number > 1):
        raise InputError("An image was read twice.", found=some(twice), where=path)
    if strange := sorted(times.keys() - set(protocol.codes)):
        raise InputError("The study does not have an image that was read.", found=some(strange), where=path)
    _check_labels(reading, protocol, path)
    return reading


def _check_labels(reading: Reading, protocol: Protocol, path: Path) -> None:
    labels = {mark.label for case in reading.cases for mark in case.marks}
    labels |= {case.label for case in reading.cases if case.label is not None}
    if unknown := sorted(labels - set(protocol.classes)):
        raise InputError("The protocol does not know a class.", found=some(unknown), where=path)
    if any(len(case.scores) not in {0, len(protocol.classes)} for case in reading.cases):
        expected = f"{len(protocol.classes)} scores an image, or none"
        raise InputError("There is not a score for each class.", expected=expected, where=path)


def check_protocol(found: str | None, expected: str, where: Path | str) -> None:
    """Refuse what was read under another protocol.

    Args:
        found: The hash that it says.
        expected: Hash of the study's protocol.
        where: For the message.

    Raises:
        InputError: They differ.
    """
    if found != expected:
        raise InputError(
            "This was read under another protocol, so in another study.",
            expected=f"protocol {expected[:12]}…",
            found=f"protocol {found[:12]}…" if found else "none",
            where=where,
            todo="leave it with the study that it belongs to",
        )


def _read_here(folder: StudyFolder, reader: str, treatment: str) -> Found:
    """A reading that a person made in the study's window; an image counts once the reader has gone on from it."""
    place, protocol = folder.reader(reader, treatment), folder.protocol
    who = called(reader, treatment, protocol)
    timings = _timings(place / LOG, protocol)
    files = {path.stem: path for path in sorted((place / ANNOTATIONS).glob("*.xml")) if path.name[0] != "."}
    left = [case for case in protocol.cases if case.code in files]
    found = {case.code: read_answer(files[case.code], case, protocol, timings.get(case.code)) for case in left}
    answers = {code: answer.case for code, answer in found.items() if answer.finished}
    reading = Reading(
        reader=reader,
        kind="person",
        treatment=treatment,
        protocol=protocol.sha256(),
        cases=tuple(answer for answer in answers.values() if answer),
    )
    check_times(reading.cases, place / LOG)
    concerns = _not_read(
        who,
        {
            "not exactly one box, so no answer": [code for code, answer in answers.items() if not answer],
            "of no image of the study": sorted(files.keys() - set(protocol.codes)),
        },
    )
    return reading, [*concerns, *concerns_of(reading, protocol)]


def _not_read(who: str, faults: Mapping[str, Sequence[str]]) -> list[Concern]:
    return [
        Concern(who, f"{what}: {count(len(codes), 'file')} ({some(codes)})", "counted as not read")
        for what, codes in faults.items()
        if codes
    ]


def _timings(log: Path, protocol: Protocol) -> dict[str, Timing]:
    """Time of each image of the study; practice is not counted, and is no part of the order either.

    A sitting that was killed and never gone on from ends with its last event, which `Timing.cut` tells.
    """
    events = read_log(log)
    check_sittings(log, events, protocol.sha256())
    codes = set(protocol.codes)
    ended = [*events, *filter(None, [cut_of(events, None)])]
    return timings_of(visit for visit in visits_of(ended) if visit.image in codes)
