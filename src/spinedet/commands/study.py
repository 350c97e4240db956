"""`spinedet study`: reader studies. Each subcommand lives in a module `study_*.py` and is registered here."""

import typer

from spinedet.commands.study_agreement import agreement
from spinedet.commands.study_mrmc import mrmc

study = typer.Typer(no_args_is_help=True, help="Reader studies: readers against each other and against a model.")
for command in (mrmc, agreement):
    study.command()(command)
