"""The report of a study: everything that was analysed stands on it, every disagreement is pictured, nothing leaks."""

import csv
import html
import re
from typing import Any

import pytest
from PIL import Image

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.study_report import tables, words
from spinedet.benchmarks.study_report.checklist import CHECKLISTS, OPEN, answered, checklist
from spinedet.benchmarks.study_report.page import write_checklist, write_study_report
from spinedet.benchmarks.study_report.pictures import told


@pytest.fixture(scope="module")
def page(made: Any) -> str:
    written: str = write_study_report(made.folder, made.data, made.results).read_text(encoding="utf-8")
    return written


def test_every_reader_class_and_figure_is_on_the_page(made: Any, page: str) -> None:
    for rater in made.results.raters:
        assert html.escape(rater.name) in page
    for label in made.results.classes:
        assert label in page
    shown = made.results.units[0].raters[0].scopes[0].primary
    assert words.per_cent(shown.sensitivity.value) in page
    assert html.escape(made.results.primary.sentence).replace("&#x27;", "&#39;") in page


def test_a_name_is_text_and_no_markup(page: str) -> None:
    assert "Wang <b>" not in page


def test_the_page_needs_nothing_else_and_knows_no_path(made: Any, page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!data:|disagreements/)', page)
    assert str(made.folder.root) not in page


def test_every_disagreement_is_pictured_once(made: Any, page: str) -> None:
    for link in re.findall(r'href="(disagreements/\d+\.html)"', page):
        text = (made.folder.analysis / link).read_text(encoding="utf-8")
        (name,) = re.findall(r"<title>(.*) against the reference</title>", text)
        rows = [row for row in made.results.disagreements if row.rater == html.unescape(name)]
        assert text.count('class="card"') == len(rows) > 0
        for row in rows:
            assert html.escape(told(row)) in text


def test_drawings_are_files_too(made: Any, page: str) -> None:
    assert page
    for name in ("roc", "forest", "times"):
        assert (made.folder.analysis / "figures" / f"{name}.svg").read_bytes().startswith(b"<?xml")
        with Image.open(made.folder.analysis / "figures" / f"{name}.png") as drawn:
            assert drawn.width > 500


def test_the_same_study_gives_the_same_page(made: Any, page: str) -> None:
    assert write_study_report(made.folder, made.data, made.results).read_text(encoding="utf-8") == page


def test_without_images_no_patient_is_shown(made: Any) -> None:
    text = write_study_report(made.folder, made.data, made.results, images=False).read_text(encoding="utf-8")
    assert "image/jpeg" not in text
    assert "This page holds images of patients" not in text


def test_a_missing_image_is_named(made: Any) -> None:
    code = made.results.disagreements[0].code
    image = made.folder.images / f"{code}.png"
    content = image.read_bytes()
    image.unlink()
    try:
        with pytest.raises(InputError, match=f"(?s)no {code}.png.*--no-images"):
            write_study_report(made.folder, made.data, made.results)
    finally:
        image.write_bytes(content)


def test_the_main_table_has_each_class_and_reader_and_their_mean(made: Any) -> None:
    unit = made.results.of("object")
    found = tables.main_table(made.results, unit)
    rows = [(row[0].text, row[0].small) for row in found.rows]
    scopes = [words.EVERYTHING, *made.results.classes]
    names = [*(rater.name for rater in made.results.raters), "Mean of readers"]
    assert rows == [(name, scope) for scope in scopes for name in names]
    assert {len(row) for row in found.rows} == {len(found.columns)}


def test_all_tables_are_as_wide_as_their_heads(made: Any) -> None:
    unit = made.results.of("object")
    kappas = tables.kappas(made.results)
    assert kappas is not None
    every = [
        kappas,
        tables.outcomes(unit),
        tables.mean_comparisons(unit),
        tables.comparisons(unit.comparisons, None),
        tables.times(made.results.times),
        tables.time_comparisons(made.results.times),
        tables.areas(made.results.units),
        tables.mrmc(made.results.mrmc),
    ]
    for table in every:
        assert {len(row) for row in table.rows} <= {len(table.columns)}


def test_the_checklist_tells_what_the_study_knows_and_leaves_the_rest_open(made: Any) -> None:
    known, of = answered(made.folder.protocol, made.results)
    assert of == sum(map(len, CHECKLISTS.values()))
    assert 0 < known < of
    rows = {row[0].text: row[2].text for row in checklist(made.folder.protocol, made.results).rows}
    assert rows["STARD 2015 30"] == OPEN  # funding
    assert "Three experts agreed." in rows["STARD 2015 10b"]
    assert made.results.protocol in rows["STARD 2015 29"]


def test_the_checklist_is_a_table_that_authors_can_fill_in(made: Any) -> None:
    with write_checklist(made.folder, made.results).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["item", "asks", "this study"]
    assert {len(row) for row in rows} == {3}


def test_figures_that_do_not_exist_say_why() -> None:
    from spinedet.benchmarks.study_analysis.figure import Figure

    assert words.share(Figure(value=None, why="no image is positive")).text == "\N{EN DASH}"
    assert (
        words.share(Figure(value=0.5, ci95=(0.25, 0.75), counts={"hits": 1, "of": 2})).small == "25.0 to 75.0\n1 of 2"
    )
    clustered = Figure(value=0.5, ci95=(0.4, 0.6), ci95_clustered=(0.2, 0.8), ci95_patients=(0.3, 0.7))
    assert (
        words.measured(clustered.model_copy(update={"counts": {"hits": 1, "of": 2}})).small == "0.200 to 0.800\n1 of 2"
    )
    assert words.measured(clustered).small == "0.300 to 0.700"
    assert words.points(-0.0001) == "0.0"
    assert words.seconds(14.5) == "14.5\N{NO-BREAK SPACE}s"
    assert words.seconds(180) == "3.0\N{NO-BREAK SPACE}min"
