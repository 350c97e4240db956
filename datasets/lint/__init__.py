"""The checker: rules over a whole dataset, findings with a place and a way out, and safe mends.

`checking.lint(folder)` reads everything that can be read (`scan`, `pixels`), asks every rule (`rules` is the table of
them) and returns a `Report`; `mending.mend(report)` does what is safe. `text`, `record` and `page` show a report.

To add a rule: a function over one `FileView` or the whole `SetView` that yields `Fault`s, and its row in `rules`.
"""
