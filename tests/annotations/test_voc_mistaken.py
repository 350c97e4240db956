"""Other formats given for VOC: named, with the command that imports them."""

from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import MAX_BYTES, read_voc

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<!-- exported -->
<annotations>
  <version>1.1</version>
  <image id="0" name="a.png" width="100" height="80"><box label="disc" xtl="0" ytl="10" xbr="10" ybr="12"/></image>
</annotations>
"""


def refusal(path: Path, data: str | bytes) -> InputError:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(InputError) as caught:
        read_voc(path)
    return caught.value


@pytest.mark.parametrize(
    ("file", "text", "name", "importer"),
    [
        ("annotations.xml", CVAT, "CVAT XML", "cvat {file}"),
        ("annotations.xml", "<annotations/>", "CVAT XML", "cvat {file}"),
        ("a.txt", "0 0.5 0.5 0.25 0.1\n1 0.1 0.1 0.05 5e-2\n", "YOLO", "yolo {folder}"),
        ("a.xml", "0 0.5 0.5 0.25 0.1", "YOLO", "yolo {folder}"),
        ("a.txt", "", "YOLO", "yolo {folder}"),
        ("coco.json", '{"info": {}, "images": [], "annotations": []}', "COCO JSON", "coco {file}"),
        ("a.xml", '{"images": [{"id": 1, "file_name": "a.png"}]}', "COCO JSON", "coco {file}"),
        ("a.json", '{"version": "5.4", "flags": {}, "shapes": []}', "LabelMe JSON", "labelme {folder}"),
        ("a.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,1,1,x,1,1,1,1\n", "CSV", "csv {file}"),
    ],
)
def test_the_format_is_named_with_the_command_that_imports_it(
    tmp_path: Path, file: str, text: str, name: str, importer: str
) -> None:
    path = tmp_path / "mine" / file
    error = refusal(path, text)
    assert error.what == f"This is {name}, not Pascal VOC."
    command = importer.format(file=path, folder=path.parent)
    assert error.details["where"] == str(path)
    assert error.details["to do"] == f"spinedet import {command} --out DATASET"


def test_yolo_is_imported_from_the_folder_that_has_its_images_and_classes_too(tmp_path: Path) -> None:
    for place in ("labels", "labels/train"):
        error = refusal(tmp_path / "set" / place / "a.txt", "0 0.5 0.5 0.25 0.1\n")
        assert error.details["to do"] == f"spinedet import yolo {tmp_path / 'set'} --out DATASET"


def test_createml_and_unknown_json_are_named_without_an_importer(tmp_path: Path) -> None:
    createml = '[{"image": "a.png", "annotations": [{"label": "disc", "coordinates": {"x": 5}}]}]'
    for text, name in ((createml, "CreateML JSON"), ("{}", "JSON")):
        error = refusal(tmp_path / "a.json", text)
        assert name in error.what
        assert "COCO JSON" in str(error.details["to do"])


def test_a_path_with_a_blank_is_quoted_in_the_command(tmp_path: Path) -> None:
    path = tmp_path / "my labels" / "all.xml"
    assert f'import cvat "{path}" --out' in str(refusal(path, CVAT))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_in_front_hides_nothing(tmp_path: Path, encoding: str) -> None:
    assert "CVAT XML" in refusal(tmp_path / "a.xml", CVAT.encode(encoding)).what


def test_files_of_many_images_are_named_though_they_are_too_large(tmp_path: Path) -> None:
    image = CVAT.splitlines()[4]
    cvat = CVAT.replace(image, image * (MAX_BYTES // len(image)))
    coco = '{"images": [' + '{"file_name": "a.png"},' * (MAX_BYTES // 20)
    assert len(cvat) > MAX_BYTES
    assert "CVAT" in refusal(tmp_path / "a.xml", cvat).what
    assert "CVAT" in refusal(tmp_path / "b.xml", cvat[:3_000_000] + "</annotations>").what  # fits, but much markup
    assert "COCO" in refusal(tmp_path / "a.json", coco).what


def test_a_damaged_voc_file_is_not_taken_for_another_format(tmp_path: Path) -> None:
    for text in ("<annotation>", "<annotation/><annotations/>", "disc 1 2 3"):
        assert "damaged" in refusal(tmp_path / "a.xml", text).what
