"""What a hand does in LabelImg that made it fail on Python 3.10 and later; no scene may meet an exception."""

from typing import Any

from PyQt5.QtCore import Qt

CTRL, RIGHT = Qt.ControlModifier, Qt.RightButton


def drawing(hand: Any) -> Any:
    """The crosshair, a box while it is drawn, class names, and boxes that end outside the image."""
    yield hand.showing("one")
    yield from hand.key(Qt.Key_W)
    for place in ((10, 10), (100, 120), (319, 239), (-5, 20), (330, 250)):
        yield from hand.move(*place)
    yield from hand.drag((40, 50), (120, 110))
    yield from hand.name("disc")
    yield from hand.draw("vertebra", 260, 140, 180, 60)  # from the lower right to the upper left
    yield from hand.draw("disc", 250, 200, 360, 300)
    yield from hand.draw("vertebra", 5, 2, 60, 20)  # the name has no room above
    assert [shape.label for shape in hand.shapes] == ["disc", "vertebra", "disc", "vertebra"]
    assert all(shape.paint_label for shape in hand.shapes)
    for place in ((80, 80), (40, 50), (120, 110), (300, 20), (200, 100), (0, 0)):  # inside, on corners, on nothing
        yield from hand.move(*place)
    yield hand.saved


def cancelling(hand: Any) -> Any:
    """Esc while drawing, Cancel at the question, a click without a drag: no box."""
    yield hand.showing("one")
    yield from hand.key(Qt.Key_W)
    yield from hand.press(40, 50)
    yield from hand.move(90, 90, Qt.LeftButton)
    yield from hand.key(Qt.Key_Escape)
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((40, 50), (120, 110))
    yield from hand.answer("Cancel")
    yield from hand.key(Qt.Key_W)
    yield from hand.press(40, 50)
    yield from hand.release(40, 50)
    assert hand.shapes == []
    yield from hand.draw("disc", 40, 50, 120, 110)
    assert len(hand.shapes) == 1


def viewing(hand: Any) -> Any:
    """Zoom by wheel, number and menu; scroll both ways; pan; fit; change the size of the window."""
    yield hand.showing("one")
    zoom = hand.window.zoom_widget
    first = zoom.value()
    yield from hand.wheel(-120, modifiers=CTRL)
    assert zoom.value() == first + 10
    yield from hand.wheel(45, modifiers=CTRL)  # a touchpad turns less than a notch
    assert first < zoom.value() < first + 10
    for words in ("Zoom In", "Zoom Out", "Original size", "Fit Window", "Fit Width"):
        yield from hand.trigger(words)
    yield from hand.do(lambda: zoom.setValue(500))
    yield lambda: hand.canvas.scale == 5
    yield from scrolling(hand)
    for size in ((900, 600), (1000, 700)):
        yield from hand.do(lambda size=size: hand.window.resize(*size))
    yield from hand.trigger("Fit Window")
    for size in ((900, 600), (1100, 750)):
        before = hand.canvas.scale
        yield from hand.do(lambda size=size: hand.window.resize(*size))
        yield lambda before=before: hand.canvas.scale != before


def scrolling(hand: Any) -> Any:
    """The wheel down and across, and the background dragged by the hand."""
    bars = hand.window.scroll_bars
    down, across = bars[Qt.Vertical], bars[Qt.Horizontal]
    yield lambda: across.maximum() > 200 and down.maximum() > 200
    for bar, turn in ((down, (120, 0)), (down, (37, 0)), (across, (0, -120)), (across, (0, -37))):
        before = bar.value()
        yield from hand.wheel(*turn)
        assert bar.value() > before
    before = (across.value(), down.value())
    yield from hand.drag((60, 60), (50, 40))
    assert 0 < across.value() - before[0] < 10, (before, across.value(), down.value())
    assert 0 < down.value() - before[1] < 20


def changing(hand: Any) -> Any:
    """Corners, squares, arrow keys, the right button, copies, visibility, class, and the marks of a box."""
    yield hand.showing("one")
    yield from hand.draw("disc", 100, 100, 160, 140)
    yield from corners_and_squares(hand)
    yield from arrows_and_copies(hand)
    yield from marks(hand)
    yield hand.saved


def corners_and_squares(hand: Any) -> Any:
    """Each corner pulled outwards by 10, then one with Ctrl held, and a new box drawn as a square."""
    for corner, to in (
        ((100, 100), (90, 90)),
        ((160, 90), (170, 80)),
        ((170, 140), (180, 150)),
        ((90, 150), (80, 160)),
    ):
        yield from hand.drag(corner, to)
    assert [round(edge) for edge in hand.box(0)] == [80, 80, 180, 160]
    yield from hand.drag((180, 160), (190, 220), modifiers=CTRL)
    left, top, right, bottom = hand.box(0)
    assert round(right - left) == round(bottom - top) == 110
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((220, 20), (300, 50), modifiers=CTRL)
    yield from hand.name("vertebra")
    left, top, right, bottom = hand.box(1)
    assert round(right - left) == round(bottom - top) == 30
    yield from hand.do(lambda: None)


