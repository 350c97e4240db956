"""From what readers said to every figure of the study; no file is read or written here.

Images that a rater has not read are missing for that rater: each figure is of what was read and says how many, two
raters are compared on what both have read, and nothing is filled in.
"""

from typing import Any

import numpy as np

from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.agreeing import agreement
from spinedet.benchmarks.study_analysis.comparing import comparisons
from spinedet.benchmarks.study_analysis.comparison_records import Mrmc
from spinedet.benchmarks.study_analysis.correcting import correction_note
from spinedet.benchmarks.study_analysis.disagreeing import disagreements
from spinedet.benchmarks.study_analysis.figures import count, mean_figures, rater_figures
from spinedet.benchmarks.study_analysis.material import gather
from spinedet.benchmarks.study_analysis.mrmc_view import mean_comparisons, treatments
from spinedet.benchmarks.study_analysis.primary import primary
from spinedet.benchmarks.study_analysis.records import StudyResults, UnitResults
from spinedet.benchmarks.study_analysis.roc import no_roc, rocs
from spinedet.benchmarks.study_analysis.times import times
from spinedet.benchmarks.study_analysis.units import WHOLE, Level, definitions, levels
from spinedet.benchmarks.study_analysis.warning import warnings_of


def analyse(protocol: Protocol, data: StudyData, *, resamples: int | None = None) -> StudyResults:
    """Analyse a study.

    Args:
        protocol: What was decided beforehand.
        data: The reference standard and the readings.
        resamples: How many times patients are drawn anew; as the protocol has it unless given.

    Raises:
        InputError: A class, image or reading is not of this study, or there twice; no image has a reference.
    """
    material = gather(protocol, data)
    wanted = protocol.resamples if resamples is None else resamples
    drawn = Resamples.draw(np.arange(len(material.patients)), wanted, protocol.seed)
    found = levels(material)
    units = tuple(_unit(level, protocol, drawn) for level in found)
    mrmc, no_mrmc = _mrmc(found, protocol, drawn)
    timed = times(material, drawn)
    return StudyResults(
        **_as_decided(protocol, drawn),
        images=len(material.codes),
        patients=len(material.patients),
        objects=len(material.objects),
        standard=data.standard,
        raters=tuple(one.rater for one in material.raters),
        primary=primary(protocol, units, mrmc, timed),
        units=units,
        agreement=tuple(
            agreement(level, drawn, one_answer=protocol.whole_image) for level in found if level.unit != "patient"
        ),
        times=timed,
        mrmc=mrmc,
        no_mrmc=no_mrmc,
        correction_note=correction_note(protocol),
        disagreements=disagreements(material, found[0]),
        warnings=warnings_of(material, data, units, timed, wanted),
    )


def _as_decided(protocol: Protocol, drawn: Resamples) -> dict[str, Any]:
    """What the results repeat of the protocol."""
    same = (
        "study",
        "kind",
        "classes",
        "positive",
        "iou",
        "model_score",
        "alpha",
        "correction",
        "seed",
        "patient_score",
    )
    known = {name: getattr(protocol, name) for name in same}
    return {**known, "seed": protocol.seed, "protocol": protocol.sha256(), "resamples": len(drawn.weights) - 1}


def _unit(level: Level, protocol: Protocol, drawn: Resamples) -> UnitResults:
    counted = [count(level, one, drawn) for one in level.raters]
    present = level.truth.sum(axis=0).tolist()
    return UnitResults(
        unit=level.unit,
        definitions=definitions(protocol, level.unit),
        units=len(level.truth),
        patients=len(np.unique(level.patient)),
        counts=dict(zip(level.classes, present[1:], strict=True)),
        positive=present[WHOLE] if level.positive else None,
        absent=tuple(name for name, number in zip(level.classes, present[1:], strict=True) if not number),
        raters=tuple(rater_figures(level, place, one) for place, one in enumerate(counted)),
        means=mean_figures(level, counted),
        comparisons=comparisons(level, drawn, protocol.correction),
        mean_comparisons=mean_comparisons(level, drawn, protocol.correction),
        rocs=rocs(level, counted, drawn),
        no_roc=no_roc(level),
    )


def _mrmc(found: tuple[Level, ...], protocol: Protocol, drawn: Resamples) -> tuple[tuple[Mrmc, ...], str | None]:
    rows = [treatments(level, drawn, protocol.correction) for level in found]
    return tuple(one for analyses, _ in rows for one in analyses), rows[0][1]
