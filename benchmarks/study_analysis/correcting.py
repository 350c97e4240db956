"""Which two raters are compared, and p-values corrected for the comparisons of several readers.

A family is what several readers have in common: one measure, in one scope, over one unit, with one opponent (a model,
or another treatment). Classes, measures and units are not corrected for one another.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from spinedet.benchmarks.mrmc.multiple import adjust
from spinedet.benchmarks.study.protocol import Correction, Protocol
from spinedet.benchmarks.study_analysis.comparison_records import Why
from spinedet.benchmarks.study_analysis.records import Rater


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two raters to compare, by their places.

    Attributes:
        first, second: The reader; the model, or the reader under a later treatment.
        why: Which of the two it is.
        opponent: The treatment of the first, and what it is compared with.
    """

    first: int
    second: int
    why: Why
    opponent: tuple[str, str]


def pairings(raters: Sequence[Rater]) -> tuple[Pairing, ...]:
    """Every person with every model; every person under two treatments, the earlier first."""
    numbered = list(enumerate(raters))
    with_model = [
        Pairing(first, second, "model", (reader.treatment, model.reader))
        for second, model in numbered
        if model.kind == "model"
        for first, reader in numbered
        if reader.kind == "person"
    ]
    treatments = [
        Pairing(first, second, "treatment", (one.treatment, other.treatment))
        for first, one in numbered
        for second, other in numbered
        if first < second and one.reader == other.reader and one.kind == other.kind == "person"
    ]
    return (*with_model, *treatments)


def correct(
    p: Sequence[float | None], families: Sequence[Hashable], correction: Correction
) -> list[tuple[float | None, int]]:
    """Correct the p-values of each family.

    Args:
        p: N values; None where there is none, which does not count.
        families: N families.
        correction: How.

    Returns:
        N corrected values, each with the number of tests in its family.
    """
    found: list[tuple[float | None, int]] = [(None, 0)] * len(p)
    for family in dict.fromkeys(families):
        places = [place for place, its in enumerate(families) if its == family]
        own = [p[place] for place in places]
        values = own if correction == "none" else adjust(own, correction).adjusted
        tests = sum(value is not None for value in own)
        for place, value in zip(places, values, strict=True):
            found[place] = (value, tests)
    return found


def correction_note(protocol: Protocol) -> str:
    """What was corrected for what, in words."""
    if protocol.correction == "none":
        return "P-values are not corrected for multiple comparisons; the protocol asks for no correction."
    return (
        f"P-values are corrected ({protocol.correction}) for the number of readers compared with one opponent, for "
        "each measure, class and unit apart; classes, measures and units are not corrected for one another. Mean "
        "comparisons and the primary endpoint are single tests."
    )