def arrows_and_copies(hand: Any) -> Any:
    """A pixel each way, Ctrl+D, and the right button's two answers."""
    yield from hand.select(1)
    before = hand.box(1)
    for key, (right, below) in {
        Qt.Key_Left: (-1, 0), Qt.Key_Up: (-1, -1), Qt.Key_Right: (0, -1), Qt.Key_Down: (0, 0)
    }.items():  # fmt: skip
        yield from hand.key(key)
        assert hand.box(1)[:2] == (before[0] + right, before[1] + below)
    yield from hand.key(Qt.Key_D, CTRL)
    assert len(hand.shapes) == 3
    yield from hand.drag((235, 35), (235, 135), RIGHT)
    yield from hand.answer("Copy here")
    assert len(hand.shapes) == 4
    yield from hand.drag((235, 135), (265, 185), RIGHT)
    yield from hand.answer("Move here")
    assert len(hand.shapes) == 4
    yield from hand.key(Qt.Key_Delete)
    assert len(hand.shapes) == 3


def marks(hand: Any) -> Any:
    """Hide and show, filter by class, another class, difficult, verified, names off."""
    for words in ("Hide RectBox", "Show RectBox"):
        yield from hand.trigger(words)
        assert {hand.canvas.isVisible(shape) for shape in hand.shapes} == {words.startswith("Show")}
    combo = hand.window.combo_box.cb
    yield from hand.do(lambda: combo.setCurrentText("disc"))
    assert [hand.canvas.isVisible(shape) for shape in hand.shapes] == [True, False, False]
    yield from hand.do(lambda: combo.setCurrentIndex(0))
    yield from hand.select(1)
    yield from hand.key(Qt.Key_E, CTRL)
    yield from hand.name("disc")
    yield from hand.do(hand.window.diffc_button.click)
    assert [(shape.label, bool(shape.difficult)) for shape in hand.shapes][1] == ("disc", True)
    yield from hand.key(Qt.Key_Space)
    assert hand.canvas.verified
    yield from hand.trigger("Display Labels")


def advanced(hand: Any) -> Any:
    """LabelImg's mode for experts: boxes one after another, without the w key between them."""
    yield hand.showing("one")
    yield from hand.trigger("Advanced Mode")
    yield from hand.key(Qt.Key_W)
    for left in (20, 120):
        yield from hand.drag((left, 40), (left + 50, 90))
        yield from hand.name("disc")
    yield from hand.key(Qt.Key_J, CTRL)
    yield from hand.move(45, 60)
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.turn(Qt.Key_A, "one")
    yield from hand.trigger("Advanced Mode")
    assert len(hand.shapes) == 2


def names(hand: Any) -> Any:
    """The classes of the session, by typing, by the list, and by LabelImg's own default."""
    yield hand.showing("one")
    yield from hand.draw("椎间盘", 20, 20, 60, 60)
    yield from hand.draw("L", 80, 20, 120, 60)
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((140, 20), (180, 60))
    asked = hand.question()
    yield from hand.do(lambda: asked.list_item_double_click(asked.list_widget.item(0)))
    yield lambda: hand.question() is None
    assert [shape.label for shape in hand.shapes] == ["椎间盘", "L", "椎间盘"]


def other_names(hand: Any) -> Any:
    """Names outside the closed list: another word, the beginning of one, a default that is none of them."""
    yield hand.showing("one")
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((20, 20), (60, 60))
    for words in ("bone", "椎"):
        yield from hand.name(words)
        assert hand.question() is not None, f"'{words}' was taken"
        yield from hand.do(hand.question().button_box.buttons()[0].click)
        assert hand.question() is not None, f"'{words}' was taken at OK"
    yield from hand.answer("Cancel")
    yield from hand.do(lambda: hand.window.use_default_label_checkbox.setChecked(True))
    yield from hand.do(lambda: hand.window.default_label_text_line.setText("bone"))
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((20, 20), (60, 60))
    yield from hand.name("L")
    assert [shape.label for shape in hand.shapes] == ["L"]


def open_names(hand: Any) -> Any:
    """No list of classes: a letter, a class of two words, no name at all, and what XML cannot hold."""
    yield hand.showing("one")
    yield from hand.draw("L", 80, 20, 120, 60)
    yield from hand.draw("S1 herniation", 20, 20, 60, 60)
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((140, 20), (180, 60))
    for words in ("  ", "\x01", "\n"):
        yield from hand.name(words)
        assert hand.question() is not None
    yield from hand.answer("Cancel")
