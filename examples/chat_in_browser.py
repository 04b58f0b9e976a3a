"""A chat in the browser: words appear as they arrive, and a button stops the agent.

Set LETTA_BASE_URL (and LETTA_API_KEY) and AGENT_ID, and run `uvicorn chat_in_browser:app` in this folder.
"""

import json
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel

from letta_async import (
    APIError,
    AssistantMessage,
    AsyncLetta,
    AsyncStream,
    ConflictError,
    InvalidArgumentError,
    LettaStopReason,
    NotFoundError,
    StreamEvent,
    UserMessage,
)

PAGE = Path(__file__).with_name("chat_in_browser.html")
log = logging.getLogger("chat")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with AsyncLetta(timeout=60, deadline=600) as client:
        app.state.letta = client
        yield


def the_client(request: Request) -> AsyncLetta:
    client: AsyncLetta = request.app.state.letta
    return client


Client = Annotated[AsyncLetta, Depends(the_client)]
app = FastAPI(lifespan=lifespan)


class NewMessage(BaseModel):
    text: str


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(PAGE)


@app.post("/conversations")
async def begin(letta: Client) -> dict[str, str]:
    conversation = await letta.conversations.create(agent_id=os.environ["AGENT_ID"])
    return {"id": conversation.id}


@app.get("/conversations/{conversation_id}/messages")
async def history(conversation_id: str, letta: Client) -> list[dict[str, str]]:
    messages = letta.conversations.messages.list(
        conversation_id, order="asc", include_return_message_types=["user_message", "assistant_message"]
    )
    return [
        {"who": "you" if isinstance(message, UserMessage) else "agent", "text": message.text}
        async for message in messages
        if isinstance(message, UserMessage | AssistantMessage)
    ]


@app.post("/conversations/{conversation_id}/messages")
async def send(conversation_id: str, message: NewMessage, letta: Client) -> StreamingResponse:
    stream = await letta.conversations.messages.create(
        conversation_id, input=message.text, stream_tokens=True, wait_if_busy=30
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies must not keep words back
    return StreamingResponse(lines(stream), media_type="application/x-ndjson", headers=headers)


async def lines(stream: AsyncStream[StreamEvent]) -> AsyncIterator[str]:
    """Yield what the page shows, one JSON object per line."""
    async with stream:  # a browser that leaves ends this function, and with it the stream
        reason: str | None = None
        try:
            async for event in stream:
                if isinstance(event, AssistantMessage):
                    yield line(text=event.text)
                elif isinstance(event, LettaStopReason):
                    reason = event.stop_reason
                else:
                    yield "\n"  # pings: they keep proxies from closing a connection on which nothing happens
            yield line(end=reason)
        except APIError as error:
            log.warning("%s (%s)", error, error.run_id)
            yield line(error="The agent could not finish. Try again later.")


def line(**said: Any) -> str:
    return json.dumps(said) + "\n"


@app.post("/conversations/{conversation_id}/cancel")
async def stop(conversation_id: str, letta: Client) -> dict[str, bool]:
    try:
        await letta.conversations.cancel(conversation_id)
    except ConflictError:
        return {"stopped": False}  # it had ended already
    return {"stopped": True}


@app.exception_handler(APIError)
async def failed(request: Request, error: APIError) -> JSONResponse:
    log.warning("%s", error)
    if isinstance(error, NotFoundError):
        return JSONResponse({"detail": "There is no such conversation."}, status_code=404)
    if isinstance(error, ConflictError):
        return JSONResponse({"detail": "The agent is busy with another message."}, status_code=409)
    return JSONResponse({"detail": "The agent cannot be reached. Try again later."}, status_code=502)


@app.exception_handler(InvalidArgumentError)
async def refused(request: Request, error: InvalidArgumentError) -> JSONResponse:
    return JSONResponse({"detail": [str(problem) for problem in error.faults]}, status_code=422)
