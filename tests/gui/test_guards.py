"""Nothing that somebody drew is overwritten or lost, whatever happens to the window and to its files."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spinedet.annotations.boxes import Box
from spinedet.annotations.history import versions
from spinedet.annotations.voc import Annotation, VocObject, read_voc, voc_bytes

MINE, THEIRS = {"disc", "vertebra"}, {"theirs"}
ROUNDS = 10

MOVED = Box(41, 50, 121, 110)
"""The box of most scenes, one pixel to the right."""


def foreign(path: Path) -> Path:
    """A file of another program, with one box."""
    thing = VocObject("theirs", Box(1, 2, 30, 40))
    path.write_bytes(voc_bytes(Annotation("one.png", 320, 240, (thing,), depth=1)))
    return path


def classes(xml: Path) -> set[str]:
    """The classes in a file."""
    return {thing.name for thing in read_voc(xml).objects}


@pytest.mark.parametrize(("answer", "kept", "put_away"), [("Keep mine", MINE, THEIRS), ("Keep theirs", THEIRS, MINE)])
def test_of_two_versions_the_one_not_kept_is_in_the_history(
    studio: Any, tmp_path: Path, answer: str, kept: set[str], put_away: set[str]
) -> None:
    child = studio.begin("guards.changed_behind", foreign(tmp_path / "theirs.xml"), answer)
    assert child.told() == str(len(kept))  # boxes on the screen
    child.end()
    assert classes(studio.xml("one")) == kept
    assert classes(versions(studio.xml("one"))[0].path) == put_away


def test_a_question_put_off_leaves_the_other_programs_file(studio: Any, tmp_path: Path) -> None:
    """Asked again at the end, where "Cancel" keeps the window open and "Discard" does what it says."""
    theirs = foreign(tmp_path / "theirs.xml")
    studio.begin("guards.changed_behind", theirs, "Later").end()
    assert studio.xml("one").read_bytes() == theirs.read_bytes()


def test_a_file_deleted_behind_the_window_is_written_again(studio: Any) -> None:
    studio.play("guards.deleted_behind")
    assert classes(studio.xml("one")) == MINE


def test_a_second_window_on_a_folder_is_refused(studio: Any) -> None:
    first = studio.begin("guards.waiting", annotator="Anna")
    first.told()
    refused = studio.begin("guards.plain", annotator="Anna").end(code=2)
    assert refused["what"] == "This folder is open in LabelImg already."
    assert "Anna" in refused["details"]["found"]
    studio.play("guards.plain", annotator="Berta")  # her folder is free
    first.process.terminate()
    first.end()
    studio.play("guards.plain", annotator="Anna")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_saves_and_closes(studio: Any, name: str) -> None:
    """The box was moved by a pixel a moment before, and LabelImg had not saved that yet."""
    child = studio.begin("guards.waiting")
    assert child.told() == "moved"
    child.process.send_signal(getattr(signal, name))
    child.end()
    assert studio.drawn("one") == [("disc", MOVED)]
    assert not studio.xml("one").with_name(".open.json").exists()


def test_a_box_is_saved_as_soon_as_it_has_its_class(studio: Any) -> None:
    """A display that breaks off ends the window at once."""
    child = studio.begin("guards.named")
    assert child.told() == "named"
    child.process.kill()
    child.process.communicate()
    assert classes(studio.xml("one")) == {"disc"}


def test_a_signal_while_a_class_is_asked_for_keeps_the_other_boxes(studio: Any) -> None:
    child = studio.begin("guards.asked_for_a_class")
    assert child.told() == "asked"
    assert classes(studio.xml("one")) == {"disc"}  # however long the question stays open
    child.process.terminate()
    child.end()
    assert len(read_voc(studio.xml("one")).objects) == 1


def test_closing_in_the_middle_of_a_box_keeps_those_before(studio: Any) -> None:
    studio.play("guards.half_drawn")
    assert len(studio.drawn("one")) == 1


def damage_xml(studio: Any) -> Path:
    xml = Path(studio.xml("one"))
    xml.parent.mkdir()
    xml.write_text("<annotation><object>", encoding="utf-8")
    return xml


def enlarge_image(studio: Any) -> Path:
    xml = Path(studio.xml("one"))
    xml.parent.mkdir()
    xml.write_bytes(voc_bytes(Annotation("one.png", 640, 480, (VocObject("disc", Box(1, 2, 600, 400)),), depth=1)))
    studio.xml("two").write_bytes(voc_bytes(Annotation("two.png", 320, 240, (), depth=1)))  # or it is opened first
    return xml


def damage_image(studio: Any) -> Path:
    image = Path(studio.images / "one.png")
    image.write_bytes(image.read_bytes()[:60])
    return image


@pytest.mark.parametrize("spoil", [damage_xml, enlarge_image, damage_image])
def test_what_is_damaged_is_named_and_left_alone(studio: Any, spoil: Any) -> None:
    path = spoil(studio)
    before = path.read_bytes()
    child = studio.begin("guards.not_opened")
    assert "one" in child.told()
    child.end()
    assert path.read_bytes() == before
    assert studio.xml("one").exists() == (path == studio.xml("one"))
    assert classes(studio.xml("two")) == {"disc"}


def test_keys_for_a_box_do_nothing_where_none_is_chosen(studio: Any) -> None:
    studio.play("guards.nothing_selected")
    assert not studio.xml("two").exists()


def test_a_full_disk_is_told_and_nothing_is_left(studio: Any) -> None:
    child = studio.begin("guards.full_disk")
    assert child.told() == "found: No space left on device"
    child.end()
    assert classes(studio.xml("one")) == MINE


def test_nothing_leaves_the_session_deletes_an_image_or_changes_the_format(studio: Any) -> None:
    studio.play("guards.keys_of_labelimg")
    assert classes(studio.xml("one")) == {"disc"}
    assert sorted(path.name for path in studio.images.iterdir()) == ["one.png", "two.png"]


def test_the_home_folder_is_neither_read_nor_written(studio: Any) -> None:
    """LabelImg's settings are a pickle there, which is run when it is read."""
    settings = studio.home / ".labelImgSettings.pkl"
    settings.write_bytes(b"cos\nabort\n(tR.")
    studio.play("guards.plain")
    assert settings.read_bytes() == b"cos\nabort\n(tR."
    settings.unlink()
    studio.play("guards.plain")
    assert list(studio.home.iterdir()) == []


