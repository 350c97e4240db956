"""`dataset.yaml`: what a dataset says about itself."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError

CARD = "dataset.yaml"


class Card(BaseModel):
    """What `dataset.yaml` may say about a dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    classes: tuple[str, ...] = ()
    modality: str = ""
    licence: str = ""
    source: str = ""


def read_card(root: Path) -> Card:
    """What `dataset.yaml` says; an empty card where there is none.

    Raises:
        InputError: The file is no card.
    """
    path = root / CARD
    if not path.exists():
        return Card()
    try:
        return Card.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        if isinstance(error, ValidationError):
            found = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors())
        else:
            found = str(error)
        expected = ", ".join(Card.model_fields)
        raise InputError("dataset.yaml cannot be used.", expected=expected, found=found, where=path) from error
