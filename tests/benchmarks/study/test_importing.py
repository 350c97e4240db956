"""Readings made elsewhere: names, times and ratings, every defect by file and line."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import box, drawn, whole

from spinedet.annotations.errors import InputError
from spinedet.annotations.reading import Timing
from spinedet.annotations.voc import write_voc
from spinedet.benchmarks.study.collecting import collect
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.importing import import_boxes, import_ratings
from spinedet.benchmarks.study.naming import Names
from spinedet.benchmarks.study.readings import Mark
from spinedet.benchmarks.study.sealed import read_key
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import Task

MakeStudy = Callable[..., StudyFolder]


@pytest.fixture
def study(make: MakeStudy) -> StudyFolder:
    return make()


@pytest.fixture
def elsewhere(study: StudyFolder, tmp_path: Path) -> Path:
    """All images drawn on, under their codes."""
    return draw(tmp_path / "elsewhere", study.protocol.codes)


def draw(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        write_voc(folder / f"{name}.xml", drawn(name, ["disc"]))
    return folder


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_boxes_and_times(study: StudyFolder, elsewhere: Path, tmp_path: Path) -> None:
    times = table(tmp_path / "t.csv", "image,seconds,paused,order", "S001,12.5,3,2", "S002.png,7,,1", "P001,4,,")
    found = import_boxes(study, "R1", elsewhere, times)
    assert found.reading.source == "import"
    first, second, third = found.reading.cases[:3]
    assert first.marks == (Mark(label="disc", box=box(0)),)
    assert first.timing == Timing(seconds=12.5, paused=3, order=2)
    assert second.timing == Timing(seconds=7, order=1)
    assert third.timing is None
    assert found.notes == (
        "R1: no time for 6 images (S003, S004, S005, S006, S007 and 1 more); times are of the others.",
    )
    assert collect(study).readings == (found.reading,)


def test_names_of_the_dataset_are_known_by_the_key(study: StudyFolder, tmp_path: Path) -> None:
    key = read_key(study)
    folder = draw(tmp_path / "own", [key[code].image for code in study.protocol.codes])
    times = table(tmp_path / "t.csv", "image;seconds", f"{key['S004'].image}.png;3,5")
    found = import_boxes(study, "R1", folder, times).reading
    assert [case.code for case in found.cases] == list(study.protocol.codes)
    assert found.by_code["S004"].timing == Timing(seconds=3.5)


def test_a_name_that_means_two_images_is_refused(study: StudyFolder) -> None:
    names = Names.of(study)
    both = Names(names.cases, {**names.codes, "S001": "S002"})
    with pytest.raises(InputError, match=r"(?s)means two images.*S001 and S002"):
        both.case("S001", "here")


def test_what_is_missing_stays_missing_and_is_counted(study: StudyFolder, tmp_path: Path) -> None:
    folder = draw(tmp_path / "some", [*study.protocol.codes[:5], "P001"])
    times = table(tmp_path / "t.csv", "image,seconds", *(f"{code},1" for code in study.protocol.codes[:6]))
    found = import_boxes(study, "R1", folder, times)
    assert len(found.reading.cases) == 5
    assert found.notes == (
        "R1: 1 image with a time and no file; counted as not read: S006.",
        "R1: 1 file of the practice, which does not count.",
        "R1: not finished, 3 of 8 images are not read (S006, S007, S008); "
        "the figures are of what was read; nothing is filled in.",
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["image,seconds", "S001,1", "S002,2", "S001,3"], r"(?s)read twice.*t\.csv:2.*t\.csv:4"),
        (["image,seconds", "S001,1", "S999,2"], r"(?s)no such image.*'S999'.*t\.csv:3"),
        (["image,seconds", "S001,fast"], r"(?s)column seconds.*fast.*t\.csv:2"),
        (["image,seconds", "S001,-1"], r"(?s)column seconds.*a number from 0.*t\.csv:2"),
        (["image,seconds", "S001,nan"], r"(?s)column seconds.*t\.csv:2"),
        (["image,seconds,order", "S001,1,0"], r"(?s)column order.*a number from 1.*t\.csv:2"),
        (["image,seconds,order", "S001,1,1.5"], r"(?s)column order.*1, 2, 3.*t\.csv:2"),
        (["image,seconds", "S001,12500000"], r"(?s)time is impossible.*from 1e-06 to 86400.*t\.csv:2"),
        (["image,seconds", "S001,1e-300"], r"(?s)time is impossible.*t\.csv:2"),
        (["image,time", "S001,1"], r"(?s)columns are wrong.*image,seconds.*t\.csv:1"),
        (["image,seconds,protocol", f"S001,1,{'0' * 64}"], r"(?s)another protocol.*t\.csv:2"),
        (["image,seconds"], "empty"),
    ],
)
def test_times_that_are_wrong(
    study: StudyFolder, elsewhere: Path, tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        import_boxes(study, "R1", elsewhere, table(tmp_path / "t.csv", *rows))
    assert not (study.reader("R1") / "reading.json").exists()


def test_files_that_are_wrong(study: StudyFolder, elsewhere: Path) -> None:
    def refused(message: str) -> None:
        with pytest.raises(InputError, match=message):
            import_boxes(study, "R1", elsewhere)

    image = read_key(study)["S001"].image
    write_voc(elsewhere / f"{image}.xml", drawn(image, ["disc"]))
    refused(rf"(?s)read twice.*(S001\.xml and {image}\.xml|{image}\.xml and S001\.xml)")
    (elsewhere / f"{image}.xml").unlink()
    write_voc(elsewhere / "other.xml", drawn("other", ["disc"]))
    refused(r"(?s)no such image.*'other'.*other\.xml")
    (elsewhere / "other.xml").unlink()
    write_voc(elsewhere / "S002.xml", drawn("S002", ["disk"]))
    refused(r"(?s)does not know a class.*did you mean 'disc'.*S002\.xml:\d+")
    write_voc(elsewhere / "S002.xml", drawn("S002", ["disc"], size=(640, 480)))
    refused(r"(?s)another size.*64 x 48.*640 x 480.*S002\.xml")
    (elsewhere / "S002.xml").unlink()
    (elsewhere / "protocol.json").write_text('{"sha256": "abc"}', encoding="utf-8")
    refused(r"(?s)another protocol.*abc.*protocol\.json")
    (elsewhere / "protocol.json").write_bytes((study.root / "protocol.json").read_bytes())
    assert len(import_boxes(study, "R1", elsewhere).reading.cases) == 7


def test_who_and_how_must_be_of_the_study(study: StudyFolder, elsewhere: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)no such reader.*did you mean 'R1'"):
        import_boxes(study, "R11", elsewhere)
    with pytest.raises(InputError, match="no such treatment"):
        import_boxes(study, "R1", elsewhere, treatment="aided")
    with pytest.raises(InputError, match="no such folder"):
        import_boxes(study, "R1", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file of the study"):
        import_boxes(study, "R1", tmp_path / "empty")
    import_boxes(study, "R1", elsewhere)
    with pytest.raises(InputError, match="R1 has read already"):
        import_boxes(study, "R1", elsewhere)


@pytest.fixture
def whole_study(make: MakeStudy, data: Dataset) -> StudyFolder:
    items = tuple(replace(item, annotation=whole(item.image, item.annotation.objects[-1].name)) for item in data.items)
    task = Task(task="t", about="a", classes=("disc", "rare"), box="image", kind="classes", positive=("rare",))
    return make(data=replace(data, items=items), task=task, positive=())


def test_ratings_of_several_readers(whole_study: StudyFolder, tmp_path: Path) -> None:
    rows = [
        "reader,image,label,rating,seconds",
        "R1,S001,disc,0.2,4",
        "R2,S001,rare,90,",
        "R1,S002,,0.7,",
        "R1,S003,,,9",
    ]
    first, second = import_ratings(whole_study, table(tmp_path / "r.csv", *rows))
    cases = first.reading.by_code
    assert (cases["S001"].label, cases["S001"].rating, cases["S001"].timing) == ("disc", 0.2, Timing(seconds=4))
    assert (cases["S002"].label, cases["S002"].rating) == (None, 0.7)
    assert "S003" not in cases
    assert first.notes[0] == "R1: 1 image with neither answer nor rating; counted as not read: S003."
    assert second.reading.by_code["S001"].rating == 90
    data = collect(whole_study)
    assert [one.reader for one in data.readings] == ["R1", "R2"]


def test_rows_of_one_reader_only(whole_study: StudyFolder, tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", "reader,image,label", "R1,S001,disc", "R2,S001,rare")
    (only,) = import_ratings(whole_study, path, reader="R2")
    assert (only.reading.reader, only.reading.by_code["S001"].label) == ("R2", "rare")
    with pytest.raises(InputError, match="no row of the reader"):
        import_ratings(whole_study, path, reader="R3")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["reader,image,label", "R1,S001,disc", "R1,S001,rare"], r"(?s)read twice.*r\.csv:2.*r\.csv:3"),
        (["reader,image,label", "R1,S001,dics"], r"(?s)know a class.*'disc'.*r\.csv:2"),
        (["reader,image,label", "R7,S001,disc"], r"(?s)no such reader.*R7.*r\.csv:2"),
        (["reader,image,label,treatment", "R1,S001,disc,aided"], r"(?s)no such treatment.*aided.*r\.csv:2"),
        (["reader,image,rating", "R1,S001,high"], r"(?s)column rating.*high.*r\.csv:2"),
        (["reader,image,rating", "R1,S001,-1e308"], r"(?s)rating is impossible.*1e\+09.*r\.csv:2"),
        (["reader,image", "R1,S001"], r"(?s)columns are wrong.*label or rating"),
        (["reader,image,label,protocol", "R1,S001,disc,f00"], r"(?s)another protocol.*f00.*r\.csv:2"),
    ],
)
def test_ratings_that_are_wrong(whole_study: StudyFolder, tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        import_ratings(whole_study, table(tmp_path / "r.csv", *rows))
    assert not list(whole_study.readers.rglob("reading.json"))


def test_ratings_are_of_whole_images(study: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="asks for boxes"):
        import_ratings(study, table(tmp_path / "r.csv", "reader,image,label", "R1,S001,disc"))


def test_whole_images_answered_in_labelimg(whole_study: StudyFolder, tmp_path: Path) -> None:
    for code in whole_study.protocol.codes:
        write_voc(tmp_path / "x" / f"{code}.xml", whole(code, "rare"))
    write_voc(tmp_path / "x" / "S003.xml", drawn("S003", []))
    found = import_boxes(whole_study, "R1", tmp_path / "x")
    assert found.reading.by_code["S001"].label == "rare"
    assert found.notes[0] == "R1: 1 image with not exactly one box, so no answer; counted as not read: S003.xml."
