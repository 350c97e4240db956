"""`spinedet study read`: a reader's timed reading in LabelImg."""

from pathlib import Path
from typing import Annotated

import typer

from spinedet.annotations.errors import some
from spinedet.terminal import out

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="The folder that `spinedet study new` made.")]
Reader = Annotated[str, typer.Option(help="Who reads, as the protocol names the reader.", metavar="NAME")]
Treatment = Annotated[
    str, typer.Option(help="The reading condition: unaided, or aided with the model's boxes on the screen.")
]


def read(study: Study, reader: Reader, treatment: Treatment = "unaided") -> None:
    """Read the images in LabelImg: one at a time, practice first, with the time of each; go on where one stopped."""
    from spinedet.annotations.labelimg import launch
    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study.sitting import make_sitting

    session = make_sitting(StudyFolder(study), reader, treatment)
    recovered = launch.annotate(session)
    if recovered:
        out.print(f"A save had been cut short before; what it held is in the history of {some(recovered)}.")
    done = session.finished()
    left = "; run the command again to go on" if done < session.count else ""
    out.print(f"{reader}: {done} of {session.count} images read{left}")