def test_boxes_of_the_image_before_are_added(studio: Any) -> None:
    studio.play("guards.from_the_image_before")
    assert [name for name, _ in studio.drawn("two")] == ["vertebra", "disc"]
    assert studio.drawn("two")[1] == studio.drawn("one")[0]


def test_a_jump_in_the_list_saves_first(studio: Any) -> None:
    studio.play("guards.jump")
    assert classes(studio.xml("one")) == {"disc"}
    assert not studio.xml("two").exists()


def test_a_box_deleted_at_once_is_in_the_history(studio: Any) -> None:
    studio.play("guards.deleted_at_once")
    assert studio.drawn("one") == []
    (before,) = read_voc(versions(studio.xml("one"))[0].path).objects
    assert before.box == MOVED


def test_a_box_is_no_square_because_ctrl_was_let_go_elsewhere(studio: Any) -> None:
    studio.play("guards.ctrl_let_go_in_a_dialog")


def test_a_defect_of_labelimg_ends_neither_the_window_nor_the_drawing(studio: Any) -> None:
    child = studio.begin("guards.defect")
    assert child.told() == "LabelImg failed at this (ZeroDivisionError). Your boxes are saved."
    child.process.communicate()
    assert child.process.returncode == 0
    assert studio.drawn("one")[0] == ("disc", MOVED)
    assert classes(studio.xml("one")) == MINE


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 1), ("SIGHUP", -signal.SIGHUP)])
def test_ctrl_c_and_a_closed_terminal_close_the_window(desk: Any, name: str, code: int) -> None:
    """Both reach the command and LabelImg at once; LabelImg saves, and gives the folder back."""
    xml = desk.dataset / "Annotations" / "one.xml"
    process = desk.open(title="one [1 / 2]")
    desk.draw(desk.view(320), "disc", 40, 50, 120, 110)
    os.killpg(process.pid, getattr(signal, name))
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in errors
    desk.wait_for(lambda: not xml.with_name(".open.json").exists(), "the end of LabelImg")
    assert classes(xml) == {"disc"}


def test_a_folder_taken_over_by_another_machine_is_told(studio: Any) -> None:
    child = studio.begin("guards.taken_over")
    assert child.told().startswith("Somebody else has opened this folder")
    child.end()


FIELD = """<annotation verified="no">
  <folder>x</folder><filename>one.png</filename><source><database>Unknown</database><site>Lyon</site></source>
  <size><width>320</width><height>240</height><depth>1</depth></size><segmented>0</segmented>
  <object>
    <name>disc</name><pose>Left</pose><truncated>0</truncated><difficult>1</difficult>
    <bndbox><xmin>10.25</xmin><ymin>20.5</ymin><xmax>60.75</xmax><ymax>50.125</ymax></bndbox>
    <attributes><attribute><name>grade</name><value>IV</value></attribute></attributes>
  </object>
  <object>
    <name>vertebra</name><bndbox><xmin>100.5</xmin><ymin>20.5</ymin><xmax>160</xmax><ymax>80</ymax></bndbox>
    <score>0.5</score>
  </object>
</annotation>
"""


