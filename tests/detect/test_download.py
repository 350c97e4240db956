"""Published weights: fetched only when asked for, said before, whole or not at all. The server is on this machine."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.detect.classifiers.detector import Classifier
from spinedet.detect.contract import Settings
from spinedet.detect.download import with_local_weights
from spinedet.detect.fake import FakeDetector

WEIGHTS = b"weights" * 1000

NAMED = f"/net-{hashlib.sha256(WEIGHTS).hexdigest()[:8]}.pth"
"""As torch names its files: with the first digits of their SHA-256."""
SETTINGS = Settings(detector="fake", size="one")


class Answers(BaseHTTPRequestHandler):
    """`/one.pt` and the two that bear a SHA-256 are whole, `/cut.pt` breaks off half way, nothing else is there."""

    def do_GET(self) -> None:
        whole = {"/one.pt", NAMED, "/net-01234567.pth"}
        self.send_response(200 if self.path in {*whole, "/cut.pt"} else 404)
        self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        self.wfile.write(WEIGHTS if self.path in whole else WEIGHTS[:100])

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as answers:
        thread = threading.Thread(target=answers.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{answers.server_port}"
        answers.shutdown()
        thread.join()


def publish(patch: pytest.MonkeyPatch, address: str) -> None:
    """Let the fake say that its weights are published there."""
    patch.setattr(FakeDetector, "published", lambda self, size: address)
    patch.setenv("no_proxy", "127.0.0.1")


def asked(weights: str) -> Settings:
    return SETTINGS.model_copy(update={"weights": weights})


def silent(text: str) -> None:
    pytest.fail(f"nothing was to be said: {text}")


def test_none_and_a_path_fetch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.pt").write_bytes(b"own")
    assert with_local_weights(SETTINGS, tmp_path / "weights", silent) == SETTINGS
    found = with_local_weights(asked("own.pt"), tmp_path / "weights", silent)
    assert found == asked(str((tmp_path / "own.pt").resolve()))
    assert not (tmp_path / "weights").exists()


def test_a_path_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no weights file(.|\n)*none, coco(.|\n)*absent\.pt"):
        with_local_weights(asked(str(tmp_path / "absent.pt")), tmp_path, silent)


def test_weights_that_nobody_publishes_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Nobody publishes COCO weights of fake one"):
        with_local_weights(asked("coco"), tmp_path, silent)


def test_coco_is_said_then_fetched_and_fetched_once(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, f"{server}/one.pt")
    target, said = tmp_path / "weights" / "one.pt", []

    def say(text: str) -> None:
        assert not target.exists()
        said.append(text)

    found = with_local_weights(asked("coco"), tmp_path / "weights", say)
    assert said == [f"Fetching {server}/one.pt to {target}"]
    assert found.weights == str(target.resolve())
    assert target.read_bytes() == WEIGHTS
    assert with_local_weights(asked("coco"), tmp_path / "weights", silent) == found


@pytest.mark.parametrize(
    ("detector", "size", "weights", "words"),
    [
        ("resnet50", "frozen", "coco", r"COCO weights of resnet50 frozen(.|\n)*--weights imagenet, none"),
        ("yolov5", "n", "imagenet", r"ImageNet weights of yolov5 n(.|\n)*--weights coco, none"),
    ],
)
def test_weights_of_other_images_are_not_fetched(
    tmp_path: Path, detector: str, size: str, weights: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        with_local_weights(Settings(detector=detector, size=size, weights=weights), tmp_path, silent)


def test_a_file_named_by_its_sha256_is_kept_only_if_it_is_that_file(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Classifier, "published", lambda self, size: f"{server}{NAMED}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    told = Settings(detector="resnet50", size="frozen", weights="imagenet")
    found = with_local_weights(told, tmp_path / "good", lambda _: None)
    assert Path(found.weights).read_bytes() == WEIGHTS
    monkeypatch.setattr(Classifier, "published", lambda self, size: f"{server}/net-01234567.pth")
    with pytest.raises(WorkError, match=r"not those that their name tells(.|\n)*01234567"):
        with_local_weights(told, tmp_path / "bad", lambda _: None)
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize("name", ["absent.pt", "cut.pt"])
def test_what_cannot_be_fetched_whole_is_not_kept(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    publish(monkeypatch, f"{server}/{name}")
    with pytest.raises(WorkError, match=rf"could not be fetched(.|\n)*{server}/{name}(.|\n)*another machine"):
        with_local_weights(asked("coco"), tmp_path, lambda _: None)
    assert not list(tmp_path.iterdir())


def test_a_refused_connection_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    publish(monkeypatch, f"http://127.0.0.1:{port}/one.pt")
    with pytest.raises(WorkError, match=r"could not be fetched(.|\n)*refused"):
        with_local_weights(asked("coco"), tmp_path, lambda _: None)
    assert not list(tmp_path.iterdir())
