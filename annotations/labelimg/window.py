"""LabelImg's main window for one session: only its images, every change saved, nothing that could lose a drawing."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from PyQt5.QtCore import QPointF, Qt, QTimer
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QAction, QApplication, QListWidgetItem, QMessageBox, QStyle

from spinedet.annotations import history
from spinedet.annotations.errors import InputError, SpinedetError
from spinedet.annotations.labelimg.cures import dialog_module, program
from spinedet.annotations.labelimg.drawing import ChangedBehindError, Drawing, damaged
from spinedet.annotations.labelimg.grey import GreyControl
from spinedet.annotations.labelimg.panels import HintPanel
from spinedet.annotations.labelimg.session import Hint, Session, Work
from spinedet.annotations.labelimg.shapes import corners, drawn_object
from spinedet.annotations.lock import Lock
from spinedet.annotations.voc import VocObject, voc_bytes

SAVE_AFTER_MS = 400
"""A change is saved so long after it, once nothing is being drawn or moved."""

BEAT_MS = 30_000
"""The lock of the folder is renewed so often."""

SHARE_OF_SCREEN = 0.9
LARGEST_WINDOW = (1500, 1000)
"""The window takes this share of the screen, up to so many pixels."""

REMOVED = (
    *("openFile", "openDir", "changeSaveDir", "openAnnotation", "saveAs", "closeCur", "deleteImg", "resetAll"),
    *("tutorialDefault",),
)
"""LabelImg's words for what leaves the session, deletes an image file, saves in another place, or opens a web page."""

FORMATS = {"&PascalVOC", "&YOLO", "&CreateML"}
"""The button that changes the format, whatever it says."""

KEYS = """w: draw a box    d, a: next and previous image    space: image verified (also without a box)
Del: delete the box    Ctrl+D: copy it    Ctrl+V: add the boxes of the image before
arrows: move the box by a pixel    Ctrl while drawing: a square
Ctrl+wheel: zoom    Ctrl+F: whole image    wheel: scroll
Alt+Up, Alt+Down: brighter, darker    Alt+Right, Alt+Left: more and less contrast; or drag with the middle button
Ctrl+S: save at once (every change is saved by itself)    Ctrl+Q: quit"""


