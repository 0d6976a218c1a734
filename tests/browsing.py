"""Pages as a real Chromium shows and prints them, with nothing from the net."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from pypdf import PdfReader

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FORMATS = ("A4", "Letter")

# No part of a page lies beyond its edges: of the elements that show something, none.
_OUTSIDE = """() => {
    const width = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll('*')].filter(each => {
        if (each.closest('.hidden, symbol, thead span')) return false;
        const box = each.getBoundingClientRect();
        return box.width && (box.left < -1 || box.right > width + 1);
    }).map(each => each.outerHTML.slice(0, 80));
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's own Chromium; skips where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium to print the card with: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Shown:
    """A page in a window; ``requests`` are the addresses that it asked for, all but itself."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._address = file.as_uri()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.context.route("**/*", self._answer)
        page.goto(self._address)

    def _answer(self, route: Route) -> None:
        address = route.request.url
        if address == self._address:
            route.continue_()
        else:
            self.requests.append(address)
            route.abort()

    def resized(self, width: int, height: int = 800) -> Shown:
        """In a window of that size, in pixels."""
        self.page.set_viewport_size({"width": width, "height": height})
        return self

    def lit(self, scheme: Literal["light", "dark"]) -> Shown:
        """As a person who prefers light or dark sees it."""
        self.page.emulate_media(color_scheme=scheme)
        return self

    @property
    def overflow(self) -> list[str]:
        """What lies outside the window's width, as HTML; the page itself where it scrolls."""
        scrolls = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        found: list[str] = self.page.evaluate(_OUTSIDE)
        return [*found, *(["html"] if self.page.evaluate(scrolls) else [])]

    def printed(self, paper: str) -> PdfReader:
        """As a printer gets it."""
        return PdfReader(BytesIO(self.page.pdf(format=paper)))

    def on_paper(self, width: int) -> list[str]:
        """What lies outside a paper whose printed width is given in pixels."""
        self.page.emulate_media(media="print")
        outside = self.resized(width).overflow
        self.page.emulate_media(media="null")
        return outside

    def style(self, selector: str, name: str) -> str:
        """What a property comes to."""
        script = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        return str(self.page.evaluate(script, [selector, name]))

    def place(self, selector: str) -> dict[str, float]:
        """Where the first such element is: x, y, width, height in pixels."""
        box = self.page.locator(selector).first.bounding_box()
        assert box is not None, selector
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def photographed(self, selector: str) -> memoryview:
        """An element as a camera sees it: rows of grey pixels."""
        return _grey(self.page.locator(selector).first.screenshot())


def _grey(png: bytes) -> memoryview:
    """The green of an image of 8 bits a channel, not interlaced, as Chromium writes it."""
    width, height, _, kind = struct.unpack(">IIBB", png[16:26])
    channels = {2: 3, 6: 4}[kind]
    data, at = b"", 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += length + 12
    packed, stride = zlib.decompress(data), width * channels
    above = bytearray(stride)
    grey = bytearray()
    for start in range(0, height * (stride + 1), stride + 1):
        row = bytearray(packed[start + 1 : start + 1 + stride])
        _unfilter(packed[start], row, above, channels)
        grey += row[1::channels]
        above = row
    return memoryview(grey).cast("B", (height, width))


def _unfilter(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    """Undo what PNG does to a row before it is packed (PNG 9.2)."""
    for i in range(len(row)):
        left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
        guess = left + above[i] - corner
        nearest = min((left, above[i], corner), key=lambda each: abs(guess - each))
        row[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, nearest)[kind]) & 255
