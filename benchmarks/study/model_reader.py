"""A model reads the images of a study as the readers do: what it says, and how long it takes from file to drawn result.

It reads in a process of its own (`model_process`). *Cold* is the time from the start of that process to the first
drawn result: Python, its libraries and the model are loaded in it. *Warm* is every image after that, the first of them
once more. The result is drawn in memory; writing a picture to a disk is no part of either.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import IO

from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.annotations.reading import Timing
from spinedet.benchmarks.study.collecting import SHA256
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.hints import Hints, write_hints
from spinedet.benchmarks.study.model_process import Asked, Said
from spinedet.benchmarks.study.protocol import Case, ModelReader, Protocol
from spinedet.benchmarks.study.reading_file import check_unread, write_reading
from spinedet.benchmarks.study.readings import UNAIDED, CaseReading, Mark, Reading
from spinedet.benchmarks.study.sealed import patients_seen
from spinedet.datasets.images import pixel_hash, read_image
from spinedet.detect.machine import cores, machine, versions
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.runtime import NO_TELEMETRY

PROCESS = "spinedet.benchmarks.study.model_process"

Progress = Callable[[int, int], None]
"""Called with how many images are read, and of how many."""


@dataclass(frozen=True)
class Timed:
    """What a model said, and how long it took.

    Attributes:
        reading: As the study keeps it.
        cold: Seconds from the start of a process to the first drawn result.
        warm: Median seconds of an image after that.
    """

    reading: Reading
    cold: float
    warm: float


def read_with_model(folder: StudyFolder, model: Path, *, threads: int = 0, progress: Progress | None = None) -> Timed:
    """Let a model read a study and write its reading and its hints.

    Args:
        folder: The study.
        model: The model folder; one of those that the protocol names.
        threads: Processor threads; 0 takes one a core.
        progress: Told after every image.

    Raises:
        InputError: The protocol does not name the model, it was trained on a study patient, or it has read already; or
            an image of the study is missing or was changed.
        WorkError: Its process failed.
    """
    card, protocol = ModelCard.read(model), folder.protocol
    reader = _named(card, protocol, model)
    _check_strangers(folder, card, reader)
    check_unread(folder, reader.name, UNAIDED)
    files = [*_checked(folder.images, protocol.cases), *_checked(folder.practice, protocol.practice)]
    asked = Asked(
        model=model.resolve(),
        images=tuple(files),
        score=protocol.model_score,
        whole_image=protocol.whole_image,
        threads=threads or cores(),
    )
    cold, said = _run(asked, progress)
    reading = _reading(protocol, reader, card, said[: len(protocol.cases)], cold, asked.threads)
    hints = zip((*protocol.cases, *protocol.practice), said, strict=True)
    marks = {case.code: _hint(case, one, card, protocol) for case, one in hints}
    write_hints(folder, reader.name, Hints(protocol=protocol.sha256(), sha256=card.sha256, marks=marks))
    card.write(folder.models / reader.name)
    write_reading(folder, reading)
    return Timed(reading, cold, _warm(said[: len(protocol.cases)]))


def _named(card: ModelCard, protocol: Protocol, model: Path) -> ModelReader:
    for reader in protocol.models:
        if reader.sha256 == card.sha256:
            return reader
    named = [f"{one.name} ({one.sha256[:12]}…)" for one in protocol.models]
    raise InputError(
        "The protocol does not name this model, so it was not decided beforehand that it reads.",
        expected=some(named) if named else "a study made with --model",
        found=f"{card.detector} ({card.sha256[:12]}…)",
        where=model,
    )


def _check_strangers(folder: StudyFolder, card: ModelCard, reader: ModelReader) -> None:
    trained = set(card.trained_on.images)
    codes = [case.code for case in folder.protocol.cases if case.pixels in trained]
    seen = patients_seen(folder, trained)
    if codes or seen:
        rows = [f"{name} ({', '.join(held)})" for name, held in seen.items()]
        raise InputError(
            f"The model {reader.name} was trained on patients of the study.",
            expected="a model that never saw one of them",
            found=f"{len(codes)} images of the study; patients: {some(rows)}",
            where=folder.root,
            todo="make a new study with --model, which keeps such patients out",
        )


def _checked(folder: Path, cases: Sequence[Case]) -> Iterator[Path]:
    """The image files, each with the pixels that the protocol froze."""
    for case in cases:
        path = folder / f"{case.code}.png"
        if pixel_hash(read_image(path)) != case.pixels:
            todo = "restore the file from a copy of the study"
            raise InputError("An image of the study was changed after it was frozen.", where=path, todo=todo)
        yield path.resolve()


def _run(asked: Asked, progress: Progress | None) -> tuple[float, list[Said]]:
    """Seconds to the first drawn result, and what was said of every image afterwards."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as question:
        question.write(asked.model_dump_json().encode())
        question.seek(0)
        begun = perf_counter()
        with _start(question, errors) as process:
            cold, lines = 0.0, []
            try:
                for line in process.stdout or ():
                    cold = cold or perf_counter() - begun
                    lines.append(Said.model_validate_json(line))
                    if progress and len(lines) > 1:
                        progress(len(lines) - 1, len(asked.images))
            except BaseException:
                process.kill()
                raise
        if lines and lines[-1].error:
            raise InputError(lines[-1].error)
        if process.returncode != 0 or len(lines) != len(asked.images) + 1:
            raise _failed(process.returncode, errors, asked.model)
    return cold, lines[1:]


