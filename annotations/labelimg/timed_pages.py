"""What a reader is told between the images, and in the help."""

from collections.abc import Collection

from spinedet.annotations.labelimg.cover import Page
from spinedet.annotations.labelimg.timed_session import TimedSession

DRAW = "Draw a box around each finding (w) and name it; d goes on. Where there is nothing to find, press the space bar."
CHOOSE = "Choose what the image shows (keys 1, 2, ... or a click); d goes on."

CLOCK = (
    "The time of an image runs while it is on the screen. P pauses and hides the image; so does leaving this window, "
    "or {idle:g} seconds without mouse or key."
)

PAUSED = Page("Paused", "Press P to go on. Ctrl+Q quits; everything is saved.", "Go on (P)")
AWAY = Page("Paused", "Another window is in front. Come back to this one to go on.")
IDLE = Page("Are you there?", "Time stands still. Move the mouse or press any key to go on.")

OBJECT_KEYS = """w: draw a box    Del: delete it    Ctrl+D: copy it    arrows: move it by a pixel
d: finish this image and go on    space: nothing to find on this image, go on
a: back to the image before (its time goes on from where it was)
P: pause; the image is hidden and time stands still
"""

ANSWER_KEYS = """1, 2, ...: what the image shows (or click on it); another key changes it
d: finish this image and go on    a: back to the image before (its time goes on from where it was)
P: pause; the image is hidden and time stands still
"""

VIEW_KEYS = """Ctrl+wheel: zoom    Ctrl+F: whole image    wheel: scroll
Alt+Up, Alt+Down: brighter, darker    Alt+Right, Alt+Left: more and less contrast; or drag with the middle button
Ctrl+Q: quit; everything is saved, and the next time you go on where you stopped

An image is finished when you go on to the next one. Time runs from the moment that an image is on the screen to the
moment that you leave it; coming back adds to it."""


def keys(session: TimedSession) -> str:
    """The help."""
    return (ANSWER_KEYS if session.whole_image else OBJECT_KEYS) + VIEW_KEYS


def asked(session: TimedSession) -> str:
    """What is to be done with an image."""
    return CHOOSE if session.whole_image else DRAW


def practice_page(session: TimedSession) -> Page:
    """Before the first practice image."""
    text = f"{_images(session.practice)} to try the window on. Nothing of this counts.\n\n{asked(session)}"
    return Page("Practice", text, "Begin the practice (space bar)")


def begin_page(session: TimedSession) -> Page:
    """Before the first image that counts."""
    clock = CLOCK.format(idle=session.idle_seconds)
    over = "The practice is over. " if session.practice else ""
    text = f"{over}{_images(session.count)} will be shown.\n\n{asked(session)}\n\n{clock}"
    return Page("The reading begins", text, "Begin the reading (space bar)")


def resume_page(session: TimedSession, done: int) -> Page:
    """At the beginning of a later sitting."""
    clock = CLOCK.format(idle=session.idle_seconds)
    text = f"{done} of {_images(session.count)} are read.\n\n{asked(session)}\n\n{clock}"
    return Page("Welcome back", text, "Go on (space bar)")


def thanks_page(session: TimedSession, not_opened: Collection[str]) -> Page:
    """After the last image."""
    if not_opened:
        text = f"{', '.join(not_opened)} could not be opened. Please tell whoever runs the study; the rest is saved."
    else:
        text = f"{_images(session.count)} read; everything is saved."
    return Page("Thank you", f"{text}\n\nThe key a leads back to the last image.", "Close (space bar)")


def not_answered(session: TimedSession) -> str:
    """Where a reader goes on without an answer."""
    if session.whole_image:
        return "First choose what the image shows."
    return "No box is drawn. Nothing to find? Then press the space bar."


NOT_EMPTY = "There are boxes on this image: d goes on with them, Del deletes the one that is selected."
FIRST = "This is the first image."


def _images(number: int) -> str:
    return f"{number} image{'' if number == 1 else 's'}"
