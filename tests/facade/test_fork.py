"""A forked child has a loop of its own, and leaves its parent's alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

from .conftest import Program
from .server import StubServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

Start = Callable[..., Program]

LEAVES = {
    "by sys.exit": "sys.exit()",
    "by os._exit": "os._exit(0)",
    "after closing the client": "letta.close(); sys.exit()",
    "after dropping the client": "del letta; gc.collect(); sys.exit()",
}


CALLS = {
    "idle": "pass",
    "calling": "assert letta.get('/echo/child') == 'child'",
    "refused before sending": "with contextlib.suppress(InvalidArgumentError): letta.conversations.recompile('..')",
}


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_child_does_not_disturb_its_parents_connection(
    server: StubServer, forking_program: Start, call: str, leave: str
) -> None:
    source = f"""
        import contextlib, gc, os, sys, time
        from letta_async import InvalidArgumentError, Letta
        from letta_async._http import session

        session._KEEP_ALIVE = 60.0
        letta = Letta(base_url=sys.argv[1], max_retries=0)
        assert letta.get("/echo/parent") == "parent"
        if (child := os.fork()) == 0:
            {call}
            {leave}
        began = time.monotonic()
        assert os.waitpid(child, 0)[1] == 0
        assert time.monotonic() - began < 4, "the child did not leave at once"
        assert letta.get("/echo/parent-again", timeout=5) == "parent-again"
        letta.close()
    """
    forking_program(source, server.base_url).finish()
    assert server.connections == len(server.requests) - 1


def test_a_child_may_fork_again_while_its_parent_goes_on(server: StubServer, forking_program: Start) -> None:
    source = """
        import os, sys
        from letta_async import Letta
        from letta_async._http import session

        session._KEEP_ALIVE = 60.0
        letta = Letta(base_url=sys.argv[1], max_retries=0)
        for generation in range(4):
            assert letta.get(f"/echo/{generation}") == f"{generation}"
            if child := os.fork():
                assert letta.get(f"/echo/meanwhile-{generation}") == f"meanwhile-{generation}"
                assert os.waitpid(child, 0)[1] == 0
                assert letta.get(f"/echo/after-{generation}") == f"after-{generation}"
                break
    """
    forking_program(source, server.base_url).finish()
    assert len(server.requests) == 4 * 3
    assert server.connections == 4


def test_a_fork_during_another_threads_call_disturbs_neither(server: StubServer, forking_program: Start) -> None:
    source = """
        import os, sys, threading, time
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(letta.get("/hold")))
        thread.start()
        input()
        if (child := os.fork()) == 0:
            assert letta.get("/echo/child") == "child"
            sys.exit()
        began = time.monotonic()
        assert os.waitpid(child, 0)[1] == 0
        assert time.monotonic() - began < 4, "the child did not leave at once"
        print("child gone")
        thread.join()
        assert answers == ["held"]
        assert letta.get("/echo/after") == "after"
    """
    running = forking_program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "child gone"
    server.let_go()
    running.finish()
    assert server.connections == 2


def test_a_child_that_is_refused_before_sending_leaves_its_parents_call_alone(
    server: StubServer, forking_program: Start
) -> None:
    source = """
        import os, sys, threading
        from letta_async import InvalidArgumentError, Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(letta.get("/hold")))
        thread.start()
        input()
        if (child := os.fork()) == 0:
            try:
                letta.conversations.recompile("../agents")
            except InvalidArgumentError:
                sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        print("child gone")
        thread.join()
        assert answers == ["held"]
    """
    running = forking_program(source, server.base_url)
    assert server.arrived.acquire(timeout=PATIENCE)
    running.enter()
    assert running.line() == "child gone"
    server.let_go()
    running.finish()


def test_a_fork_waits_for_a_loop_that_is_being_started(server: StubServer, forking_program: Start) -> None:
    source = """
        import os, sys, threading, time
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        starting = threading.Event()

        class SlowThread(threading.Thread):
            def start(self):
                starting.set()
                time.sleep(0.2)  # nothing to wait for: the fork is to come now, and to wait itself
                super().start()

        thread = threading.Thread(target=letta.get, args=["/echo/thread"])
        threading.Thread, usual = SlowThread, threading.Thread
        thread.start()
        starting.wait()
        threading.Thread = usual
        if (child := os.fork()) == 0:
            assert letta.get("/echo/child") == "child"
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        thread.join()
    """
    forking_program(source, server.base_url).finish()
    assert sorted(server.requests) == ["/echo/child", "/echo/thread"]


def test_a_child_has_no_half_of_an_import(server: StubServer, forking_program: Start, tmp_path: Path) -> None:
    (tmp_path / "imported_late.py").write_text(
        "import threading, time\n"
        "threading.importing.set()\n"
        "time.sleep(0.2)  # nothing to wait for: the fork is to come now, and to wait itself\n"
        "WORD = 'whole'\n"
    )
    source = """
        import os, sys, threading
        from letta_async import Letta

        async def importing(request, handler):
            from imported_late import WORD
            request.headers["x-word"] = WORD
            return await handler(request)

        sys.path.append(sys.argv[2])
        threading.importing = threading.Event()
        letta = Letta(base_url=sys.argv[1], max_retries=0, middlewares=[importing])
        thread = threading.Thread(target=letta.get, args=["/echo/thread"])
        thread.start()
        threading.importing.wait()
        if (child := os.fork()) == 0:
            assert letta.get("/echo/child") == "child"
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        thread.join()
    """
    forking_program(source, server.base_url, str(tmp_path)).finish()
    assert sorted(server.requests) == ["/echo/child", "/echo/thread"]


def test_threads_of_a_child_share_one_loop(server: StubServer, forking_program: Start) -> None:
    source = """
        import os, sys, threading
        from concurrent.futures import ThreadPoolExecutor
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        letta.get("/echo/parent")
        if (child := os.fork()) == 0:
            together = threading.Barrier(8)
            def call(word):
                together.wait()
                return letta.get(f"/echo/{word}")
            with ThreadPoolExecutor(8) as threads:
                assert list(threads.map(call, "abcdefgh")) == list("abcdefgh")
            assert [thread.name for thread in threading.enumerate()].count("letta-async") == 1
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
    """
    forking_program(source, server.base_url).finish()


def test_a_child_of_a_closed_client_finds_it_closed(server: StubServer, forking_program: Start) -> None:
    source = """
        import os, sys
        from letta_async import ClientClosedError, Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        letta.get("/echo/parent")
        letta.close()
        if (child := os.fork()) == 0:
            try:
                letta.get("/echo/child")
            except ClientClosedError:
                sys.exit()
            sys.exit(1)
        assert os.waitpid(child, 0)[1] == 0
    """
    forking_program(source, server.base_url).finish()
    assert server.requests == ["/echo/parent"]


def test_closing_in_the_child_leaves_the_parent_open_and_the_reverse(
    server: StubServer, forking_program: Start
) -> None:
    source = """
        import os, sys
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)
        letta.get("/echo/parent")
        here, there = os.pipe()
        if (child := os.fork()) == 0:
            os.close(there)
            assert letta.get("/echo/child") == "child"
            os.read(here, 1)
            assert letta.get("/echo/child-again") == "child-again"
            letta.close()
            sys.exit()
        letta.close()
        os.close(there)
        assert os.waitpid(child, 0)[1] == 0
    """
    forking_program(source, server.base_url).finish()
    assert server.requests[-1] == "/echo/child-again"


@pytest.mark.parametrize("way", ["Process", "Pool", "ProcessPoolExecutor"])
def test_multiprocessing_may_fork(server: StubServer, forking_program: Start, way: str) -> None:
    source = """
        import multiprocessing, sys
        from concurrent.futures import ProcessPoolExecutor
        from letta_async import Letta

        letta = Letta(base_url=sys.argv[1], max_retries=0)

        def call(word):
            return letta.get(f"/echo/{word}")

        assert call("parent") == "parent"
        fork = multiprocessing.get_context("fork")
        if sys.argv[2] == "Process":
            for word in "abcd":
                process = fork.Process(target=call, args=[word])
                process.start()
                process.join()
                assert process.exitcode == 0
        elif sys.argv[2] == "Pool":
            with fork.Pool(2) as pool:
                assert pool.map(call, "abcd", chunksize=1) == list("abcd")
                pool.close()
                pool.join()
        else:
            with ProcessPoolExecutor(2, mp_context=fork) as pool:
                assert list(pool.map(call, "abcd")) == list("abcd")
        assert call("parent") == "parent"
        print("done")
    """
    running = forking_program(source, server.base_url, way)
    assert running.line() == "done"
    running.leaves_at_once()
    assert sorted(server.requests) == sorted(["/echo/parent", *(f"/echo/{word}" for word in "abcd"), "/echo/parent"])
