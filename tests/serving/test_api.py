"""The REST interface over real connections: answers, faults, and what it costs the server."""

import http.client
import json
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import soundfile
import uvicorn
from conftest import ROOT, tone, wav
from server import Server, curl, served

import speech_emotion
from speech_emotion.audio.codec import MAX_DURATION
from speech_emotion.serving import api as module
from speech_emotion.serving.api import MOST_REQUESTS, api
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.uploads import MAX_SAMPLE_RATE, MAX_SECONDS, MAX_SIZE

PATHS = ("/predict", "/timeline")
SOON = 5
"""An answer that waits for nothing comes within this, on a busy machine too, in s."""


@pytest.fixture(scope="module")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(models / "export", tmp_path_factory.mktemp("uploads")) as server:
        yield server


@pytest.fixture(scope="module")
def recording(speech: tuple[np.ndarray, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "recording.wav"
    samples, rate = speech
    soundfile.write(path, np.concatenate([samples, np.zeros(4 * rate), samples]), rate)
    return path


def send(server: Server, content: bytes, path: str = "/predict") -> requests.Response:
    return requests.post(server.address + path, files={"file": ("name", content)}, timeout=60)


def noise(seconds: float, rate: int) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * rate))
    return wav(samples.astype(np.float32), rate)


def documented(server: Server, path: str, recording: Path) -> Any:
    """What the line on the page about prediction prints for a recording."""
    page = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
    [line] = re.findall(rf"^curl .*{path}$", page, re.MULTILINE)
    program = line.replace("7860", str(server.port)).replace("recording.wav", str(recording))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def test_the_documented_lines_give_what_the_library_gives(server: Server, recording: Path) -> None:
    about = {
        "duration": pytest.approx(soundfile.info(recording).duration),
        "model": "export (ravdess)",
        "version": speech_emotion.__version__,
    }
    expected = server.recognizer.predict(recording)
    assert documented(server, "/predict", recording) == about | {
        "emotion": expected.emotion,
        "probabilities": pytest.approx(expected.probabilities),
    }
    answer = documented(server, "/timeline", recording)
    windows = server.recognizer.timeline(recording)
    assert answer == about | {"windows": answer["windows"]}
    assert len(answer["windows"]) == len(windows)
    assert {window.speech for window in windows} == {True, False}
    for given, window in zip(answer["windows"], windows, strict=True):
        assert given == vars(window) | {"probabilities": given["probabilities"]}
        assert given["probabilities"] == (
            window.probabilities and pytest.approx(window.probabilities)
        )
    assert server.files() == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"no audio at all", 415, "can't be decoded"),
        (b"", 415, "can't be decoded"),
        (wav(tone(1.0))[:20_000], 422, "cut short"),
        (wav(tone(0.005)), 422, "lasts less than 0.01 s"),
        (wav(np.zeros(0, np.float32)), 422, "lasts less than 0.01 s"),
        (wav(tone(0.1, MAX_SAMPLE_RATE + 1), MAX_SAMPLE_RATE + 1), 422, "400000 Hz is the limit"),
        (noise(MAX_SECONDS + 1, 4000), 413, "lasts 601 s, and 600 s is the limit"),
    ],
    ids=["text", "empty", "cut", "short", "nothing", "rate", "long"],
)
def test_what_can_t_be_used_has_its_status_and_a_sentence(
    content: bytes, status: int, says: str, path: str, server: Server
) -> None:
    answer = send(server, content, path)
    assert answer.status_code == status
    [(key, sentence)] = answer.json().items()
    assert key == "detail"
    assert says in sentence
    assert sentence.startswith("The recording ")
    assert sentence.endswith(".")
    assert server.files() == []


def test_silence_has_no_emotion_but_a_timeline(server: Server) -> None:
    silence = wav(np.zeros(16000, np.float32))
    answer = send(server, silence)
    assert answer.status_code == 422
    assert "silent" in answer.json()["detail"]
    answer = send(server, silence, "/timeline")
    assert [window["speech"] for window in answer.json()["windows"]] == [False]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 422),
        (("-F", "other=@{path}"), 422),
        (("-F", "file={path}"), 422),  # a path of the server's
        (("-F", "file=file://{path}"), 422),
        (("-F", "file=http://192.0.2.1/recording.wav"), 422),
        (("-H", "Content-Type: application/json", "-d", '{{"file": "{path}"}}'), 415),
        (("-H", "Content-Type: audio/wav", "--data-binary", "@{path}"), 415),
        (("-d", "file={path}"), 415),
        (("-F", "file=@{path}", "-F", "file=@{path}"), 400),
        (("-H", "Content-Type: multipart/form-data", "--data-binary", "@{path}"), 400),
        (("-H", "Content-Type: multipart/form-data; boundary=x", "-d", "junk"), 400),
    ],
)
def test_a_request_without_one_file_is_refused(
    arguments: tuple[str, ...], status: int, server: Server, recording: Path
) -> None:
    filled = [argument.format(path=recording) for argument in arguments]
    printed = curl("-X", "POST", "-w", "\n%{http_code}", *filled, f"{server.address}/predict")
    body, given = printed.rsplit("\n", 1)
    assert int(given) == status
    assert isinstance(json.loads(body)["detail"], str)


def test_only_post_is_taken(server: Server) -> None:
    for path in PATHS:
        answer = requests.get(server.address + path, timeout=60)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"
        assert "curl -F file=@recording.wav" in answer.json()["detail"]


