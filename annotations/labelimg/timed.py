"""LabelImg's window for one reader of a study: one image after the other, each with its time, nothing else to see."""

import time
from typing import Any

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtWidgets import QAction, QLabel, QMessageBox, QProgressBar, QStyle

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import SpinedetError
from spinedet.annotations.labelimg import timed_pages as pages
from spinedet.annotations.labelimg.answers import AnswerPanel
from spinedet.annotations.labelimg.cover import Cover, Notice, Page
from spinedet.annotations.labelimg.drawing import Drawing
from spinedet.annotations.labelimg.session import Hint, Work
from spinedet.annotations.labelimg.stopwatch import Stopwatch
from spinedet.annotations.labelimg.timed_session import TimedSession
from spinedet.annotations.labelimg.window import REMOVED, SessionWindow
from spinedet.annotations.lock import Lock
from spinedet.annotations.voc import VocObject

NOT_IN_A_STUDY = ("copyPrevBounding",)
"""LabelImg's words for what would bring the boxes of another image here."""

OF_BOXES = (
    *("crtBox", "editBox", "delBox", "dupBox", "editLabel", "boxLineColor", "drawSquares", "hideAllBox", "showAllBox"),
    *("advancedMode", "singleClsMode", "displayLabel", "showHide", "verifyImg"),
)
"""LabelImg's words for what concerns boxes, of which there are none where the whole image is asked."""


GLANCE_SECONDS = 0.3
"""An image that was on the screen for less is not finished by a key: that key was meant for what was there before."""


