"""`spinedet study`: reader studies. Each subcommand lives in a module `study_*.py` and is registered here."""

import typer

from spinedet.commands.study_agreement import agreement
from spinedet.commands.study_analysis import analyse
from spinedet.commands.study_making import import_readings, model, new, reference, status
from spinedet.commands.study_mrmc import mrmc
from spinedet.commands.study_reading import read
from spinedet.commands.study_simulation import simulate

study = typer.Typer(no_args_is_help=True, help="Reader studies: readers against each other and against a model.")
for command in (new, read, model, reference, status, analyse, simulate, mrmc, agreement):
    study.command()(command)
study.command("import")(import_readings)