@contextmanager
def begun(server: Server, *headers: str, path: str = "/predict") -> Iterator[socket.socket]:
    """A request of which the server has the headers, and one byte of the body."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Content-Type: multipart/form-data; boundary=x",
        *headers,
    ]
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=60)) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        if "Transfer-Encoding: chunked" not in headers:
            connection.sendall(b"-")
        yield connection


def answered(connection: socket.socket) -> tuple[int, Any]:
    """The status and the JSON that come."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def test_what_says_that_it_is_too_large_is_not_read(server: Server) -> None:
    for path in PATHS:
        with begun(server, f"Content-Length: {MAX_SIZE + 2**20}", path=path) as connection:
            status, answer = answered(connection)
        assert status == 413
        assert answer == {"detail": "The file is larger than 120 MB."}


@pytest.mark.slow
def test_what_is_too_large_without_saying_so_is_read_no_further(server: Server) -> None:
    memory = server.process.memory_info().rss
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    million = b"f4240\r\n" + bytes(1_000_000) + b"\r\n"
    sent = 0
    with begun(server, "Transfer-Encoding: chunked") as connection:
        connection.sendall(f"{len(start):x}\r\n".encode() + start + b"\r\n")
        while sent < 2 * MAX_SIZE:
            connection.sendall(million)
            sent += 1_000_000
            connection.setblocking(False)
            try:
                answer = connection.recv(65536)
                break
            except BlockingIOError:
                connection.setblocking(True)
    assert answer.startswith(b"HTTP/1.1 413")
    assert sent < MAX_SIZE + 30_000_000
    assert server.process.memory_info().rss - memory < 30_000_000
    assert server.files() == []


def test_a_file_of_just_too_much_is_refused(server: Server) -> None:
    answer = send(server, bytes(MAX_SIZE + 1))
    assert answer.status_code == 413
    assert server.files() == []


def test_too_many_at_once_are_told_to_come_again(server: Server, recording: Path) -> None:
    with ExitStack() as stack:
        for _ in range(MOST_REQUESTS):
            stack.enter_context(begun(server, "Content-Length: 1000"))
        content = recording.read_bytes()
        _until(lambda: send(server, content).status_code == 503)
        answer = send(server, content)
        assert answer.headers["Retry-After"] == "1"
        assert "send it again later" in answer.json()["detail"]
    # the others have hung up
    _until(lambda: send(server, content).status_code == 200)


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def peak_of(server: Server, clients: int, content: bytes) -> tuple[int, float]:
    """The server's most memory, in bytes, and its slowest answer to somebody else, in s."""
    most, slowest = 0, 0.0
    with ThreadPoolExecutor(clients) as pool:
        answers = [pool.submit(send, server, content) for _ in range(clients)]
        while not all(answer.done() for answer in answers):
            began = time.monotonic()
            requests.get(f"{server.address}/openapi.json", timeout=60)
            slowest = max(slowest, time.monotonic() - began)
            most = max(most, server.process.memory_info().rss)
            time.sleep(0.02)
    assert {answer.result().status_code for answer in answers} == {200}
    return most, slowest


@pytest.mark.slow
def test_many_recordings_at_once_take_no_more_memory_and_nobody_waits_for_them(
    server: Server, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    content = wav(np.resize(samples, (2, round(MAX_DURATION * rate))).T, rate, "DOUBLE")
    assert len(content) > 45e6
    few, _ = peak_of(server, os.cpu_count() or 1, content)
    many, slowest = peak_of(server, 12, content)
    assert many - few < 2 * len(content)  # all in memory were 550 MB
    assert slowest < SOON
    assert server.files() == []


def test_no_answer_waits_for_the_client_to_acknowledge_half_of_it(server: Server) -> None:
    taken = []
    with requests.Session() as session:
        for _ in range(40):
            began = time.monotonic()
            session.get(f"{server.address}/openapi.json", timeout=60)
            taken.append(time.monotonic() - began)
    assert min(taken[20:]) < 0.035  # each would take 40 ms


def test_clients_at_once_get_what_each_would_get_alone(
    server: Server, recording: Path, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    contents = [recording.read_bytes(), wav(samples, rate), wav(samples[: len(samples) // 2], rate)]
    alone = [send(server, content).json() for content in contents]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda content: send(server, content).json(), contents * 8))
    assert together == alone * 8


def test_it_is_described(server: Server) -> None:
    described = requests.get(f"{server.address}/openapi.json", timeout=60).json()
    assert set(described["paths"]) == set(PATHS)
    for path in PATHS:
        [(method, one)] = described["paths"][path].items()
        assert method == "post"
        assert {"200", "400", "413", "415", "422", "503"} <= set(one["responses"])
        for status, response in one["responses"].items():
            [content] = response["content"].values()
            answer = "PredictionAnswer" if path == "/predict" else "TimelineAnswer"
            expected = answer if status == "200" else "Fault"
            assert content["schema"]["$ref"].endswith(f"/{expected}")


@contextmanager
def here(recognizer: Recognizer) -> Iterator[str]:
    """The address of the interface alone, served by a thread of the test's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(api(recognizer), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_an_upload_that_does_not_end_is_given_up(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UPLOAD_LIFE", 0.2)
    with (
        here(recognizer) as address,
        closing(
            socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=60)
        ) as connection,
    ):
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x"
        )
        status, answer = answered(connection)
    assert status == 408
    assert answer == {"detail": "The upload took longer than 0.2 s."}


def test_a_fault_of_the_server_s_own_is_json_and_tells_nothing_of_it(
    recognizer: Recognizer, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(recognizer, "predict", fail)
    with here(recognizer) as address:
        answer = requests.post(
            f"{address}/predict", files={"file": recording.read_bytes()}, timeout=60
        )
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["detail"].startswith("The server failed")
