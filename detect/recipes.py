"""A detector's own choices: the `recipe` of its settings, checked by the detector's own model."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings

R = TypeVar("R", bound=BaseModel)


def checked_recipe(kind: type[R], settings: Settings) -> R:
    """The recipe of the settings as a `kind`.

    Raises:
        InputError: A key is unknown or a value impossible; the known keys are listed.
    """
    try:
        return kind.model_validate(settings.recipe)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors())
        expected = ", ".join(kind.model_fields)
        raise InputError(f"The recipe of {settings.detector} is wrong.", expected=expected, found=found) from error