class TimedWindow(SessionWindow):
    """A session's window that takes time and shows one image, without those before and after it."""

    def __init__(self, session: TimedSession, lock: Lock) -> None:
        self.timed = session
        self.done = session.done()
        self.page: Page | None = None
        self.answer: str | None = None
        self._next: int | None = None
        self._seen: float | None = None
        self.cover: Cover | None = None
        super().__init__(session, lock)
        self.stopwatch = Stopwatch(self, session)
        self.cover, self.notice = Cover(self), Notice(self.scroll_area)
        self.canvas.with_menu = not session.whole_image
        self.canvas.painted.connect(self._painted)
        self.stopwatch.changed.connect(self._cover_or_not)
        self.stopwatch.failed.connect(lambda words: self._tell("Not recorded", words))
        self.answers.chosen.connect(self._choose)
        self.cover.agreed.connect(self._agreed)
        self.cover.turned.connect(self._turned)

    # How the window looks.

    def _arrange(self) -> None:
        self.answers = AnswerPanel(self, self.timed.classes)
        self.addDockWidget(Qt.RightDockWidgetArea, self.answers)
        super()._arrange()
        self.setContextMenuPolicy(Qt.NoContextMenu)  # its menu brings hidden panels back
        self.removeDockWidget(self.file_dock)  # it tells what comes, and what was read
        self.answers.setVisible(self.timed.whole_image)
        self.dock.setVisible(not self.timed.whole_image)
        self._add_pause()
        self.place_label, self.progress = QLabel(), QProgressBar()
        self.progress.setMaximum(self.timed.count)
        self.progress.setFormat("%v of %m read")
        self.progress.setFixedWidth(180)
        for part in (self.place_label, self.progress):
            self.statusBar().addPermanentWidget(part)

    def _add_pause(self) -> None:
        pause = QAction(self.style().standardIcon(QStyle.SP_MediaPause), "Pause", self)
        pause.setShortcut("P")
        pause.setAutoRepeat(False)
        pause.triggered.connect(lambda _checked=False: self.stopwatch.toggle())
        self.menus.view.addAction(pause)
        self.addAction(pause)  # works while the menus do not
        quitting = next(one for one in self.menus.file.actions() if one.shortcut().toString() == "Ctrl+Q")
        self.addAction(quitting)
        for mode in ("beginner", "advanced"):
            setattr(self.actions, mode, (pause, None, *getattr(self.actions, mode)))

    def _remove_actions(self) -> None:
        super()._remove_actions()
        for one in filter(None, self.actions.beginner):
            one.setAutoRepeat(False)  # a key held down would run through the images
            if one.shortcut().toString() == "Space":
                one.setText("Nothing\nto find")
                one.setToolTip("There is nothing to find on this image: finish it and go on (space bar)")

    def _removed(self) -> tuple[str, ...]:
        return REMOVED + NOT_IN_A_STUDY + (OF_BOXES if self.timed.whole_image else ())

    def _fill_file_list(self) -> None:
        """There is none to see."""

    def _mark(self, place: int, sign: Any) -> None:
        """There is no list to mark an image in."""

    def counter_str(self) -> str:
        """Where the reader is, for the title."""
        return f"({self._progress_words().lower()})"

    def _progress_words(self) -> str:
        place = self.cur_img_idx - self.timed.practice
        if place < 0:
            return f"Practice, {self.cur_img_idx + 1} of {self.timed.practice}"
        return f"{place + 1} of {self.timed.count}"

    def show_shortcuts_dialog(self) -> None:
        """The keys of a timed reading."""
        QMessageBox.information(self, "Keys", pages.keys(self.timed))

    show_default_tutorial_dialog = show_shortcuts_dialog

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """The cover stays over all of the window."""
        super().resizeEvent(event)
        if self.cover is not None:
            self.cover.fit()

    # Covers.

    @property
    def covered(self) -> bool:
        """Whether no image is to be seen."""
        return self._what_covers() is not None

    def _what_covers(self) -> Page | None:
        if self.page is not None:
            return self.page
        named = (("key", pages.PAUSED), ("window", pages.AWAY), ("idle", pages.IDLE))
        return next((page for why, page in named if why in self.stopwatch.reasons), None)

    def _cover_or_not(self) -> None:
        """Hide the image whenever no time is taken, so that nobody reads without it."""
        page = self._what_covers()
        self.canvas.concealed = page is not None
        for part in (self.menuBar(), self.tools, self.scroll_area, self.dock, self.answers, self.grey.panel):
            part.setEnabled(page is None)  # their keys are off, too
        self.opinions.setEnabled(page is None)
        if self.cover is None:
            return
        if page is not None:
            self.notice.hide()
            self.cover.show_page(page)
        else:
            self.cover.hide()
            self.canvas.setFocus()
        self.canvas.update()

    def _say(self, page: Page, then: int | None) -> None:
        """Show a page; the reader leads on from it to an image, or to the end."""
        self.page, self._next = page, then
        self.setWindowTitle(f"{self.session.title} - {page.title}")
        self._cover_or_not()

    def _agreed(self) -> None:
        if self.page is None:
            self.stopwatch.toggle()
        elif self._next is None:
            self.close()
        else:
            self._turn_to(self._next)

    def _turned(self) -> None:
        """Back from the last page."""
        if self.page is not None and self._next is None:
            self._turn_to(len(self.timed.works) - 1)

    # From image to image.

    def _begin(self) -> None:
        place, read = self.timed.next_open(self.done), len(self.done & set(self.timed.places))
        if place is None:
            self._thank()
        elif place < self.timed.practice:
            self._say(pages.practice_page(self.timed), place)
        else:
            self._say(pages.resume_page(self.timed, read) if read else pages.begin_page(self.timed), place)

    def _thank(self) -> None:
        left = [self.timed.works[place].image for place in self.timed.places if place not in self.done]
        self._say(pages.thanks_page(self.timed, left), None)

    def _turn_to(self, place: int) -> None:
        try:
            self.stopwatch.open(place < self.timed.practice)
        except SpinedetError as error:
            self._tell("Not opened", str(error))
            return
        self.page = None
        self._show(place)

    def load_file(self, file_path: str | None = None) -> bool:
        """Load an image; it is seen when it has its brightness, not before."""
        self.canvas.concealed = True
        opened = super().load_file(file_path)
        if not opened:
            self._cover_or_not()
        return opened

    def _opened(self, work: Work, drawing: Drawing) -> None:
        super()._opened(work, drawing)
        self.answers.put(self.answer)
        self.notice.hide()
        self._show_progress()
        self._cover_or_not()
        self.canvas.await_paint()

    def _show_progress(self) -> None:
        self.place_label.setText(self._progress_words())
        self.progress.setValue(len(self.done & set(self.timed.places)))

    def _painted(self, t: float) -> None:
        """Written down when the paint is over, which a slow disk would hold up."""
        self._seen = t
        QTimer.singleShot(0, self._note_shown)

    def _note_shown(self) -> None:
        seen, self._seen = self._seen, None
        if seen is not None and self.drawing is not None:
            self.stopwatch.shown(self.drawing.work.image, seen)

    def _leave(self, t: float) -> None:
        self._note_shown()
        self.canvas.await_paint(False)
        self.stopwatch.left(t)

    def _is_hasty(self, now: float) -> bool:
        """Whether the reader cannot have read what is on the screen, and has not read it before."""
        if self.drawing is None or self.cur_img_idx in self.done:
            return False
        self._note_shown()
        return self.stopwatch.since is None or now - self.stopwatch.since < GLANCE_SECONDS

    def open_next_image(self, _value: bool = False) -> None:
        """Finish the image and go on; without an answer, say what is missing. One that could not be opened is left."""
        now = time.monotonic()
        if self.covered or self._is_hasty(now):
            return
        if self.drawing is not None and not self._answered():
            self.notice.say(pages.not_answered(self.timed))
        elif self.drawing is None or self._finish():
            self._go_on(now)

    def verify_image(self, _value: bool = False) -> None:
        """There is nothing to find: finish the image without a box, and go on."""
        now = time.monotonic()
        if self.covered or self.drawing is None or self._is_hasty(now):
            return
        if self._answered():
            self.notice.say(pages.NOT_EMPTY)
        elif self._finish():
            self._go_on(now)

    def open_prev_image(self, _value: bool = False) -> None:
        """Go back to an image; the time that it takes now adds to what it took before."""
        now = time.monotonic()
        first = self.timed.practice if self.cur_img_idx >= self.timed.practice else 0
        if self.covered:
            return
        if self.cur_img_idx == first:
            self.notice.say(pages.FIRST)
        elif self.flush():
            self._leave(now)
            self._turn_to(self.cur_img_idx - 1)

    def _go_on(self, t: float) -> None:
        self._leave(t)
        place = self.cur_img_idx + 1
        if place == self.timed.practice:
            self._begin_after_practice()
        elif place < len(self.timed.works):
            self._turn_to(place)
        else:
            self._end()

    def _begin_after_practice(self) -> None:
        self.stopwatch.close()
        left = [place for place in self.timed.places if place not in self.done]
        self._say(pages.begin_page(self.timed), left[0])

    def _end(self) -> None:
        """After the last image come those that were left open, but for what cannot be opened."""
        left = [place for place in self.timed.places if place not in self.done | self.damaged]
        if left:
            self._turn_to(left[0])
        else:
            self._thank()

    # Answers.

    def _answered(self) -> bool:
        if self.timed.whole_image:
            return self.answer is not None
        return any(shape.label for shape in self.canvas.shapes)

    def _finish(self) -> bool:
        """Mark the image as finished and save it; False where that failed, which is told."""
        before, self.canvas.verified = self.canvas.verified, True
        if (self.dirty or not before) and not self._save():
            self.canvas.verified = before
            return False
        self.done.add(self.cur_img_idx)
        return True

    def set_dirty(self) -> None:
        """Remember a change; an image whose last box is gone waits for an answer again."""
        super().set_dirty()
        self.notice.hide()
        if not self._answered():
            self.canvas.verified = False
            self.done.discard(self.cur_img_idx)

    def _refuse(self, work: Work, error: Exception) -> None:
        self.damaged.add(self.cur_img_idx)
        super()._refuse(work, error)

    def _choose(self, answer: str) -> None:
        if self.drawing is not None and not self.covered:
            self.answer = answer
            self.answers.put(answer)
            self.set_dirty()

    def _take(self, hint: Hint) -> None:
        if self.timed.whole_image:
            self._choose(hint.name)
        else:
            super()._take(hint)

    def show_bounding_box_from_annotation_file(self, path: str) -> None:
        """Show the boxes, or the answer, that was given before."""
        self.answer = None
        if not self.timed.whole_image:
            super().show_bounding_box_from_annotation_file(path)
        elif self.drawing is not None:
            self.answer = next((thing.name for thing in self.drawing.annotation.objects), None)
            self.canvas.verified = self.drawing.annotation.verified

    def _objects(self) -> list[VocObject]:
        """The boxes; where the whole image is asked, one that is the whole image."""
        if not self.timed.whole_image:
            return super()._objects()
        whole = Box(0, 0, self.image.width(), self.image.height())
        return [] if self.answer is None else [VocObject(self.answer, whole)]

    def new_shape(self) -> None:
        """Ask for the class; on a screen without a window manager nobody else gives the keys back after that."""
        super().new_shape()
        self.activateWindow()

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        """Save, write down that the image is left, and close."""
        now = time.monotonic()
        super().closeEvent(event)
        if event.isAccepted():
            self._leave(now)
            self.stopwatch.stop()
