"""What the ways to a reference standard share: who the experts are, what they said first, and when it is settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.agreement.figures import Figure, KappaFigure
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Truth
from spinedet.benchmarks.study.sealed import Standard, read_standard, settle_standard
from spinedet.benchmarks.study.taking_part import check_names

AGREEMENT = "agreement.json"

Said = Mapping[str, Mapping[str, str]]
"""What each expert said of each image, in one word: a label, or the hash of a file with boxes."""


@dataclass(frozen=True)
class Settled:
    """How far a reference standard has come.

    Attributes:
        finished: Whether it is written.
        told: How it was made, or what is left to do.
    """

    finished: bool
    told: tuple[str, ...]


def check_experts(folder: StudyFolder, experts: Sequence[str] | None, senior: str | None) -> tuple[str, ...]:
    """The study's experts.

    Raises:
        InputError: The study has none, others were decided on, or the senior is an expert or a reader.
    """
    protocol = folder.protocol
    if not protocol.experts:
        raise InputError(
            "The reference standard of this study is the dataset's annotations.",
            expected="a study made with --experts",
            where=folder.root,
        )
    if experts is not None and set(experts) != set(protocol.experts):
        expected, found = ",".join(protocol.experts), ",".join(experts)
        raise InputError("Other experts were decided on.", expected=expected, found=found, where=folder.root)
    if senior is not None:
        models = [model.name for model in protocol.models]
        check_names(protocol.readers, (*protocol.experts, senior), models, folder.root)
    return protocol.experts


def left_to_say(said: Said, codes: Sequence[str]) -> list[str]:
    """Who has not finished, with what is left."""
    rows = []
    for expert, words in said.items():
        if missing := [code for code in codes if code not in words]:
            rows.append(f"{expert} has {len(missing)} of {len(codes)} images left: {some(missing)}.")
    return rows


def keep_agreement(folder: StudyFolder, said: Said, figures: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Record how far experts agreed when all had finished for the first time; a later run changes nothing of that.

    Args:
        folder: The study.
        said: What each expert said.
        figures: The agreement, as JSON.

    Returns:
        The figures on record, and the images that an expert has changed since.

    Raises:
        WorkError: The file cannot be written.
    """
    path = folder.sealed / AGREEMENT
    if not path.is_file():
        write_json(path, {"schema": 1, "said": {who: dict(words) for who, words in said.items()}, "figures": figures})
    record = read_json(path, "record of the experts' agreement")
    first: dict[str, dict[str, str]] = record["said"]
    changed = {code for who, words in said.items() for code, word in words.items() if first[who].get(code) != word}
    return record["figures"], sorted(changed)


def settle(folder: StudyFolder, truth: Sequence[Truth], told: Sequence[str]) -> Settled:
    """Write the reference standard; one that stands is never replaced by another.

    Raises:
        InputError: Another one stands.
        WorkError: The file cannot be written.
    """
    standard = Standard(told=tuple(told), truth=tuple(truth))
    if folder.truth.is_file():
        before = read_standard(folder)
        changed = [old.code for old, new in zip(before.truth, truth, strict=True) if old != new]
        if changed:
            raise InputError(
                "The reference standard is settled, and this would be another one.",
                expected="what was settled before",
                found=f"{len(changed)} images differ: {some(changed)}",
                where=folder.truth,
                todo="restore the experts' files, or move truth.json away and tell in the paper that, and why",
            )
        return Settled(finished=True, told=before.told)
    settle_standard(folder, standard)
    return Settled(finished=True, told=standard.told)


def share(figure: Figure) -> str:
    """A figure with its interval, for a sentence."""
    return _with_interval(figure.value, figure.ci95)


def kappa(figure: KappaFigure) -> str:
    """A kappa with its interval, for a sentence."""
    return _with_interval(figure.value, figure.ci95)


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "not defined"
    return f"{value:.3f}" + (" (95 % interval {:.3f} to {:.3f})".format(*interval) if interval else "")