def test_what_labelimg_does_not_know_stays_in_the_file(studio: Any) -> None:
    """One box is moved and one added: elements of other programs stay, and so do fractions of the box left alone."""
    studio.xml("one").parent.mkdir()
    studio.xml("one").write_text(FIELD, encoding="utf-8")
    before = read_voc(studio.xml("one"))
    studio.xml("two").write_bytes(studio.xml("one").read_bytes())
    studio.play("guards.add_and_move")
    after = read_voc(studio.xml("one"))
    moved, still, added = after.objects
    assert moved.box != before.objects[0].box
    assert (moved.extra, moved.pose, moved.difficult) == (before.objects[0].extra, "Left", True)
    assert "grade" in "".join(moved.extra)
    assert still == before.objects[1]
    assert (added.name, added.extra) == ("vertebra", ())
    assert after.extra == before.extra


def own_file(path: Path) -> None:
    """Boxes on the border of the image, one pixel wide, and with fractions."""
    boxes = [Box(0, 0, 320, 240), Box(319, 239, 320, 240), Box(0, 100, 1, 101), Box(10.25, 20.5, 60.125, 50)]
    things = tuple(VocObject("disc", box) for box in boxes)
    path.write_bytes(voc_bytes(Annotation("one.png", 320, 240, things, depth=1)))


def labelimg_file(path: Path) -> None:
    """As LabelImg's own writer makes it: tabs, a path, `truncated` at the border."""
    path.write_text(LABELIMG, encoding="utf-8")


LABELIMG = """<annotation>
\t<folder>JPEGImages</folder>
\t<filename>one.png</filename>
\t<path>C:\\Users\\Anna\\JPEGImages\\one.png</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>320</width>
\t\t<height>240</height>
\t\t<depth>1</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>disc</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>1</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<ymin>1</ymin>
\t\t\t<xmax>320</xmax>
\t\t\t<ymax>240</ymax>
\t\t</bndbox>
\t</object>
</annotation>
"""


@pytest.mark.parametrize("write", [own_file, labelimg_file])
def test_ten_rounds_of_opening_and_saving_change_nothing(studio: Any, write: Any) -> None:
    """Known tools shift a box by a pixel at each round."""
    studio.xml("one").parent.mkdir()
    write(studio.xml("one"))
    write(studio.xml("two"))
    before = read_voc(studio.xml("one"))
    child = studio.begin("guards.rounds", ROUNDS)
    told = {child.told() for _ in range(ROUNDS)}
    child.end()
    assert len(told) == 1
    assert read_voc(studio.xml("one")) == before


def test_every_kind_of_image_is_shown_and_drawn_on(studio: Any) -> None:
    """16 bits in PNG and TIFF, colour, JPEG, and an image one pixel high; window and level are ours to the value."""
    deep = np.arange(240 * 320, dtype=np.uint16).reshape(240, 320) // 2 + 900
    colour = np.zeros((240, 320, 3), np.uint8)
    colour[..., 0], colour[..., 2] = np.arange(320) % 256, 200
    for path in studio.images.iterdir():
        path.unlink()
    kinds: dict[str, NDArray[Any]] = {
        "a.png": deep,
        "b.tif": deep,
        "c.png": colour,
        "d.jpg": colour,
        "e.png": deep.astype(np.uint8),
        "f.png": colour[:1],
    }
    for name, pixels in kinds.items():
        Image.fromarray(pixels).save(studio.images / name)
    before = {path.name: path.read_bytes() for path in studio.images.iterdir()}
    studio.play("grey.kinds")
    assert {path.name: path.read_bytes() for path in studio.images.iterdir()} == before
    assert {path.stem for path in studio.xml("a").parent.glob("*.xml")} == {"a", "b", "c", "d", "e", "f"}
    assert studio.drawn("f") == [("disc", Box(20, 0, 60, 1))]


@pytest.mark.parametrize("bits", [8, 16])
def test_window_and_level_change_the_view_and_no_file(studio: Any, bits: int) -> None:
    """By the dials, the keys and the middle button; kept for the next image where that is ticked."""
    ramp = (np.arange(240 * 320).reshape(240, 320) % 256).astype(np.uint8)
    pixels = ramp if bits == 8 else ramp.astype(np.uint16) * 40 + 500
    for name in ("one", "two"):
        Image.fromarray(pixels).save(studio.images / f"{name}.png")
    before = (studio.images / "one.png").read_bytes()
    studio.play("grey.window_and_level")
    assert (studio.images / "one.png").read_bytes() == before
    assert not studio.xml("one").exists()
