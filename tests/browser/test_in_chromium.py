"""What a person sees of the chat, in a real browser."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chromium import CHROMIUM, DRIVER, Page, open_page
from tests.browser.letta_server import LettaServer

REQUIRED: Final = os.environ.get("LETTA_TEST_BROWSER_REQUIRED", "")
"""Set to anything: a missing browser is a failure and no skip."""
SHOWN: Final = "return [...document.querySelectorAll('#messages p')].map(p => `${p.className}: ${p.textContent}`)"
BUTTONS: Final = "return [document.querySelector('#send').disabled, document.querySelector('#stop').disabled]"
IDLE: Final = [False, True]
BUSY: Final = [True, False]


@pytest.fixture
async def page(chat: str, tmp_path: Path) -> AsyncIterator[Page]:
    """Return the chat, opened in a browser."""
    if CHROMIUM is None or DRIVER is None:
        (pytest.fail if REQUIRED else pytest.skip)("chromium or chromedriver is not there: `make chromium`")
    async with open_page(tmp_path) as opened:
        await opened.go(chat)
        yield opened


async def test_words_appear_as_they_arrive(page: Page, letta: LettaServer) -> None:
    await page.wait_for(BUTTONS, IDLE)
    await page.type("input", "Where does Ada live?")
    letta.send("Ada", " lives")
    await page.wait_for(SHOWN, ["you: Where does Ada live?", "agent: Ada lives"])
    assert await page.run(BUTTONS) == BUSY
    letta.send(" in Zürich 🏔.")
    letta.end()
    await page.wait_for(BUTTONS, IDLE)
    assert await page.run(SHOWN) == ["you: Where does Ada live?", "agent: Ada lives in Zürich 🏔."]


async def test_the_button_stops_the_agent(page: Page, letta: LettaServer) -> None:
    await page.type("input", "Count to a million.")
    letta.send("1", " 2")
    await page.wait_for(SHOWN, ["you: Count to a million.", "agent: 1 2"])
    await page.click("#stop")
    await page.wait_for(BUTTONS, IDLE)
    assert await page.run(SHOWN) == ["you: Count to a million.", "agent: 1 2", "note: stopped"]
    assert letta.cancelled == 1


async def test_leaving_the_page_ends_the_stream(page: Page, letta: LettaServer) -> None:
    await page.type("input", "Hello")
    letta.send("one")
    await page.wait_for(SHOWN, ["you: Hello", "agent: one"])
    assert not letta.left.is_set()
    await page.go("about:blank")
    await asyncio.wait_for(letta.left.wait(), 10)


async def test_reloading_shows_what_was_said(page: Page, letta: LettaServer) -> None:
    await page.type("input", "Hello")
    letta.send("Good morning.")
    letta.end()
    await page.wait_for(BUTTONS, IDLE)
    await page.run("window.old = true; location.reload()")
    await page.wait_for("return window.old === undefined", True)
    await page.wait_for(SHOWN, ["you: Hello", "agent: Good morning."])


async def test_a_failure_is_shown_and_the_text_stays(page: Page, letta: LettaServer) -> None:
    await page.type("input", "Hello")
    letta.send("one")
    letta.fail()
    await page.wait_for(SHOWN, ["you: Hello", "agent: one", "note: The agent could not finish. Try again later."])
    await page.wait_for(BUTTONS, IDLE)


async def test_markup_is_shown_as_text(page: Page, letta: LettaServer) -> None:
    await page.type("input", "Hello")
    letta.send("<img src=x onerror=alert(1)>")
    letta.end()
    await page.wait_for(SHOWN, ["you: Hello", "agent: <img src=x onerror=alert(1)>"])
    assert await page.run("return document.images.length") == 0