class SessionWindow(program.MainWindow):
    """LabelImg's window; what a session must not do is taken out, what it needs is added."""

    def __init__(self, session: Session, lock: Lock) -> None:
        self.session, self.lock = session, lock
        self.works = {str(work.path.absolute()): work for work in session.works}
        self.drawing: Drawing | None = None
        self.damaged = damaged(session.works)
        super().__init__(None, "", str(session.folder))
        self.grey = GreyControl(self, self.canvas)
        self.opinions = HintPanel(self)
        self._arrange()
        self._remove_actions()
        self._saver, self._beat = QTimer(self), QTimer(self)
        self._saver.setSingleShot(True)
        self._saver.timeout.connect(self._save_when_quiet)
        self._beat.timeout.connect(self._renew)
        self._beat.start(BEAT_MS)
        self.opinions.taken.connect(self._take)
        self.default_label_text_line.setValidator(dialog_module.label_validator())
        self._list_images()
        QTimer.singleShot(0, self._begin)

    # How the window looks.

    def _arrange(self) -> None:
        self.addDockWidget(Qt.RightDockWidgetArea, self.grey.panel)
        self.addDockWidget(Qt.RightDockWidgetArea, self.opinions)
        self.opinions.hide()
        room = QApplication.desktop().availableGeometry(self)
        sides = (room.width(), room.height())
        width, height = (
            min(round(SHARE_OF_SCREEN * side), most) for side, most in zip(sides, LARGEST_WINDOW, strict=True)
        )
        self.resize(width, height)
        self.move(room.center() - self.rect().center())
        self.resizeDocks([self.dock], [width // 5], Qt.Horizontal)

    def _remove_actions(self) -> None:
        """Take out of menus and tools, and off the keys, what a session does not do."""
        words = {self.string_bundle.get_string(name) for name in self._removed()} | FORMATS
        removed = [action for action in self.findChildren(QAction) if action.text() in words]
        for action in [*removed, self.menus.recentFiles.menuAction()]:
            action.setVisible(False)  # its keys are off, too
        for mode in ("beginner", "advanced"):
            setattr(self.actions, mode, tuple(one for one in getattr(self.actions, mode) if one not in removed))
        self.populate_mode_actions()

    def _removed(self) -> tuple[str, ...]:
        """LabelImg's words for what is taken out."""
        return REMOVED

    def _list_images(self) -> None:
        self.m_img_list = list(self.works)
        self.img_count = len(self.m_img_list)
        self.dir_name = str(self.session.works[0].path.parent)
        self._fill_file_list()

    def _fill_file_list(self) -> None:
        self.file_list_widget.setTextElideMode(Qt.ElideLeft)  # the name stands at the end of a path
        self.file_list_widget.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        for path in self.m_img_list:
            self.file_list_widget.addItem(QListWidgetItem(path))
        for place, work in enumerate(self.session.works):
            if work.finished:
                self._mark(place, QStyle.SP_DialogApplyButton)
        for place in self.damaged:
            self._mark(place, QStyle.SP_MessageBoxCritical)

    def _mark(self, place: int, sign: Any) -> None:
        """A tick before an image that has been saved, a red sign before one that cannot be opened."""
        self.file_list_widget.item(place).setIcon(self.style().standardIcon(sign))

    def load_predefined_classes(self, _file: str) -> None:
        """The session's classes instead of a file's."""
        self.label_hist = list(self.session.classes)

    def show_shortcuts_dialog(self) -> None:
        """The keys, instead of a web page."""
        QMessageBox.information(self, "Keys", KEYS)

    show_default_tutorial_dialog = show_shortcuts_dialog

    # From image to image.

    def _begin(self) -> None:
        """Show the first image of the session."""
        self._show(self.session.first(self.lock.interrupted, self.damaged))

    def open_next_image(self, _value: bool = False) -> None:
        """Save and go on; at the end stay."""
        self._show(self.cur_img_idx + 1)

    def open_prev_image(self, _value: bool = False) -> None:
        """Save and go back."""
        self._show(self.cur_img_idx - 1)

    def file_item_double_clicked(self, item: QListWidgetItem) -> None:
        """Save and go to an image of the list (LabelImg would forget what is not saved)."""
        self._show(self.m_img_list.index(item.text()))

    def _show(self, place: int) -> None:
        if not 0 <= place < self.img_count:
            self.status("This is the last image." if place > 0 else "This is the first image.")
        elif self.flush():
            self.cur_img_idx = place
            self.load_file(self.m_img_list[place])

    def load_file(self, file_path: str | None = None) -> bool:
        """Check an image's annotation, then show both; what is damaged is named and not opened."""
        work = self.works.get(str(file_path))
        if work is None:
            return False
        self.drawing, image = None, program.read(str(work.path), None)
        try:
            if image is None or image.isNull():
                raise SpinedetError("An image cannot be read.", where=work.path)
            depth = 1 if image.isGrayscale() else 3
            self.drawing = Drawing.read(work, (image.width(), image.height()), depth)
        except (SpinedetError, OSError) as error:
            self._refuse(work, error)
            return False
        super().load_file(file_path)
        self._opened(work, self.drawing)
        return True

    def _opened(self, work: Work, drawing: Drawing) -> None:
        self._renew()
        self.grey.take(self.image)
        self.canvas.show_hints(work.hints)
        self.opinions.put(work.hints, self.canvas.colours)
        self._title(work.image)
        if drawing.remarks:
            self.status("Mended in the file: " + "; ".join(remark.text for remark in drawing.remarks), 15_000)

    def _renew(self) -> None:
        """Renew the lock. Where another machine took it, saving still stops at files that were changed there."""
        try:
            self.lock.note(self.session.works[self.cur_img_idx].image)
        except InputError as error:
            self._beat.stop()
            self._tell("Open elsewhere", str(error))
        except SpinedetError as error:
            self.status(str(error), 0)

    def _refuse(self, work: Work, error: Exception) -> None:
        self.reset_state()
        self.image = QImage()
        self.grey.clear()
        self.set_clean()
        self.toggle_actions(False)
        self.canvas.setEnabled(False)
        self._mark(self.cur_img_idx, QStyle.SP_MessageBoxCritical)
        self._title(f"{work.image} (not opened)")
        self._tell("Not opened", f"{work.image}\n\n{error}\n\nNothing was changed. The other images can be opened.")

    def _title(self, what: str) -> None:
        self.setWindowTitle(f"{self.session.title} - {what} {self.counter_str()}")

    def show_bounding_box_from_annotation_file(self, _path: str) -> None:
        """Show the boxes that were read and checked."""
        if self.drawing is not None:
            self._add(self.drawing.annotation.objects, keep_origin=True)
            self.canvas.verified = self.drawing.annotation.verified
            self.set_clean()

    # Boxes.

    def _add(self, things: Iterable[VocObject], *, keep_origin: bool) -> None:
        """Add boxes to the drawing; with their origin they are saved as they were until somebody moves them."""
        for thing in things:
            shape = program.Shape(label=thing.name)
            shape.points = [QPointF(x, y) for x, y in corners(thing.box)]
            shape.difficult = thing.difficult
            shape.close()
            shape.line_color = shape.fill_color = program.generate_color_by_text(thing.name)
            if keep_origin:
                shape.origin = thing
            self.canvas.shapes.append(shape)
            self.add_label(shape)
        self.canvas.update()

    def _take(self, hint: Hint) -> None:
        """Copy an opinion into the drawing."""
        self._add([VocObject(hint.name, hint.box.whole())], keep_origin=False)
        self.set_dirty()

    def new_shape(self) -> None:
        """Ask for the class of a box; those before it are saved first, and it is saved as soon as it has its class."""
        self._keep()
        if not self.default_label_text_line.hasAcceptableInput():
            self.use_default_label_checkbox.setChecked(False)
        super().new_shape()
        self._keep()

    def delete_selected_shape(self) -> None:
        """Delete the selected box, which the history has even if it was drawn a moment ago."""
        self._keep()
        super().delete_selected_shape()

    def copy_selected_shape(self) -> None:
        """Copy the selected box (LabelImg would not see that as a change, and forget the copy)."""
        super().copy_selected_shape()
        self.set_dirty()

    def copy_previous_bounding_boxes(self) -> None:
        """Add the boxes of the image before (LabelImg would put them in the place of those drawn here)."""
        if self.drawing is None or self.cur_img_idx == 0:
            return
        size = (self.drawing.annotation.width, self.drawing.annotation.height)
        try:
            before = Drawing.read(self.session.works[self.cur_img_idx - 1], size, 1).annotation.objects
        except (SpinedetError, OSError) as error:
            self._tell("Not copied", str(error))
            return
        self._add((VocObject(thing.name, thing.box, thing.difficult) for thing in before), keep_origin=False)
        self.set_dirty()

    def _objects(self) -> list[VocObject]:
        """The boxes as they stand on the canvas; one whose class is just being asked for is left out."""
        size = (self.image.width(), self.image.height())
        return [
            drawn_object(
                getattr(shape, "origin", None),
                shape.label,
                [(point.x(), point.y()) for point in shape.points],
                bool(shape.difficult),
                size,
            )
            for shape in self.canvas.shapes
            if shape.label
        ]

    # Saving.

    def set_dirty(self) -> None:
        """Remember a change, and save it soon."""
        super().set_dirty()
        self._saver.start(SAVE_AFTER_MS)

    def set_clean(self) -> None:
        """Everything is saved; saving stays possible, for an image without a box is saved too."""
        super().set_clean()
        self.actions.save.setEnabled(self.file_path is not None)

    def _save_when_quiet(self) -> None:
        if self.canvas.busy or QApplication.mouseButtons() or QApplication.activeModalWidget():
            self._saver.start(SAVE_AFTER_MS)
        else:
            self.flush()

    def _keep(self) -> None:
        """Save what is drawn so far; where that fails, the next save tries again and tells."""
        if self.dirty and self.drawing is not None:
            with suppress(SpinedetError, OSError):
                self.drawing = self.drawing.save(self._objects(), self.canvas.verified)

    def flush(self) -> bool:
        """Save what is not saved; False where that failed and the change is only on the screen."""
        return self._save() if self.dirty else True

    def may_continue(self) -> bool:
        """LabelImg's question before it leaves an image."""
        return self.flush()

    def save_file(self, _value: bool = False) -> None:
        """Save now, also an image without a box."""
        self._save()

    def verify_image(self, _value: bool = False) -> None:
        """Mark the image as checked, or take the mark away, and save."""
        if self.drawing is not None:
            self.canvas.verified = not self.canvas.verified
            self.paint_canvas()
            self.set_dirty()
            self._save()

    def _save(self, *, over: bool = False) -> bool:
        if self.drawing is None:
            return True
        try:
            self.drawing = self.drawing.save(self._objects(), self.canvas.verified, over=over)
        except ChangedBehindError as error:
            return self._ask_whose(error)
        except (SpinedetError, OSError) as error:
            self._tell("Not saved", f"{error}\n\nThe boxes are still on the screen.")
            return False
        self.set_clean()
        self._mark(self.cur_img_idx, QStyle.SP_DialogApplyButton)
        self.status(f"Saved {self.drawing.work.xml.name}")
        return True

    def _ask_whose(self, error: ChangedBehindError) -> bool:
        """Two versions of one drawing: the one that is not kept goes to the history."""
        box = QMessageBox(QMessageBox.Warning, "Changed by another program", str(error), parent=self)
        box.setInformativeText("Whichever you keep, the other one goes to the history (spinedet history).")
        mine = box.addButton("Keep mine", QMessageBox.AcceptRole)
        theirs = box.addButton("Keep theirs", QMessageBox.DestructiveRole)
        box.addButton("Later", QMessageBox.RejectRole)
        box.exec_()
        if box.clickedButton() is mine:
            return self._save(over=True)
        return box.clickedButton() is theirs and self._keep_theirs()

    def _keep_theirs(self) -> bool:
        if self.drawing is None:
            return True
        xml = self.drawing.work.xml
        ours = replace(self.drawing.annotation, objects=tuple(self._objects()), verified=self.canvas.verified)
        try:
            history.save(xml, voc_bytes(ours))
            history.restore(xml)  # theirs, which the line before put into the history, and ours goes there instead
        except SpinedetError as error:
            self._tell("Not saved", f"{error}\n\nThe boxes are still on the screen.")
            return False
        self.set_clean()
        self.load_file(self.m_img_list[self.cur_img_idx])
        return True

    def closeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """Save and close; where saving fails, ask."""
        event.ignore()  # should saving meet a defect, the window stays with what is drawn
        if self.flush() or self._leave_unsaved():
            self._saver.stop()
            self._beat.stop()
            event.accept()

    def _leave_unsaved(self) -> bool:
        leave, stay = QMessageBox.Discard, QMessageBox.Cancel
        return bool(QMessageBox.warning(self, "Not saved", "Leave without saving this image?", leave | stay) == leave)

    def _tell(self, title: str, text: str) -> None:
        self.status(f"{title}: {text.splitlines()[0]}", 0)
        QMessageBox.warning(self, title, text)

    # What a session does not do.

    def _elsewhere(self, *_ignored: Any) -> None:
        self.status("Not in this session: it has its own images, folder and format.")

    open_file = open_dir_dialog = change_save_dir_dialog = open_annotation_dialog = _elsewhere
    save_file_as = close_file = delete_image = reset_all = change_format = load_recent = _elsewhere
    import_dir_images = _elsewhere
