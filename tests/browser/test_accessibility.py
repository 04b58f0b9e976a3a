"""The built documentation in a real browser: readable without a mouse, by a screen reader, in any light and width."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chromium import CHROMIUM, DRIVER, Page, open_page

BUILT: Final = Path(__file__).parents[2] / "docs" / "_build"
REQUIRED: Final = os.environ.get("LETTA_TEST_BROWSER_REQUIRED", "")
PAGES: Final = (
    "index",
    "tutorials/keep-a-fleet-fresh",
    "how-to/keep-conversations-current",
    "reference/calls/passages",
    "reference/errors",
    "benchmarks",
)
LONG: Final = {"reference/errors", "benchmarks"}
"""Those in which the contrast of each word takes seconds to look at; once is enough."""
CHECK: Final = """
const done = arguments[0];
const said = (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}`);
const rules = {"color-contrast": {enabled: CONTRAST}};
const failed = (error) => done([`${error}`]);
axe.run({resultTypes: ["violations"], rules}).then((found) => done(found.violations.flatMap(said)), failed);
"""
OVERFLOW: Final = "return document.documentElement.scrollWidth > innerWidth"
ALL_REACHED: Final = """
const blocks = [...document.querySelectorAll("pre, .table-wrapper, p:has(> img)")];
return blocks.every((block) => block.scrollWidth <= block.clientWidth || block.tabIndex == 0);
"""


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    if CHROMIUM is None or DRIVER is None:
        (pytest.fail if REQUIRED else pytest.skip)("chromium or chromedriver is not there: `make chromium`")
    if not (BUILT / "index.html").exists() or find_spec("axe_playwright_python") is None:
        (pytest.fail if REQUIRED else pytest.skip)("the documentation is not built: `make docs`")
    async with open_page(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script of axe-core, which a package for another driver of browsers brings along."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["wide, light", "narrow, dark"])
async def test_axe_finds_nothing(page: Page, axe: str, width: int, dark: bool) -> None:
    await page.look_like(width=width, dark=dark)
    found: dict[str, list[str]] = {}
    for name in PAGES:
        await page.go((BUILT / f"{name}.html").as_uri())
        await page.wait_for(ALL_REACHED, True)
        found[name] = await check(page, axe, contrast=name not in LONG or not dark)
        assert not await page.run(OVERFLOW), f"{name} is wider than the window"
    assert found == {name: [] for name in PAGES}


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        ("document.querySelector('article').append(document.createElement('img'))", "image-alt"),
        ("document.querySelector('article p').style.color = '#ddd'", "color-contrast"),
        (
            "document.querySelectorAll('pre').forEach((e) => e.removeAttribute('tabindex'))",
            "scrollable-region-focusable",
        ),
    ],
)
async def test_axe_finds_what_is_wrong(page: Page, axe: str, spoil: str, rule: str) -> None:
    await page.look_like(width=390, dark=False)
    await page.go((BUILT / "tutorials/keep-a-fleet-fresh.html").as_uri())
    await page.wait_for(ALL_REACHED, True)
    await page.run(spoil)
    assert {each.partition(":")[0] for each in await check(page, axe)} == {rule}


async def check(page: Page, axe: str, *, contrast: bool = True) -> list[str]:
    """Return what axe finds wrong with the page, as the rule and the element."""
    await page.run(axe)
    found: list[str] = await page.run_to_end(CHECK.replace("CONTRAST", str(contrast).lower()))
    return found
