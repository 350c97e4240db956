"""What readers left is put together; what cannot be used is named, and nothing is filled in."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from small_study import box, drawn, whole

from spinedet.annotations.errors import InputError
from spinedet.annotations.reading import Event, Timing
from spinedet.annotations.voc import write_voc
from spinedet.benchmarks.study.collecting import SHA256, collect
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.reading_file import check_unread, read_reading, write_reading
from spinedet.benchmarks.study.readings import CaseReading, Mark, Reading, StudyData
from spinedet.benchmarks.study.sealed import read_key, read_standard
from spinedet.benchmarks.study.status import standings
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import Task
from spinedet.detect.modelfile import ModelCard

MakeStudy = Callable[..., StudyFolder]


def log(study: StudyFolder, reader: str, rows: Sequence[tuple[str, float, str | None]], **sitting: str) -> Path:
    """Write a log of one sitting from rows of event, time and image."""
    begun = Event(event="sitting", t=0, wall="w", sitting=1, protocol=sitting.get("protocol", study.protocol.sha256()))
    events = [
        begun,
        *(
            Event.model_validate({"event": what, "t": t, "wall": "w", "sitting": 1, "image": image})
            for what, t, image in rows
        ),
    ]
    path = study.reader(reader) / "log.jsonl"
    path.write_text("".join(event.line() for event in events), encoding="utf-8")
    return path


def draw(study: StudyFolder, reader: str, codes: Sequence[str], classes: Sequence[str] = ("disc",)) -> None:
    """Save what a reader drew and went on from."""
    for code in codes:
        write_voc(study.reader(reader) / "Annotations" / f"{code}.xml", drawn(code, classes, verified=True))


def read_all(study: StudyFolder, reader: str, codes: Sequence[str] | None = None) -> None:
    """A reader who takes a second for the first image, two for the next, and so on."""
    codes = study.protocol.codes if codes is None else codes
    rows: list[tuple[str, float, str | None]] = []
    t = 0.0
    for number, code in enumerate(codes, start=1):
        rows += [("shown", t, code), ("left", t + number, code)]
        t += number
    log(study, reader, rows)
    draw(study, reader, codes)


def concerns(data: StudyData, who: str) -> list[str]:
    return [concern for concern in data.concerns if concern.startswith(who)]


def test_boxes_and_times_of_a_person(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    data = collect(study)
    assert data.concerns == ()
    assert data.truth == read_standard(study).truth
    first, second = data.readings
    assert (first.reader, second.reader, first.kind, first.protocol) == ("R1", "R2", "person", study.protocol.sha256())
    assert [case.code for case in first.cases] == list(study.protocol.codes)
    third = first.by_code["S003"]
    assert third.marks == (Mark(label="disc", box=box(0)),)
    assert third.timing == Timing(seconds=3, order=3)


def test_practice_in_the_log_does_not_count(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    path = study.reader("R1") / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    practised = [Event(event=what, t=0, wall="w", sitting=1, image="P001").line().strip() for what in ("shown", "left")]
    path.write_text("\n".join([lines[0], *practised, *lines[1:]]) + "\n", encoding="utf-8")
    (reading,) = collect(study).readings
    assert "P001" not in reading.by_code
    timing = reading.by_code["S001"].timing
    assert timing is not None
    assert timing.order == 1


def test_a_reader_who_has_not_finished_is_named_and_not_filled_in(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2", study.protocol.codes[:5])
    write_voc(study.reader("R2") / "Annotations" / "S006.xml", drawn("S006", ["disc"]))  # saved, not gone on from
    data = collect(study)
    assert len(data.readings[1].cases) == 5
    (told,) = data.concerns
    assert told.startswith("R2: not finished, 3 of 8 images are not read (S006, S007, S008)")
    assert "nothing is filled in" in told


def test_who_has_not_begun_is_named(make: MakeStudy) -> None:
    study = make()
    with pytest.raises(InputError, match=r"(?s)No reading can be used.*R1: has not begun"):
        collect(study)
    read_all(study, "R1")
    assert collect(study).concerns == ("R2: has not begun; left out of the analysis.",)


def test_a_reading_of_another_protocol_is_left_out_by_name(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    log(study, "R2", [("shown", 0, "S001"), ("left", 1, "S001")], protocol="f" * 64)
    data = collect(study)
    assert [reading.reader for reading in data.readings] == ["R1"]
    (told,) = data.concerns
    assert told.startswith("R2: This reading was begun under another protocol")
    assert "ffffffffffff" in told
    assert "readers/R2/unaided/log.jsonl:1" in told
    assert str(study.root) not in told


def test_a_clock_that_went_back_leaves_the_reader_out(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    log(study, "R2", [("shown", 5, "S001"), ("left", 4, "S001")])
    data = collect(study)
    assert [reading.reader for reading in data.readings] == ["R1"]
    (told,) = data.concerns
    assert "The clock went back" in told
    assert "readers/R2/unaided/log.jsonl:3" in told


@pytest.mark.parametrize("end", ["cut", "pause"])
def test_a_killed_window_is_told(make: MakeStudy, end: str) -> None:
    """The next sitting wrote where the one before was cut, or nobody came back and the log just ends."""
    study = make(readers=("R1",))
    read_all(study, "R1")
    log(study, "R1", [("shown", 0, "S001"), (end, 2, None)])
    (told, cut) = collect(study).concerns
    assert told.startswith("R1: no time for 7 images (S002")
    assert cut.startswith("R1: the window was killed at 1 image (S001)")


def test_read_here_and_imported_too_is_twice(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    write_reading(study, reading(study, "R2"))
    assert concerns(collect(study), "R2")[0].startswith("R2: The images were read twice (log.jsonl and reading.json")
    with pytest.raises(InputError, match="R2 has read already"):
        check_unread(study, "R2", "unaided")


def reading(study: StudyFolder, reader: str, codes: Sequence[str] | None = None, **changes: object) -> Reading:
    cases = tuple(CaseReading(code=code) for code in (study.protocol.codes if codes is None else codes))
    values = {"reader": reader, "kind": "person", "protocol": study.protocol.sha256(), "cases": cases, **changes}
    return Reading.model_validate(values)


@pytest.mark.parametrize(
    ("codes", "changes", "message"),
    [
        (["S001", "S001"], {}, "An image was read twice (S001"),
        (["S001", "S999"], {}, "The study does not have an image that was read (S999"),
        (None, {"protocol": "0" * 64}, "This was read under another protocol"),
        (None, {"kind": "model"}, "A reading is somebody else's"),
        (None, {"cases": (CaseReading(code="S001", label="cat"),)}, "The protocol does not know a class (cat"),
        (None, {"cases": (CaseReading(code="S001", scores=(0.5,)),)}, "There is not a score for each class"),
    ],
)
def test_a_reading_file_that_does_not_fit(
    make: MakeStudy, codes: list[str] | None, changes: dict[str, object], message: str
) -> None:
    study = make()
    read_all(study, "R1")
    wrong = reading(study, "R2", codes, **changes)
    write_reading(study, wrong)
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1"]
    assert message in data.concerns[0]


def test_a_damaged_file_leaves_its_reader_out(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    (study.reader("R2") / "Annotations" / "S004.xml").write_text("<annotation>", encoding="utf-8")
    told = concerns(collect(study), "R2")
    assert len(told) == 1
    assert "S004.xml" in told[0]
    (study.reader("R2") / "Annotations" / "S004.xml").unlink()
    (study.reader("R2") / "reading.json").write_text("{}", encoding="utf-8")
    (study.reader("R2") / "log.jsonl").unlink()
    assert concerns(collect(study), "R2")[0].startswith("R2: This is no reading")


@pytest.mark.parametrize(("name", "size"), [("cat", (64, 48)), ("disc", (48, 64))])
def test_a_class_or_a_size_that_does_not_fit_leaves_its_reader_out(
    make: MakeStudy, name: str, size: tuple[int, int]
) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    wrong = drawn("S004", [name], verified=True, size=size)
    write_voc(study.reader("R2") / "Annotations" / "S004.xml", wrong)
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1"]
    assert "S004" in data.concerns[0]


def test_a_file_of_no_image_of_the_study_is_told(make: MakeStudy) -> None:
    study = make(readers=("R1",))
    read_all(study, "R1")
    draw(study, "R1", ["elsewhere"])
    data = collect(study)
    assert len(data.readings[0].cases) == 8
    assert data.concerns == ("R1: of no image of the study: 1 file (elsewhere); counted as not read.",)


def test_a_class_that_the_reference_lacks_is_told(data: Dataset, make: MakeStudy) -> None:
    """Only one image is drawn of patients without the rare class."""
    plain = data.subset(item.image for item in data.items if int(item.patient[3:]) % 2 == 0)  # type: ignore[index]
    study = make(data=plain)
    read_all(study, "R1")
    told = concerns(collect(study), "reference standard")
    assert told == ["reference standard: no object is of the class 'rare'; nothing that needs one is computed for it."]


def test_two_treatments_are_two_readings(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,), aided=True, readers=("R1",))
    for how in ("unaided", "aided"):
        write_reading(study, reading(study, "R1", treatment=how))
    data = collect(study)
    assert [one.treatment for one in data.readings] == ["unaided", "aided"]
    assert concerns(data, "R1 (aided)")[0].startswith("R1 (aided): no time for 8 images")


def model_reading(study: StudyFolder, model: Path, **notes: str) -> Reading:
    card = ModelCard.read(model)
    return reading(study, "fake", kind="model", notes={SHA256: card.sha256, **notes})


def test_a_model_trained_on_a_study_patient_is_left_out(make: MakeStudy, model: Path) -> None:
    """Its card is changed afterwards: it saw an image of a study patient that is not in the study itself."""
    study = make(models=(model,), per_patient=1)
    read_all(study, "R1")
    write_reading(study, model_reading(study, model))
    assert [one.reader for one in collect(study).readings] == ["R1", "fake"]
    people = json.loads((study.sealed / "patients.json").read_text(encoding="utf-8"))
    drawn_pixels = {case.pixels for case in study.protocol.cases}
    (unseen, *_) = [pixels for pixels in people["N001"] if pixels not in drawn_pixels]
    card = ModelCard.read(model)
    trained = card.trained_on.model_copy(update={"images": (unseen,)})
    card.model_copy(update={"trained_on": trained}).write(study.models / "fake")
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1"]
    assert "The model was trained on patients of the study (N001 (S" in concerns(data, "fake")[0]


def test_a_model_of_other_weights_or_without_a_card_is_left_out(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,), readers=("R1",))
    read_all(study, "R1")
    assert collect(study).concerns == ("fake: has not read the images; left out of the analysis.",)
    write_reading(study, model_reading(study, model, sha256="0" * 64))
    assert "other weights" in collect(study).concerns[0]
    write_reading(study, model_reading(study, model))
    (study.models / "fake" / "model.json").unlink()
    assert "no model card to read" in collect(study).concerns[0]


@pytest.fixture
def whole_study(make: MakeStudy, data: Dataset) -> StudyFolder:
    """The same images, each with one answer: `rare` where there is one, else `disc`."""
    from dataclasses import replace

    items = tuple(replace(item, annotation=whole(item.image, item.annotation.objects[-1].name)) for item in data.items)
    task = Task(task="t", about="a", classes=("disc", "rare"), box="image", kind="classes", positive=("rare",))
    return make(data=replace(data, items=items), task=task, positive=())


def test_the_one_box_of_a_whole_image_is_its_answer(whole_study: StudyFolder) -> None:
    read_all(whole_study, "R1")
    write_voc(whole_study.reader("R1") / "Annotations" / "S002.xml", whole("S002", "rare", verified=True))
    draw(whole_study, "R1", ["S003"], classes=("disc", "rare"))
    data = collect(whole_study)
    (first,) = data.readings
    assert (first.by_code["S001"].label, first.by_code["S002"].label) == ("disc", "rare")
    assert "S003" not in first.by_code
    told = concerns(data, "R1")
    assert told[0] == "R1: not exactly one box, so no answer: 1 file (S003); counted as not read."
    assert told[1].startswith("R1: not finished, 1 of 8 images are not read (S003)")


def test_missing_cells_of_ratings_are_told(whole_study: StudyFolder) -> None:
    rows = {"S001": ("disc", 0.1), "S002": (None, 0.3), "S003": ("rare", None)}
    cases = tuple(CaseReading(code=code, label=label, rating=rating) for code, (label, rating) in rows.items())
    write_reading(whole_study, reading(whole_study, "R1", cases=cases))
    told = concerns(collect(whole_study), "R1")
    assert told[1] == "R1: no answer for 1 image (S002); the figures are of what was read; nothing is filled in."
    assert told[2].startswith("R1: no rating for 1 image (S003)")


def test_a_rating_without_digits_leaves_its_reader_out(whole_study: StudyFolder) -> None:
    for reader, rating in (("R1", 3.0), ("R2", -1e308)):
        cases = tuple(CaseReading(code=code, label="disc", rating=rating) for code in whole_study.protocol.codes)
        write_reading(whole_study, reading(whole_study, reader).model_copy(update={"cases": cases}))
    found = collect(whole_study)
    assert [one.reader for one in found.readings] == ["R1"]
    assert concerns(found, "R2: A rating is impossible")


def test_a_reading_survives_its_file(make: MakeStudy) -> None:
    study = make()
    before = reading(study, "R1", notes={"machine": "one"})
    assert read_reading(write_reading(study, before)) == before


def test_status_needs_no_reference(make: MakeStudy, model: Path) -> None:
    study = make(experts=("E1", "E2"), models=(model,))
    read_all(study, "R1", study.protocol.codes[:3])
    first, second, third = standings(study)
    assert (first.reader, first.read, first.of, first.seconds) == ("R1", 3, 8, 2.0)
    assert (second.read, second.seconds, second.concerns) == (
        0,
        None,
        ("R2: has not begun; left out of the analysis.",),
    )
    assert third.reader == "fake"


@pytest.mark.parametrize(
    ("timing", "marks"),
    [
        ({"seconds": float("nan")}, None),
        ({"seconds": 1e300}, None),
        ({"seconds": -1.0}, None),
        ({"seconds": 1.0}, [300.0, 300.0, 200.0, 200.0]),
        ({"seconds": 1.0}, [float("inf")] * 4),
    ],
)
def test_impossible_times_and_boxes_leave_their_reader_out(
    make: MakeStudy, timing: dict[str, float], marks: list[float] | None
) -> None:
    study = make()
    for reader in ("R1", "R2"):
        write_reading(study, reading(study, reader))
    path = study.reader("R2") / "reading.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cases"][1]["timing"] = timing
    if marks:
        content["cases"][1]["marks"] = [{"label": "disc", "box": marks}]
    path.write_text(json.dumps(content), encoding="utf-8")
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1"]
    assert len(concerns(data, "R2: ")) == 1


@pytest.mark.parametrize("t", ["NaN", "Infinity"])
def test_a_log_without_a_number_for_a_time_leaves_its_reader_out(make: MakeStudy, t: str) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    path = study.reader("R2") / "log.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"t":3.0', f'"t":{t}'), encoding="utf-8")
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1"]
    (told,) = data.concerns
    assert told.startswith("R2: A line of a reading's log is damaged")


def test_a_log_that_does_not_tell_its_protocol_leaves_its_reader_out(make: MakeStudy) -> None:
    study = make()
    read_all(study, "R1")
    read_all(study, "R2")
    path = study.reader("R2") / "log.jsonl"
    path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    (told,) = collect(study).concerns
    assert told.startswith("R2: A log does not say under which protocol a sitting was (shown, readers/R2/unaided")


def test_simulated_readings_are_told_a_models_too(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,))
    (name,) = (one.name for one in study.protocol.models)
    for reader, kind in (("R1", "person"), (name, "model")):
        made = reading(study, reader).model_copy(update={"source": "simulated", "kind": kind})
        write_reading(study, made)
    read_all(study, "R2")
    data = collect(study)
    assert [one.reader for one in data.readings] == ["R1", "R2", name]
    assert [told.split(":")[0] for told in data.concerns if "rehearsal and no study" in told] == ["R1", name]


def test_a_place_in_a_concern_is_told_whole(make: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study's folder called `s` took the letters out of `readers/`."""
    study = make()
    read_all(study, "R1")
    (study.reader("R2") / "reading.json").write_text("{", encoding="utf-8")
    monkeypatch.chdir(study.root.parent)
    study.root.rename("s")
    (told,) = collect(StudyFolder(Path("s"))).concerns
    assert "readers/R2/unaided/reading.json:1" in told


def test_a_key_with_an_image_twice_is_refused(make: MakeStudy) -> None:
    study = make()
    rows = study.key.read_text(encoding="utf-8")
    study.key.write_text(rows + rows.splitlines()[-1] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="The key has an image twice"):
        read_key(study)
