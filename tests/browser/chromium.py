"""A page in a headless Chromium, driven over the W3C WebDriver protocol of chromedriver."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

__all__ = ["CHROMIUM", "DRIVER", "Page", "open_page"]

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER: Final = shutil.which("chromedriver")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # for root, as whom containers run
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""Key of an element's ID, as the standard has it."""
_ENTER: Final = "\ue007"
_PATIENCE: Final = 20.0


class Page:
    """The page that a browser shows."""

    def __init__(self, http: aiohttp.ClientSession, session: str) -> None:
        self._http = http
        self._session = session

    async def go(self, url: str) -> None:
        """Load a page; the one before is left."""
        await self._post("/url", url=url)

    async def type(self, selector: str, text: str) -> None:
        """Type text into an element, and the enter key after it."""
        await self._post(f"/element/{await self._find(selector)}/value", text=text + _ENTER)

    async def click(self, selector: str) -> None:
        """Click on an element."""
        await self._post(f"/element/{await self._find(selector)}/click")

    async def run(self, script: str) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return await self._post("/execute/sync", script=script, args=[])

    async def run_to_end(self, script: str) -> Any:
        """Run the body of a function in the page, which passes its result to its last argument when it has one."""
        return await self._post("/execute/async", script=script, args=[])

    async def look_like(self, *, width: int, dark: bool) -> None:
        """Show pages that are loaded from now on in a window of a width, to someone who likes them dark or not."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        for command, parameters in (("setDeviceMetricsOverride", size), ("setEmulatedMedia", {"features": [scheme]})):
            await self._post("/goog/cdp/execute", cmd=f"Emulation.{command}", params=parameters)

    async def wait_for(self, script: str, expected: object) -> None:
        """Run a script until it returns what is expected.

        Raises:
            AssertionError: It did not in time.

        """
        end = time.monotonic() + _PATIENCE
        while (value := await self.run(script)) != expected:
            assert time.monotonic() < end, f"{script} returns {value!r}, not {expected!r}"
            await asyncio.sleep(0.02)

    async def _find(self, selector: str) -> str:
        found = await self._post("/element", using="css selector", value=selector)
        return str(found[_ELEMENT])

    async def _post(self, path: str, **body: Any) -> Any:
        return await _value(self._http.post(f"{self._session}{path}", json=body))


@asynccontextmanager
async def open_page(folder: Path) -> AsyncIterator[Page]:
    """Start a browser that knows nothing, with its files in a folder; end it afterwards."""
    assert CHROMIUM is not None
    assert DRIVER is not None
    driver = await asyncio.create_subprocess_exec(
        DRIVER, "--port=0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        port = await asyncio.wait_for(_port(driver), _PATIENCE)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            flags = [*_FLAGS, f"--user-data-dir={folder}"]
            options = {"binary": CHROMIUM, "args": flags}
            capabilities = {"goog:chromeOptions": options, "timeouts": {"script": 100_000}}  # on a busy machine, too
            opened = await _value(http.post("/session", json={"capabilities": {"alwaysMatch": capabilities}}))
            session = f"/session/{opened['sessionId']}"
            try:
                yield Page(http, session)
            finally:
                await _value(http.delete(session))  # the browser ends with it
    finally:
        driver.terminate()
        await driver.communicate()


async def _port(driver: asyncio.subprocess.Process) -> str:
    assert driver.stdout is not None
    async for line in driver.stdout:
        if started := re.search(rb"started successfully on port (\d+)", line):
            return started[1].decode()
    raise AssertionError("chromedriver ended")


async def _value(sending: Any) -> Any:
    async with sending as response:
        value = (await response.json())["value"]
    assert response.status == 200, value
    return value
