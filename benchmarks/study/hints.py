"""`models/NAME/hints.json`: what a model found on the study's and the practice images, for those who read with it."""

from pathlib import Path

from pydantic import ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Mark

HINTS = "hints.json"


class Hints(Record):
    """What a model shows to readers.

    Attributes:
        protocol: Hash of the study's protocol.
        sha256: Of the model's weights.
        marks: By code, practice among them: the boxes that reach the protocol's score; of a whole image one box, the
            image, with the model's answer.
    """

    protocol: str
    sha256: str
    marks: dict[str, tuple[Mark, ...]]


def write_hints(folder: StudyFolder, name: str, hints: Hints) -> None:
    """Write a model's hints.

    Raises:
        WorkError: The file cannot be written.
    """
    write_json(_path(folder, name), hints.model_dump(mode="json"))


def read_hints(folder: StudyFolder, name: str | None = None) -> Hints:
    """What a model shows to readers; the first model of the protocol where none is named.

    Raises:
        InputError: No model takes part, it has not read the images yet, or its hints are of another study.
    """
    models = {model.name: model.sha256 for model in folder.protocol.models}
    name = name or next(iter(models), None)
    if name is None or name not in models:
        expected = f"one of {', '.join(models)}" if models else "a study made with --model"
        raise InputError("No such model takes part.", expected=expected, found=name or "none", where=folder.root)
    path = _path(folder, name)
    if not path.is_file():
        todo = f"spinedet study model {folder.root} MODEL, before anybody reads with it"
        raise InputError(f"The model {name} has not read the images yet.", where=path, todo=todo)
    try:
        hints = Hints.model_validate(read_json(path, "model's hints"))
    except ValidationError as error:
        raise InputError("These are no hints.", found=str(error).splitlines()[0], where=path) from error
    if (hints.protocol, hints.sha256) != (folder.protocol.sha256(), models[name]):
        raise InputError("The hints are of another study, or of another model.", where=path)
    return hints


def _path(folder: StudyFolder, name: str) -> Path:
    return folder.models / name / HINTS
