"""Picture of a trace for the documentation: `python -m tools.trace_picture` writes `docs/_static/trace.png`.

It needs Phoenix, a backend of OpenTelemetry with a trace view, on this machine: in an environment of its own,
`pip install arize-phoenix` and `PHOENIX_HOST=127.0.0.1 phoenix serve`. The calls go to the embedded server, and their
spans over OTLP to Phoenix; Chromium shows the trace.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import aiohttp
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from letta_async import AsyncLetta, RetryPolicy
from letta_async.otel import OpenTelemetry
from letta_async.testing import EmbeddedServer
from tests.browser.chromium import Page, open_page
from tools.pythons import ROOT

PICTURE: Final = ROOT / "docs" / "_static" / "trace.png"
_PROJECT: Final = "assistant"


async def trace(phoenix: str) -> str:
    """Make a trace of a request to a service, export it, and return its ID."""
    resource = Resource.create({"service.name": _PROJECT, "openinference.project.name": _PROJECT})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{phoenix}/v1/traces")))
    instrumentation = OpenTelemetry(tracer_provider=provider, capture_content=True)
    policy = RetryPolicy(initial_delay=0.1)
    with EmbeddedServer() as server:
        async with AsyncLetta(base_url=server.base_url, retry=policy, instrumentation=instrumentation) as client:
            agent = await client.agents.create(name="Sam", model="letta/letta-free", embedding="letta/letta-free")
            conversation = await client.conversations.create(agent_id=agent.id)
            server.model.tool("weather", "'12 degrees, and light rain'")
            server.model.reply(server.model.call("weather", {"place": "Paris"}), wait=0.3)
            server.model.reply("It is 12 degrees in Paris, with light rain. Take a coat!", wait=0.2, delay=0.02)
            tracer = provider.get_tracer("service")
            with tracer.start_as_current_span("POST /chat") as span:
                await client.conversations.retrieve(conversation.id)
                server.script(status=503)
                await client.conversations.recompile(conversation.id)
                turn = await client.conversations.messages.create(
                    conversation.id, input="Do I need a coat in Paris?", stream_tokens=True
                )
                await turn.collect()
                await asyncio.gather(client.agents.blocks.list(agent.id), client.agents.retrieve(agent.id))
    provider.shutdown()
    return f"{span.get_span_context().trace_id:032x}"


async def picture(phoenix: str, trace_id: str) -> bytes:
    """Show a trace in Chromium, with the turn selected, and return a picture of it."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_page(Path(folder)) as page:
            await _resize(page, 1480, 900)
            await page.go(phoenix)
            await page.run("localStorage.setItem('arize-phoenix-theme', 'light')")
            await page.go(f"{phoenix}/redirects/traces/{trace_id}")
            await page.wait_for("return document.body.innerText.includes('invoke_agent')", True)
            await page.wait_for(_SELECT_TURN, True)
            await page.wait_for("return document.body.innerText.includes('Take a coat')", True)
            await page.wait_for(_SHOW_ATTRIBUTES, True)
            await asyncio.sleep(3)  # until what glides in stands still
            return base64.b64decode(await _screenshot(page, "[role=dialog]"))


_SELECT_TURN: Final = """
    const found = [...document.querySelectorAll('*')].filter(each => each.innerText === 'invoke_agent');
    if (found.length) found[found.length - 1].click();
    return found.length > 0;
"""
_SHOW_ATTRIBUTES: Final = """
    const found = [...document.querySelectorAll('td')].filter(each => each.innerText.trim() === 'session.id');
    if (found.length) found[0].scrollIntoView({block: 'start'});
    return found.length > 0;
"""


async def _resize(page: Page, width: int, height: int) -> None:
    await page._post("/window/rect", width=width, height=height)  # pyright: ignore[reportPrivateUsage]  # the tests have no more


async def _screenshot(page: Page, selector: str) -> str:
    element = await page._find(selector)  # pyright: ignore[reportPrivateUsage] - the tests take no pictures
    url = f"{page._session}/element/{element}/screenshot"  # pyright: ignore[reportPrivateUsage]  # as above
    async with page._http.get(url) as response:  # pyright: ignore[reportPrivateUsage]  # as above
        return str((await response.json())["value"])


async def make(phoenix: str) -> bytes:
    """Make a trace, wait until Phoenix has it, and return a picture of it."""
    trace_id = await trace(phoenix)
    end = time.monotonic() + 20
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < end:
            async with session.get(f"{phoenix}/v1/projects/{_PROJECT}/spans?limit=1000") as response:
                if trace_id in await response.text():
                    break
            await asyncio.sleep(0.5)
    return await picture(phoenix, trace_id)


def main() -> int:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m tools.trace_picture", description=__doc__)
    parser.add_argument("--phoenix", default="http://127.0.0.1:6006", help="where Phoenix is")
    parser.add_argument("--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    options.output.write_bytes(asyncio.run(make(options.phoenix)))
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
