"""The reference standard where each image has one answer: what most of the experts say; a senior decides the rest.

"Most" is more than half. The experts' answers come from a table `expert,image,label`, which may have rows of the senior
too, or from the one box that each drew on each image.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.annotators import ANNOTATORS
from spinedet.annotations.errors import InputError, at, some
from spinedet.benchmarks.agreement.figures import KappaFigure
from spinedet.benchmarks.agreement.kappas import cohen_figure, fleiss_figure
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.study.answers import known_class, read_answer
from spinedet.benchmarks.study.experts import Said, Settled, kappa, keep_agreement, left_to_say, settle
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.naming import Names
from spinedet.benchmarks.study.readings import Truth
from spinedet.benchmarks.study.sealed import read_key
from spinedet.datasets.convert.table import read_table
from spinedet.datasets.pages import count

COLUMNS = ("expert", "image", "label")


def settle_labels(folder: StudyFolder, experts: Sequence[str], senior: str | None, table: Path | None) -> Settled:
    """Make the reference standard from the experts' answers; see `reference.make_reference`.

    Raises:
        InputError: A row or a file is wrong, or another standard was settled before.
        WorkError: A file cannot be written.
    """
    codes = folder.protocol.codes
    people = [*experts, *([senior] if senior else [])]
    answers = _from_table(folder, people, table) if table else _from_files(folder, people)
    said = {expert: answers[expert] for expert in experts}
    if left := left_to_say(said, codes):
        return Settled(finished=False, told=tuple(left))
    figures, changed = keep_agreement(folder, said, _agreement(folder, said))
    agreed = {code: label for code in codes if (label := _most([words[code] for words in said.values()]))}
    disputed = [code for code in codes if code not in agreed]
    decided = {code: answers[senior][code] for code in disputed if senior and code in answers[senior]}
    if open_ := [code for code in disputed if code not in decided]:
        return Settled(finished=False, told=(*_agreed(figures, len(codes)), *_left(open_, said, senior)))
    rest = f"{len(decided)} by {senior or 'nobody else'}"
    told = [
        f"{len(experts)} experts ({', '.join(experts)}) answered for all {len(codes)} images.",
        *_agreed(figures, len(codes)),
        f"Settled: {len(agreed)} of {len(codes)} images by most of them and {rest}.",
    ]
    if changed:
        told.append(f"After that, experts changed their answers to {count(len(changed), 'image')}: {some(changed)}.")
    return settle(folder, _truth(folder, agreed | decided), told)


def _truth(folder: StudyFolder, labels: Mapping[str, str]) -> list[Truth]:
    key = read_key(folder)
    return [Truth(code=code, patient=key[code].neutral, label=labels[code]) for code in folder.protocol.codes]


def _from_table(folder: StudyFolder, people: Sequence[str], path: Path) -> Said:
    header, lines = read_table(path)
    if not set(COLUMNS) <= set(header):
        found = ",".join(header)
        raise InputError("The columns are wrong.", expected=",".join(COLUMNS), found=found, where=at(path, 1))
    names = Names.of(folder)
    answers: dict[str, dict[str, str]] = {name: {} for name in people}
    for line in lines:
        expert, image, word = (line.cells[column] for column in COLUMNS)
        case = names.case(image, line.where)
        if expert not in answers:
            todo = "name the senior with --senior, or take these rows out"
            raise InputError("Who is this?", expected=some(people), found=f"'{expert}'", where=line.where, todo=todo)
        if case is None or not word:
            continue
        if case.code in answers[expert]:
            raise InputError(f"{expert} answers twice.", expected="one row", found=image, where=line.where)
        answers[expert][case.code] = known_class(word, folder.protocol.classes, line.where)
    return answers


def _from_files(folder: StudyFolder, people: Sequence[str]) -> Said:
    """The class of the one box that each drew on each image."""
    answers: dict[str, dict[str, str]] = {}
    for name in people:
        place = folder.reference / ANNOTATORS / name
        files = {case: place / f"{case.code}.xml" for case in folder.protocol.cases}
        read = [read_answer(path, case, folder.protocol, None).case for case, path in files.items() if path.is_file()]
        answers[name] = {one.code: one.label for one in read if one and one.label}
    return answers


def _most(labels: Sequence[str]) -> str | None:
    """What more than half say."""
    label, times = Counter(labels).most_common(1)[0]
    return label if 2 * times > len(labels) else None


def _agreement(folder: StudyFolder, said: Said) -> dict[str, Any]:
    """Cohen's kappa of every two experts and Fleiss' of all, over images, with intervals over patients."""
    protocol, key = folder.protocol, read_key(folder)
    numbers = {name: number for number, name in enumerate(protocol.classes)}
    given = np.array([[numbers[words[code]] for words in said.values()] for code in protocol.codes])  # (I, K)
    owners = np.array([key[code].neutral for code in protocol.codes])
    patient: NDArray[np.int64] = np.unique(owners, return_inverse=True)[1].astype(np.int64)
    resamples = Resamples.draw(patient, protocol.resamples, protocol.seed)
    image, classes = np.arange(len(given)), len(protocol.classes)
    pairs = {
        f"{first}, {second}": cohen_figure(resamples, image, given[:, [one, two]], classes).model_dump(mode="json")
        for (one, first), (two, second) in combinations(enumerate(said), 2)
    }
    same = int((given == given[:, :1]).all(axis=1).sum())
    whole = fleiss_figure(resamples, image, given, classes).model_dump(mode="json")
    return {"images": len(given), "same_by_all": same, "cohen": pairs, "fleiss": whole}


def _agreed(figures: Mapping[str, Any], images: int) -> list[str]:
    cohen = [f"{names} {kappa(KappaFigure.model_validate(one))}" for names, one in figures["cohen"].items()]
    return [
        f"Before discussion, all experts said the same of {figures['same_by_all']} of {images} images.",
        f"Cohen's kappa before discussion: {'; '.join(cohen)}.",
        f"Fleiss' kappa before discussion: {kappa(KappaFigure.model_validate(figures['fleiss']))}.",
    ]


def _left(codes: Sequence[str], said: Said, senior: str | None) -> list[str]:
    rows = [f"{code} ({', '.join(words[code] for words in said.values())})" for code in codes]
    who = senior or "a senior"
    return [
        f"Not settled: {count(len(codes), 'image')} without an answer of more than half of the experts: {some(rows)}.",
        f"{who} decides them: add rows of theirs to the table (or a box on each image), and run this with --senior.",
    ]
