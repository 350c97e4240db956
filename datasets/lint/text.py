"""A report for the terminal: a line a finding, then a table of the rules that found something."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from spinedet.annotations.errors import some
from spinedet.datasets.lint.checking import Report
from spinedet.datasets.lint.findings import FileRule, SetRule, Severity
from spinedet.datasets.lint.mending import Mended
from spinedet.datasets.lint.rules import RULES
from spinedet.datasets.pages import count

MARK = "spinedet lint"
"""Begins the last line of a report, and tells a report from other files."""

Paint = Callable[[str, Severity], str]
"""Gives a word the colour of a severity."""


def plain(text: str, severity: Severity) -> str:
    """No colour at all."""
    del severity
    return text


def report_lines(report: Report, mended: Sequence[Mended] = (), paint: Paint = plain) -> Iterator[str]:
    """The whole report: `path:line  severity  rule  what is wrong`, then the rules with what to do, then the sum."""
    yield from _mended_lines(mended)
    for finding in report.findings:
        own = finding.todo if finding.todo != RULES[finding.rule].todo else ""
        severity = paint(f"{finding.severity:<7}", finding.severity)
        yield f"{finding.where}  {severity}  {finding.rule}  {finding.fault.what}{f' -> {own}' if own else ''}"
    found = Counter(finding.rule for finding in report.findings)
    if found:
        yield ""
        ranked = sorted(found, key=lambda rule: (list(Severity).index(RULES[rule].severity), rule))
        for rule in ranked:
            yield from _rule_lines(RULES[rule], paint, f"{found[rule]:>8,}  ")
        yield ""
    yield f"{MARK}: {summary(report)}"


def _mended_lines(mended: Sequence[Mended]) -> Iterator[str]:
    for one in mended:
        rules = Counter(finding.rule for finding in one.findings)
        told = [rule if times == 1 else f"{rule} x {times}" for rule, times in sorted(rules.items())]
        yield f"{one.place}  mended   {', '.join(told)}"
    if mended:
        yield ""
        yield f"{count(len(mended), 'file')} mended; `spinedet restore` brings the version before back. What stays:"
        yield ""


def rules_lines(paint: Paint = plain) -> Iterator[str]:
    """All rules there are."""
    for rule in RULES.values():
        yield from _rule_lines(rule, paint)


def _rule_lines(rule: FileRule | SetRule, paint: Paint, number: str = "") -> Iterable[str]:
    head = f"{rule.id}  {paint(f'{rule.severity:<7}', rule.severity)}  {number}"
    return (f"{head}{rule.about}", f"{'':{15 + len(number)}}-> {rule.todo}")


def summary(report: Report) -> str:
    """The sum in one sentence."""
    columns = report.view.columns
    found = [count(number, severity) for severity, number in report.counts().items() if number]
    held = f"{count(len(report.view.xml), 'annotation')} with {count(len(columns.box), 'box')}"
    seen = "" if report.view.pixels is not None else "; pixels were not looked at"
    return f"{some(found) if found else 'nothing found'} in {held} and {count(len(report.view.files), 'image')}{seen}"
