"""How far a study has come: who has read how much, and whether it can be used."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from spinedet.benchmarks.study.collecting import Found, read_model, read_person
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import UNAIDED


@dataclass(frozen=True)
class Standing:
    """How far one reader has come under one treatment.

    Attributes:
        reader: Name.
        treatment: The reading condition.
        read: Images read.
        of: Images of the study.
        seconds: Median reading time of an image; None where none was measured.
        concerns: What is missing or wrong.
    """

    reader: str
    treatment: str
    read: int
    of: int
    seconds: float | None
    concerns: tuple[str, ...]


def standings(folder: StudyFolder) -> Iterator[Standing]:
    """Every reader and model, in the order of the protocol.

    Raises:
        InputError: The protocol is missing or was changed.
    """
    protocol = folder.protocol
    for reader in protocol.readers:
        for treatment in protocol.treatments:
            yield _standing(folder, reader, treatment, read_person(folder, reader, treatment))
    for model in protocol.models:
        yield _standing(folder, model.name, UNAIDED, read_model(folder, model))


def _standing(folder: StudyFolder, reader: str, treatment: str, found: Found) -> Standing:
    reading, concerns = found
    cases = reading.cases if reading else ()
    times = [case.timing.seconds for case in cases if case.timing]
    return Standing(
        reader=reader,
        treatment=treatment,
        read=len(cases),
        of=len(folder.protocol.codes),
        seconds=statistics.median(times) if times else None,
        concerns=tuple(map(str, concerns)),
    )
