"""Studies written by hand, a letter a disc.

`letter_study({"a": ("p1", "NHS")}, {"R1": {"a": "NH-+S"}})` has one image `a` of patient `p1` with a normal disc, a
herniation and a slip; R1 called the first two rightly, missed the third (`-`), and drew a mark for a slip where nothing
is (after `+`). Raters other than persons are named in `models`; under a second treatment a reader is `("R1", "aided")`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.study.protocol import Case, ModelReader, Protocol, Source
from spinedet.benchmarks.study.readings import CaseReading, Mark, Reading, StudyData, Truth

CLASSES = {"N": "normal", "H": "herniation", "S": "slip"}

Name = str | tuple[str, str]

Seconds = Mapping[Name, Mapping[str, float]]


def disc(row: int, letter: str, *, left: float = 100.0, score: float | None = None) -> Mark:
    """A mark on the disc of a row; anywhere else than at `left` 100 it lies beside all discs."""
    return Mark(label=CLASSES[letter], box=(left, 50.0 * row, left + 80, 50.0 * row + 30), score=score)


def marks(word: str) -> tuple[Mark, ...]:
    """The marks of a word such as `NH-+S`."""
    on_discs, _, beside = word.partition("+")
    rows = [disc(row, letter) for row, letter in enumerate(on_discs) if letter != "-"]
    return (*rows, *(disc(row, letter, left=400.0) for row, letter in enumerate(beside)))


def letter_study(
    truth: Mapping[str, tuple[str, str]],
    said: Mapping[Name, Mapping[str, str]],
    *,
    models: Sequence[str] = (),
    seconds: Seconds | None = None,
    **decided: Any,
) -> tuple[Protocol, StudyData]:
    """A protocol, and what was said under it; `decided` changes the protocol."""
    names = [(name, "unaided") if isinstance(name, str) else name for name in said]
    readers = tuple(dict.fromkeys(reader for reader, _ in names if reader not in models))
    patients = len({patient for patient, _ in truth.values()})
    protocol = make_protocol(tuple(truth), readers, tuple(models), patients, **decided)
    readings = [
        Reading(
            reader=reader,
            kind="model" if reader in models else "person",
            treatment=treatment,
            protocol=protocol.sha256(),
            cases=tuple(
                CaseReading(code=code, marks=marks(word), timing=_timing((seconds or {}).get(name, {}), code))
                for code, word in words.items()
            ),
        )
        for (name, words), (reader, treatment) in zip(said.items(), names, strict=True)
    ]
    standard = [Truth(code=code, patient=patient, marks=marks(word)) for code, (patient, word) in truth.items()]
    return protocol, StudyData(truth=tuple(standard), readings=tuple(readings))


def make_protocol(
    codes: Sequence[str], readers: Sequence[str], models: Sequence[str] = (), patients: int = 1, **decided: Any
) -> Protocol:
    """A protocol of images by their codes."""
    content = {
        "study": "by hand",
        "created": "2026-01-01",
        "spinedet": "0",
        "source": Source(name="by hand", fingerprint="0", images=len(codes), patients=patients),
        "classes": tuple(CLASSES.values()),
        "positive": ("herniation", "slip"),
        "cases": tuple(Case(code=code, pixels=code, width=600, height=600) for code in codes),
        "readers": tuple(readers),
        "models": tuple(
            ModelReader(name=name, detector="fake", size="one", sha256=name, trained_on=1) for name in models
        ),
        "resamples": 100,
    }
    return Protocol.model_validate({**content, **decided})


def _timing(seconds: Mapping[str, float], code: str) -> Timing | None:
    if code not in seconds:
        return None
    return Timing(seconds=seconds[code], order=list(seconds).index(code) + 1)
