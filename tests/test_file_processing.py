"""Waiting until files are processed, and uploads of many files: what is sent when, and what becomes of errors."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    FileProcessingError,
    FileTimeoutError,
    InternalServerError,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    Progress,
    UploadOutcome,
)
from letta_async.resources._polling import Polling
from letta_async.testing import EmbeddedServer
from tests.test_run_waiting import Clock

FOLDER = "source-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
FILE = "file-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
PATH = f"/v1/folders/{FOLDER}/files/{FILE}"
UPLOAD = f"/v1/folders/{FOLDER}/upload"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=server.base_url, max_retries=0) as client:
        client.folders.files._polling = Clock().polling()
        yield client


def file(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": FILE, "source_id": FOLDER, "original_file_name": "a.txt", "processing_status": status, **fields}


def states(server: EmbeddedServer, *statuses: str, **fields: Any) -> None:
    for status in statuses:
        server.script("GET", PATH, body=file(status, **fields))


# --- one file ---------------------------------------------------------------------------------------------------------


async def test_the_looks_become_rarer_until_the_file_is_processed(server: EmbeddedServer, client: AsyncLetta) -> None:
    states(server, "pending", "parsing", "embedding", "embedding", "completed")
    clock = Clock()
    client.folders.files._polling = clock.polling()
    done = await client.folders.files.wait(FILE, folder_id=FOLDER, poll=0.5)
    assert done.processing_status == "completed"
    assert clock.slept == [0.25, 0.375, 0.5, 0.5]


async def test_a_file_that_cannot_be_processed_is_an_error_with_the_reason(
    server: EmbeddedServer, client: AsyncLetta
) -> None:
    states(server, "parsing", "error", error_message="no text in it")
    with pytest.raises(
        FileProcessingError, match=rf"(?m)^{FILE} \('a.txt'\) could not be processed: no text in it$"
    ) as caught:
        await client.folders.files.wait(FILE, folder_id=FOLDER)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.file.processing_status, str(again)) == ("error", str(caught.value))


async def test_the_deadline_is_an_error_with_the_state(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script("GET", PATH, body=file("embedding"), times=None)
    with pytest.raises(FileTimeoutError, match="was not processed within 3 s: it is embedding") as caught:
        await client.folders.files.wait(FILE, folder_id=FOLDER, deadline=3)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.file.processing_status == "embedding"


async def test_an_upload_is_waited_for_and_one_that_is_processed_already_is_not_looked_at(
    server: EmbeddedServer, client: AsyncLetta
) -> None:
    server.script("POST", UPLOAD, body=file("parsing"))
    states(server, "embedding", "completed")
    seen: list[int] = []
    done = await client.folders.files.upload_and_poll(
        FOLDER, file=("a.txt", b"abc"), name="b.txt", on_progress=lambda sent, _: seen.append(sent)
    )
    assert (done.processing_status, seen) == ("completed", [0, 3])
    assert server.requests[0].target == f"{UPLOAD}?name=b.txt"
    server.requests.clear()
    server.script("POST", UPLOAD, body=file("completed"))
    await client.folders.files.upload_and_poll(FOLDER, file=b"abc", duplicate_handling="skip")
    assert [request.method for request in server.requests] == ["POST"]
    server.script("POST", UPLOAD, body=file("error"))
    with pytest.raises(FileProcessingError, match="the server says no reason"):
        await client.folders.files.upload_and_poll(FOLDER, file=b"abc")


@pytest.mark.parametrize("wrong", [{"deadline": 0}, {"poll": 0}, {"poll": True}])
async def test_wrong_arguments_are_refused(server: EmbeddedServer, client: AsyncLetta, wrong: dict[str, Any]) -> None:
    files = client.folders.files
    calls: list[Callable[[], Any]] = [
        lambda: files.wait(FILE, folder_id=FOLDER, **wrong),
        lambda: files.upload_and_poll(FOLDER, file=b"", **wrong),
        lambda: anext(files.upload_many(FOLDER, files=[b""], **wrong)),
    ]
    for call in calls:
        with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
            await call()
    with pytest.raises(InvalidArgumentError, match="folder_id"):
        await files.wait(FILE, folder_id="source-1/..")
    assert len(server.requests) == 0


async def test_an_error_for_a_file_that_does_not_exist_says_so(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script("GET", PATH, status=500)
    with pytest.raises(InternalServerError, match="Letta 0.16.8 responds so if there is no such file"):
        await client.folders.files.wait(FILE, folder_id=FOLDER)


# --- many files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "sub/a.txt", ".hidden", ".git/config", "sub/.env", "sub/deeper/z.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sub", target_is_directory=True)
    (tmp_path / "sub" / "inside.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "outside.txt").symlink_to(__file__)
    return tmp_path


NAMES = ["a.txt", "b.txt", "sub/a.txt", "sub/deeper/z.md", "sub/inside.txt"]


async def test_all_files_of_a_directory_are_uploaded_under_their_paths(
    server: EmbeddedServer, client: AsyncLetta, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("POST", UPLOAD, body=file("completed"), times=None)
    for given in (directory, str(directory)):
        server.requests.clear()
        reports: list[Progress] = []
        outcomes = [
            outcome
            async for outcome in client.folders.files.upload_many(
                FOLDER, files=given, duplicate_handling="replace", on_progress=reports.append
            )
        ]
        assert sorted(request.query["name"] for request in server.requests) == NAMES
        assert {request.query["duplicate_handling"] for request in server.requests} == {"replace"}
        assert sorted(outcome.source for outcome in outcomes) == [str(directory / name) for name in NAMES]
        assert {(outcome.status, outcome.ok, outcome.error) for outcome in outcomes} == {("processed", True, None)}
        assert [(each.done, each.failed, each.total) for each in reports] == [(n + 1, 0, 5) for n in range(5)]
        assert f"{directory / 'outside.txt'} is not uploaded: it is a link" in caplog.text


async def test_an_error_is_the_outcome_of_its_file_and_no_other(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script("POST", UPLOAD, body=file("parsing"), times=None, when=lambda request: b"good" in request.body)
    server.script("POST", UPLOAD, status=400, times=None, when=lambda request: b"refused" in request.body)
    server.script(
        "POST", UPLOAD, body=file("error", error_message="why"), when=lambda request: b"broken" in request.body
    )
    server.script("GET", PATH, body=file("completed"), times=None)
    failure = ValueError("mine")

    async def failing() -> AsyncIterator[bytes]:
        yield b"x"
        raise failure

    files: list[Any] = [b"good", b"refused", b"broken", "/no/such/file", 5, failing(), ("good.txt", b"good")]
    outcomes = {id(each.source): each async for each in client.folders.files.upload_many(FOLDER, files=files)}
    good, refused, broken, missing, wrong, raised, named = (outcomes[id(each)] for each in files)
    assert [good.status, named.status] == ["processed"] * 2
    assert good.file is not None
    assert good.file.processing_status == "completed"
    assert {each.status for each in (refused, broken, missing, wrong, raised)} == {"failed"}
    assert isinstance(refused.error, BadRequestError)
    assert isinstance(broken.error, FileProcessingError)
    assert broken.file is not None
    assert broken.file.error_message == "why"
    assert isinstance(missing.error, InvalidArgumentError)
    assert isinstance(wrong.error, InvalidArgumentError)
    assert raised.error is failure
    assert refused.file is None


async def test_without_waiting_files_are_only_uploaded(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script("POST", UPLOAD, body=file("parsing"), times=None)

    async def source() -> AsyncIterator[Any]:
        for each in (b"a", b"b"):
            yield each

    outcomes = [each async for each in client.folders.files.upload_many(FOLDER, files=source(), wait=False)]
    assert [each.status for each in outcomes] == ["uploaded"] * 2
    assert {request.method for request in server.requests} == {"POST"}


async def test_no_more_files_are_uploaded_at_once_than_allowed(server: EmbeddedServer) -> None:
    server.script("POST", UPLOAD, body=file("completed"), times=None)
    now, most = 0, 0
    three = asyncio.Event()

    async def content() -> AsyncIterator[bytes]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            three.set()
        await three.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        yield b"x"
        now -= 1

    files = (content() for _ in range(12))
    async with AsyncLetta(base_url=server.base_url, concurrency=8) as client:
        outcomes = [each async for each in client.folders.files.upload_many(FOLDER, files=files, max_concurrency=3)]
    assert (len(outcomes), {each.status for each in outcomes}, most) == (12, {"processed"}, 3)


async def test_leaving_early_cancels_the_uploads_in_flight(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script("POST", UPLOAD, body=file("completed"))
    server.script("POST", UPLOAD, delay=60, times=None)
    outcomes = client.folders.files.upload_many(FOLDER, files=[b"a", b"b", b"c"])
    assert (await anext(outcomes)).ok
    await outcomes.aclose()
    assert client.stats.in_flight == 0


async def test_exceptions_of_the_iterable_and_the_callback_are_raised(
    server: EmbeddedServer, client: AsyncLetta
) -> None:
    server.script("POST", UPLOAD, body=file("completed"), times=None)

    def files() -> Iterator[bytes]:
        yield b"a"
        raise ZeroDivisionError

    seen: list[UploadOutcome] = []
    with pytest.raises(ZeroDivisionError):
        async for outcome in client.folders.files.upload_many(FOLDER, files=files()):
            seen.append(outcome)
    assert len(seen) == 1

    async def callback(progress: Progress) -> None:
        raise NotImplementedError(progress)

    with pytest.raises(NotImplementedError):
        await anext(client.folders.files.upload_many(FOLDER, files=[b"a"], on_progress=callback))


async def test_wrong_arguments_are_refused_before_anything_is_uploaded(
    server: EmbeddedServer, client: AsyncLetta, tmp_path: Path
) -> None:
    for wrong in (
        {"files": 5},
        {"files": b"abc"},
        {"max_concurrency": 0},
        {"max_concurrency": True},
        {"on_progress": 5},
    ):
        arguments: Any = {"files": [b"a"], **wrong}
        with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
            client.folders.files.upload_many(FOLDER, **arguments)
    with pytest.raises(InvalidArgumentError, match="folder_id"):
        client.folders.files.upload_many("source-1", files=[])
    (tmp_path / "file").write_text("")
    for name in ("none", "file"):
        with pytest.raises(InvalidArgumentError, match=f"files: (No such file|Not a directory).*{name}"):
            await anext(client.folders.files.upload_many(FOLDER, files=tmp_path / name))
    assert len(server.requests) == 0


def test_the_sync_client_does_the_same(server: EmbeddedServer, directory: Path) -> None:
    server.script("POST", UPLOAD, body=file("completed"), times=None)
    with Letta(base_url=server.base_url) as client:
        client._core.folders.files._polling = Polling(sleep=Clock().sleep)
        assert {each.ok for each in client.folders.files.upload_many(FOLDER, files=directory)} == {True}
        assert len(list(client.folders.files.upload_many(FOLDER, files=(b for b in [b"a"])))) == 1
        assert client.folders.files.upload_and_poll(FOLDER, file=b"a").processing_status == "completed"
        states(server, "parsing", "completed")
        assert client.folders.files.wait(FILE, folder_id=FOLDER).processing_status == "completed"
        server.script("GET", PATH, status=404)
        with pytest.raises(NotFoundError):
            client.folders.files.wait(FILE, folder_id=FOLDER)


def test_an_outcome_shows_its_source_and_is_data() -> None:
    outcome = UploadOutcome(source="/a/b.txt", status="failed", error=ValueError("why"))
    assert "/a/b.txt" in repr(outcome)
    assert outcome.to_dict()["status"] == "failed"
    assert len(repr(UploadOutcome(source=b"x" * 10**6, status="processed"))) < 1000
