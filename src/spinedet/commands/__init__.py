"""Commands of the command line, one module a subject: thin functions that `spinedet.cli` names."""