def _failed(code: int, errors: IO[bytes], model: Path) -> WorkError:
    errors.seek(0)
    told = errors.read().decode(errors="replace").strip().splitlines()
    found = told[-1] if told else f"exit code {code}"
    return WorkError("The process in which the model reads failed.", found=found, where=model)


def _start(question: IO[bytes], errors: IO[bytes]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        # -P: the folder the person stands in may hold a `datasets` of its own, which must not be imported.
        [sys.executable, "-P", "-m", PROCESS],
        stdin=question,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        env={**os.environ, NO_TELEMETRY: "1", "PYTHONUTF8": "1"},
    )


def _reading(
    protocol: Protocol, reader: ModelReader, card: ModelCard, said: Sequence[Said], cold: float, threads: int
) -> Reading:
    pairs = enumerate(zip(protocol.cases, said, strict=True), start=1)
    cases = [_case(case, one, card, protocol, place) for place, (case, one) in pairs]
    return Reading(
        reader=reader.name,
        kind="model",
        protocol=protocol.sha256(),
        cases=tuple(cases),
        source="model",
        notes={SHA256: card.sha256, **_notes(cold, _warm(said), threads)},
    )


def _notes(cold: float, warm: float, threads: int) -> Mapping[str, str]:
    """What the times were measured on; see the module's first lines."""
    return {
        "cold_seconds": f"{cold:.4f}",
        "warm_median_seconds": f"{warm:.4f}",
        "threads": str(threads),
        **{f"machine_{name}": str(value) for name, value in machine().items()},
        **{f"version_{name}": value for name, value in versions().items()},
    }


def _warm(said: Sequence[Said]) -> float:
    return statistics.median(one.seconds for one in said)


def _case(case: Case, said: Said, card: ModelCard, protocol: Protocol, place: int) -> CaseReading:
    timing = Timing(seconds=said.seconds, order=place)
    if not protocol.whole_image:
        return CaseReading(code=case.code, marks=tuple(_marks(said, card)), timing=timing)
    scores = tuple(said.shares[card.classes.index(name)] for name in protocol.classes)
    label = protocol.classes[max(range(len(scores)), key=scores.__getitem__)]
    positive = [score for name, score in zip(protocol.classes, scores, strict=True) if name in protocol.positive]
    rating = sum(positive) if protocol.positive else None
    return CaseReading(code=case.code, label=label, scores=scores, rating=rating, timing=timing)


def _marks(said: Said, card: ModelCard) -> Iterator[Mark]:
    """Every detection; which of them count as marked is for the protocol's score to say."""
    for box, score, label in zip(said.boxes, said.scores, said.labels, strict=True):
        yield Mark(label=card.classes[label], box=box, score=score)


def _hint(case: Case, said: Said, card: ModelCard, protocol: Protocol) -> tuple[Mark, ...]:
    if not protocol.whole_image:
        return tuple(mark for mark in _marks(said, card) if (mark.score or 0) >= protocol.model_score)
    label = max(range(len(said.shares)), key=said.shares.__getitem__)
    return (Mark(label=card.classes[label], box=(0, 0, case.width, case.height), score=said.shares[label]),)
