"""What is wrong or missing in what readers left, and what the analysis does about it; nothing is filled in."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import SpinedetError, some
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study.readings import Reading, Truth
from spinedet.datasets.pages import count

LEFT_OUT = "left out of the analysis"
REHEARSAL = "it counts as the others do, so this is a rehearsal and no study"
FEWER = "the figures are of what was read; nothing is filled in"


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that whoever reads the results must know.

    Attributes:
        who: The reader with the treatment, or the reference standard.
        what: What is wrong or missing.
        does: What the analysis does about it.
    """

    who: str
    what: str
    does: str

    def __str__(self) -> str:
        return f"{self.who}: {self.what}; {self.does}."


def called(reader: str, treatment: str, protocol: Protocol) -> str:
    """A reader as messages say it, with the treatment where there are several."""
    return f"{reader} ({treatment})" if len(protocol.treatments) > 1 else reader


def refusal(who: str, error: SpinedetError, root: Path) -> Concern:
    """A reading that cannot be used, told without the places of this machine."""
    where = (error.details["where"] or "").removeprefix(f"{root}{os.sep}")
    details = ", ".join(one for one in (error.details["found"], where) if one)
    what = error.what.rstrip(".")
    return Concern(who, f"{what} ({details})" if details else what, LEFT_OUT)


def concerns_of(reading: Reading, protocol: Protocol) -> Iterator[Concern]:
    """What is missing in a reading that can be used."""
    who = called(reading.reader, reading.treatment, protocol)
    if reading.source == "simulated":
        yield Concern(who, "nobody read the images, the reading is simulated", REHEARSAL)
    read = reading.by_code
    missing = [code for code in protocol.codes if code not in read]
    if missing:
        what = f"{len(missing)} of {len(protocol.codes)} images are not read ({some(missing)})"
        yield Concern(who, f"not finished, {what}", FEWER)
    if protocol.whole_image:
        yield from _missing_cells(who, reading)
    untimed = [case.code for case in reading.cases if case.timing is None]
    if untimed:
        yield Concern(who, f"no time for {count(len(untimed), 'image')} ({some(untimed)})", "times are of the others")
    cut = [case.code for case in reading.cases if case.timing and case.timing.cut]
    if cut:
        what = f"the window was killed at {count(len(cut), 'image')} ({some(cut)})"
        yield Concern(who, what, "their times are cut short and left out of the times")


def _missing_cells(who: str, reading: Reading) -> Iterator[Concern]:
    """Answers and ratings that some images have and others lack."""
    rated = [case for case in reading.cases if case.rating is not None]
    columns = {"answer": [case.code for case in reading.cases if case.label is None]}
    columns["rating"] = [case.code for case in reading.cases if case.rating is None] if rated else []
    for what, codes in columns.items():
        if codes:
            yield Concern(who, f"no {what} for {count(len(codes), 'image')} ({some(codes)})", FEWER)


def absent_classes(truth: Sequence[Truth], protocol: Protocol) -> Iterator[Concern]:
    """Classes that the reference standard never has."""
    found = {mark.label for one in truth for mark in one.marks} | {one.label for one in truth}
    for name in protocol.classes:
        if name not in found:
            what = f"no {'image' if protocol.whole_image else 'object'} is of the class '{name}'"
            yield Concern("reference standard", what, "nothing that needs one is computed for it")
