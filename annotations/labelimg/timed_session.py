"""What one reader of a study is asked: the images in the reader's own order, practice first, and where the times go."""

from collections.abc import Iterable
from pathlib import Path

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json
from spinedet.annotations.labelimg.session import Session
from spinedet.annotations.reading import is_finished, read_log


class TimedSession(Session):
    """One sitting of one reader. The first `practice` images are to try the window on and do not count.

    Attributes:
        log: Where the events go.
        practice_log: Where those of the practice go; their times never enter.
        protocol: Hash of the study's protocol.
        idle_seconds: Without input for longer, the reader is taken to pause.
        practice: How many of the images are practice.
        whole_image: Each image has one class as its answer; otherwise boxes are drawn.
    """

    log: Path
    practice_log: Path
    protocol: str
    idle_seconds: float
    practice: int = 0
    whole_image: bool = False

    @property
    def count(self) -> int:
        """How many images there are without practice."""
        return len(self.works) - self.practice

    @property
    def places(self) -> range:
        """Places of the images that count."""
        return range(self.practice, len(self.works))

    def done(self) -> set[int]:
        """Places of all images that the reader has finished; one whose file is damaged is not."""
        return {place for place, work in enumerate(self.works) if _done(work.xml)}

    def next_open(self, done: Iterable[int]) -> int | None:
        """Place of the image to go on with: practice first, as long as the reading has not begun; None at the end."""
        left = [place for place in range(len(self.works)) if place not in set(done)]
        if left and left[0] < self.practice and read_log(self.log):
            left = [place for place in left if place >= self.practice]
        return left[0] if left else None

    def finished(self) -> int:
        """How many images the reader has finished, without practice."""
        return len(self.done() & set(self.places))


def _done(xml: Path) -> bool:
    try:
        return is_finished(xml)
    except InputError:
        return False


def read_session(path: Path) -> Session:
    """Read what `Session.write` wrote, of either kind."""
    kind = TimedSession if "protocol" in read_json(path, "session") else Session
    return kind.read(path)
