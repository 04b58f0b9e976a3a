"""Model provider for servers under test: OpenAI's chat completions and embeddings, answered by rule on loopback.

Needs the standard library only. `stub_rules` lists what a user message can make it do. Beside `/v1`, where the server
looks for the provider, `GET /requests` returns the bodies of the last requests, and `DELETE /requests` forgets them.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from hashlib import shake_256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from .stub_rules import Reply, chunks, completion, last_user_text, reply_to

MODELS = ("gpt-4o-mini", "gpt-4.1", "text-embedding-3-small")
_DIMENSIONS = 1536
_LOGGED = 500


class StubModel(ThreadingHTTPServer):
    """Server that keeps the requests that it was sent."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests: deque[dict[str, Any]] = deque(maxlen=_LOGGED)
        self.failures = Counter[str]()

    def reply_to(self, request: dict[str, Any]) -> Reply:
        """Return the reply to a request, which is an error no more often than its script says."""
        reply = reply_to(request)
        if reply.status != 200 and reply.times is not None:
            text, _ = last_user_text(request["messages"])
            self.failures[text] += 1
            if self.failures[text] > reply.times:
                reply.status = 200
                reply.text = reply.text or f"Worked after {reply.times} errors"
        return reply

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about callers that have gone away; print what else goes wrong."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _stub(self) -> StubModel:
        return cast("StubModel", self.server)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/requests":
            self._send(200, list(self._stub.requests))
        elif self.path == "/v1/models":
            models = [{"id": name, "object": "model", "created": 0, "owned_by": "stub"} for name in MODELS]
            self._send(200, {"object": "list", "data": models})
        else:
            self._fail(404, f"there is no {self.path} here")

    def do_DELETE(self) -> None:
        self._stub.requests.clear()
        self._send(200, {})

    def do_POST(self) -> None:
        body = cast("dict[str, Any]", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._stub.requests.append({"path": self.path, "body": body})
        if self.path == "/v1/embeddings":
            self._send(200, _embeddings(body))
        elif self.path == "/v1/chat/completions":
            self._converse(body)
        else:
            self._fail(404, f"there is no {self.path} here")

    def _converse(self, request: dict[str, Any]) -> None:
        reply = self._stub.reply_to(request)
        time.sleep(reply.wait)
        if reply.status != 200:
            self._fail(reply.status, "as the message asks")
        elif request.get("stream"):
            self._stream(reply, chunks(reply, request))
        elif reply.error_after is not None:
            self._fail(500, "as the message asks")
        elif reply.break_after is not None:
            self.close_connection = True
        else:
            self._send(200, completion(reply, request))

    def _stream(self, reply: Reply, events: Iterable[dict[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(events):
            if number == reply.break_after:
                self.close_connection = True  # without the last chunk: the caller sees a truncated response
                return
            if number == reply.error_after:
                self._write(json.dumps(_error(500, "as the message asks")))
                break
            self._write(json.dumps(event))
            time.sleep(reply.pace)
        self._write("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _write(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.flush()

    def _fail(self, status: int, message: str) -> None:
        self._send(status, _error(status, message))

    def _send(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "stub_error", "param": None, "code": str(status)}}


def _embeddings(request: dict[str, Any]) -> dict[str, Any]:
    given = request["input"]
    texts = cast("list[object]", given if isinstance(given, list) else [given])
    size = int(request.get("dimensions") or _DIMENSIONS)
    vectors = [[byte / 255 - 0.5 for byte in shake_256(str(text).encode()).digest(size)] for text in texts]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "model": request["model"], "data": data, "usage": usage}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt), StubModel(int(sys.argv[1])) as server:
        server.serve_forever()
