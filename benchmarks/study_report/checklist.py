"""Reporting checklists, filled in with what the study knows and left open where only its authors know.

STARD 2015: P. M. Bossuyt et al., BMJ 351:h5527 (2015). CLAIM: J. Mongan, L. Moy, C. E. Kahn Jr, Radiology: Artificial
Intelligence 2:e200029 (2020); of its items those are listed that STARD does not ask for. Topics are in our own words.
"""

from collections.abc import Callable
from dataclasses import dataclass

from spinedet.annotations.errors import some
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study_analysis.records import StudyResults
from spinedet.benchmarks.study_report import words
from spinedet.datasets.pages import Cell, Column, Table, count

OPEN = "open: to be told by the authors"


@dataclass(frozen=True, slots=True)
class Known:
    """What answers are made of."""

    protocol: Protocol
    results: StudyResults


Answer = Callable[[Known], str | None]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist: its number, what it asks, and what the study knows; None where it knows nothing."""

    number: str
    topic: str
    answer: Answer | None = None


def _design(known: Known) -> str:
    return (
        f"Protocol frozen on {known.protocol.created} before any reading (sha256 {known.results.protocol[:12]}…); "
        "whether images were taken before or after that, the authors know."
    )


def _series(known: Known) -> str:
    source = known.protocol.source
    return (
        f"Drawn by seed {known.protocol.seed} from {count(source.images, 'image')} of "
        f"{count(source.patients, 'patient')} in '{source.name}', stratified by class, whole patients at a time, "
        "none that a model was trained on."
    )


def _index_test(known: Known) -> str:
    people = words.listed(known.protocol.readers)
    models = [f"{one.name} ({one.detector}:{one.size}, sha256 {one.sha256[:12]}…)" for one in known.protocol.models]
    return f"Readers {people}, timed in LabelImg or imported; models: {words.listed(models) if models else 'none'}."


def _reference(known: Known) -> str | None:
    return " ".join(known.results.standard) or None


def _cut_offs(known: Known) -> str:
    protocol = known.protocol
    matched = (
        "" if protocol.whole_image else f"; a mark belongs to an object from an overlap (IoU) of {protocol.iou} on"
    )
    return f"Prespecified: a model's box counts from a score of {protocol.model_score} on{matched}."


def _positivity(known: Known) -> str | None:
    positive = known.protocol.positive
    return f"Prespecified: positive classes are {words.listed(positive)}." if positive else None


def _blinded(_: Known) -> str:
    return (
        "Readers saw neutral names and no other's marks, without patient, label or reference, each in a random order "
        "of their own. What they knew beside the images, the authors know."
    )


def _comparing(known: Known) -> str:
    return (
        f"Wilson and Clopper-Pearson intervals; {known.results.resamples:,} resamples of patients; McNemar among "
        f"diseased and healthy apart, clustered by patient where one has several units. {known.results.correction_note}"
    )


def _missing(known: Known) -> str:
    short = [f"{one.name} ({len(one.missing)})" for one in known.results.raters if one.missing]
    if not short:
        return "Nothing is missing: everybody has read every image."
    return (
        f"Nothing was imputed. Images not read: {some(short, 20)}; comparisons are over the images that both have read."
    )


def _indeterminate(_: Known) -> str:
    return "There is no indeterminate answer: an object without a mark counts as missed."


def _flow(known: Known) -> str:
    found = known.results
    return (
        f"{count(found.patients, 'patient')}, {count(found.images, 'image')}, {count(found.objects, 'object')} with a "
        "reference; all were analysed for each who has read them. A diagram of how they were chosen: open."
    )


def _severity(known: Known) -> str:
    unit = known.results.units[0]
    told = ", ".join(f"{label} {number:,}" for label, number in unit.counts.items())
    return f"By class of the reference, in {unit.unit}s: {told}."


def _tabulated(_: Known) -> str:
    return "tables/ beside this page: every rater against the reference, with counts."


def _estimates(_: Known) -> str:
    return "The tables above, each figure with its 95 % interval."


def _protocol(known: Known) -> str:
    return f"protocol.json, sha256 {known.results.protocol}."


def _size(known: Known) -> str:
    return (
        f"{count(len(known.protocol.cases), 'image')} and {count(len(known.protocol.readers), 'reader')} were set "
        "beforehand; the reason is open (`spinedet study simulate` tells the power)."
    )


def _partitions(known: Known) -> str | None:
    models = known.protocol.models
    if not models:
        return None
    told = [f"{one.name} was trained or validated on {count(one.trained_on, 'image')}" for one in models]
    return f"{words.listed(told)}; none of them, and no image of their patients, is in this study (pixel hashes)."


def _disjoint(_: Known) -> str:
    return "Patients."


def _tools(_: Known) -> str:
    return "LabelImg 1.8.6 through spinedet; readings, reference and their histories are kept."


def _agreement(known: Known) -> str | None:
    return "Kappas above, with intervals." if known.results.agreement else None


def _software(known: Known) -> str:
    return f"spinedet {known.protocol.spinedet}."


def _model_training(known: Known) -> str | None:
    return "model.json beside the weights has detector, settings, versions and seed." if known.protocol.models else None


def _metrics(known: Known) -> str:
    endpoint = known.protocol.endpoint
    return f"Primary, prespecified: {endpoint.measure} by {endpoint.unit}; the rest is secondary."


def _failures(known: Known) -> str:
    return f"{count(len(known.results.disagreements), 'disagreement')} with the reference, every one of them pictured."


STARD = (
    Item("1", "Title names it a study of diagnostic accuracy"),
    Item("2", "Structured abstract"),
    Item("3", "Background, intended use of the test"),
    Item("4", "Objectives and hypotheses"),
    Item("5", "Planned before or after the data", _design),
    Item("6", "Eligibility criteria"),
    Item("7", "How eligible patients were found"),
    Item("8", "Where and when"),
    Item("9", "Consecutive, random or convenience series", _series),
    Item("10a", "Index test", _index_test),
    Item("10b", "Reference standard", _reference),
    Item("11", "Why this reference standard"),
    Item("12a", "Cut-offs of the index test", _cut_offs),
    Item("12b", "Cut-offs of the reference standard", _positivity),
    Item("13a", "What readers of the index test knew", _blinded),
    Item("13b", "What assessors of the reference knew"),
    Item("14", "How accuracy was estimated and compared", _comparing),
    Item("15", "Indeterminate results", _indeterminate),
    Item("16", "Missing data", _missing),
    Item("17", "Variability, planned or exploratory"),
    Item("18", "Sample size and its reason", _size),
    Item("19", "Flow of participants", _flow),
    Item("20", "Age, sex and other baseline facts"),
    Item("21a", "Severity among the diseased", _severity),
    Item("21b", "Other diagnoses among the rest"),
    Item("22", "Time and treatment between test and reference"),
    Item("23", "Cross tabulation", _tabulated),
    Item("24", "Estimates with precision", _estimates),
    Item("25", "Adverse events"),
    Item("26", "Limitations"),
    Item("27", "Implications for practice"),
    Item("28", "Registration"),
    Item("29", "Where the protocol can be read", _protocol),
    Item("30", "Funding"),
)

CLAIM = (
    Item("9", "Preprocessing of images", _model_training),
    Item("12", "De-identification", _blinded),
    Item("16", "Who annotated, with what qualification"),
    Item("17", "Annotation tools", _tools),
    Item("18", "Variability among annotators", _agreement),
    Item("20", "How data were assigned to partitions", _partitions),
    Item("21", "Level at which partitions are disjoint", _disjoint),
    Item("22", "Description of the model", _model_training),
    Item("23", "Software", _software),
    Item("24", "Initialisation of the model", _model_training),
    Item("25", "Training", _model_training),
    Item("26", "How the final model was chosen"),
    Item("28", "Metrics of performance", _metrics),
    Item("30", "Robustness"),
    Item("31", "Explainability"),
    Item("32", "Testing on data of other places"),
    Item("37", "Failure analysis", _failures),
)

CHECKLISTS = {"STARD 2015": STARD, "CLAIM": CLAIM}


def checklist(protocol: Protocol, results: StudyResults) -> Table:
    """Both checklists as one table."""
    known = Known(protocol, results)
    rows = [
        (Cell(f"{name} {item.number}"), Cell(item.topic, word=True), _told(item, known))
        for name, items in CHECKLISTS.items()
        for item in items
    ]
    return Table((Column(""), Column("asks"), Column("this study")), tuple(rows))


def answered(protocol: Protocol, results: StudyResults) -> tuple[int, int]:
    """How many items the study answers, of how many."""
    rows = checklist(protocol, results).rows
    return sum(row[2].text != OPEN for row in rows), len(rows)


def _told(item: Item, known: Known) -> Cell:
    found = item.answer(known) if item.answer else None
    return Cell(found or OPEN, word=True)
