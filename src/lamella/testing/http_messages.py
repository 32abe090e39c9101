"""What goes over the wire: requests taken apart, ranges cut out, headers."""

from __future__ import annotations

import base64
import mimetypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

Content = Callable[[str], bytes | None]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request before its answer. ``began`` is seconds of `time.perf_counter`."""

    method: str
    path: str
    query: str
    range: str | None
    authorization: str | None
    began: float


def folder(root: Path) -> Content:
    """Content that comes from files; nothing outside ``root`` is served."""
    base = root.resolve()

    def read(path: str) -> bytes | None:
        file = (base / path).resolve()
        if not file.is_relative_to(base) or not file.is_file():
            return None
        return file.read_bytes()

    return read


def ranged(body: bytes | None, wanted: str | None) -> tuple[int, bytes, list[str]]:
    """Status, the bytes of the range and the headers that say so (RFC 9110, section 14)."""
    if body is None:
        return 404, b"", []
    match = _RANGE.fullmatch(wanted or "")
    if match is None or match.group() == "bytes=-":
        return 200, body, []  # none, several, or not understood: all of it, as a server may
    first, last = match.groups()
    n = len(body)
    start, stop = (n - min(int(last), n), n) if not first else (int(first), min(int(last) + 1, n) if last else n)
    if start >= n or stop <= start:
        return 416, b"", [f"Content-Range: bytes */{n}"]
    return 206, body[start:stop], [f"Content-Range: bytes {start}-{stop - 1}/{n}"]


def parse(head: str) -> Seen:
    """A request's first line and headers."""
    request_line, *lines = head.split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
    url = urlsplit(target)
    path = unquote(url.path).lstrip("/")
    return Seen(method, path, url.query, headers.get("range"), headers.get("authorization"), time.perf_counter())


def basic(credentials: str) -> str:
    """The header of basic authentication (RFC 7617)."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def reason(status: int) -> str:
    """The phrase that goes with a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


def type_of(path: str) -> str:
    """The media type that the name of a file stands for."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
