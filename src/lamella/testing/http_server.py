"""An HTTP/1.1 server on 127.0.0.1 with latency, a bandwidth, a log, and faults on request.

It serves a folder or a function of the path. It runs in a thread of its own; `ServerProcess` runs it in a process, so
that it does not share the interpreter with what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamella.testing.faults import Fault
from lamella.testing.http_messages import Content, Seen, basic, folder, parse, ranged, reason, type_of
from lamella.testing.rules import Matcher, Rules, Seconds
from lamella.testing.shaping import Link

_LINGER_NOT = struct.pack("ii", 1, 0)  # closing drops what is unsent and answers with a reset
DRIP_BYTES, DRIP_S = 64, 0.05


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the server saw, with its path without leading slash, and its query.

    Times are seconds of `time.perf_counter`: when it had come, and when its answer was handed to the network. Status 0
    is a request that was left hanging.
    """

    method: str
    path: str
    query: str
    range: str | None
    status: int
    began: float
    ended: float


class HttpServer:
    """A server under control. A context manager: it serves inside the block.

    Thread-safe. Paths have no leading slash and no query.

    Parameters
    ----------
    content : path or callable
        A folder, or a function from a path without leading slash to bytes, None where there is nothing. The function
        is called on ``threads`` worker threads. What it raises is answered with status 500.
    latency : float or callable
        Seconds before each answer begins, or a function that gives them anew for each, such as a `Latency`.
    bandwidth : float, optional
        Bytes a second that all answers share.
    credentials : str, optional
        ``user:password``: requests without them (basic authentication) are answered with 401.
    port : int
        0 takes a free one.
    threads : int

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:port``.
    """

    def __init__(
        self,
        content: str | Path | Content,
        *,
        latency: Seconds = 0.0,
        bandwidth: float | None = None,
        credentials: str | None = None,
        port: int = 0,
        threads: int = 2,
    ) -> None:
        self._content: Content = content if callable(content) else folder(Path(content))
        self._rules = Rules(latency)
        self._link = Link(bandwidth)
        self._authorization = None if credentials is None else basic(credentials)
        self._port = port
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="http-content")
        self._changed = threading.Condition()
        self._log: list[Request] = []
        self._seen: Counter[str] = Counter()
        self._hanging: list[tuple[str, asyncio.Event]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http-server", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    # Any thread

    def start(self) -> HttpServer:
        self._thread.start()
        self._call(self._listen())
        return self

    def stop(self) -> None:
        """End every connection, the thread and the workers."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self._call(self._go_away())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._workers.shutdown(cancel_futures=True)
        self._loop.close()

    def __enter__(self) -> HttpServer:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def latency(self) -> Seconds:
        """Seconds before each answer begins, or what gives them; may be set while the server runs."""
        return self._rules.latency

    @latency.setter
    def latency(self, latency: Seconds) -> None:
        self._rules.latency = latency

    # What it saw

    @property
    def log(self) -> list[Request]:
        """The requests that were answered so far, or given up."""
        with self._changed:
            return list(self._log)

    @property
    def seen(self) -> Counter[str]:
        """How often each path was asked for, answered or not."""
        with self._changed:
            return Counter(self._seen)

    @property
    def hanging(self) -> list[str]:
        """The paths that are left hanging now, oldest first."""
        with self._changed:
            return [path for path, _ in self._hanging]

    def wait_for(self, matches: Matcher, count: int = 1, timeout: float = 10.0) -> bool:
        """Wait until ``count`` requests for paths that match have come; False after ``timeout`` seconds."""

        def came() -> bool:
            return sum(n for path, n in self._seen.items() if matches(path)) >= count

        with self._changed:
            return self._changed.wait_for(came, timeout)

    def wait_for_hanging(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Wait until ``count`` requests are left hanging; False after ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._hanging) >= count, timeout)

    def clear_log(self) -> None:
        """Forget what was seen."""
        with self._changed:
            self._log.clear()
            self._seen.clear()

    # What it does wrong

    def fail(self, path: str, faults: Iterable[Fault | None]) -> None:
        """Answer the next requests for ``path`` with these faults, one each; None is no fault."""
        self._rules.add_script(path, faults)

    def fail_first(self, matches: Matcher, fault: Fault, times: int = 1) -> None:
        """Answer the first ``times`` requests for each path that matches with ``fault``, then properly."""
        self._rules.add_rule(matches, fault, times)

    def fail_always(self, matches: Matcher, fault: Fault) -> None:
        """Answer every request for a path that matches with ``fault``, until `heal`."""
        self._rules.add_rule(matches, fault)

    def slow_down(self, matches: Matcher, latency: Seconds) -> None:
        """Let requests for paths that match wait for ``latency`` instead of the server's own, until `heal`."""
        self._rules.add_latency(matches, latency)

    def hold(self, matches: Matcher) -> None:
        """Let requests for paths that match wait until `release`; then they are answered, or get their faults."""
        self._rules.hold(matches)

    def heal(self) -> None:
        """Answer everything properly from now on. Requests that hang go on hanging: see `release`."""
        self._rules.clear()

    def release(self) -> int:
        """Answer the requests that hang now, those with ``hang`` properly, and hold nothing any more.

        Returns
        -------
        int
            How many there were.
        """
        self._rules.hold_nothing()
        with self._changed:
            released, self._hanging = self._hanging, []
        for _, gate in released:
            self._loop.call_soon_threadsafe(gate.set)
        return len(released)

    def go_away(self) -> None:
        """Refuse connections and end those that are open, until `come_back`."""
        self._call(self._go_away())

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self._call(self._listen())

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # The server's thread

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, reuse_address=True, backlog=512)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _go_away(self) -> None:
        if self._server is None:
            return
        # Connections that asyncio is about to accept would be left open, and known to nobody, if it closed now.
        while accepting := asyncio.all_tasks() - self._connections - {asyncio.current_task()}:
            await asyncio.wait(accepting, timeout=1)
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is to end."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        seen = parse(head)
        with self._changed:
            self._seen[seen.path] += 1
            self._changed.notify_all()
        fault = self._rules.fault_for(seen.path)
        latency = self._rules.latency_for(seen.path)
        if latency > 0:
            await asyncio.sleep(latency)
        if self._rules.is_held(seen.path):
            await self._hang(seen)
        if fault is not None and fault.kind == "hang":
            await self._hang(seen)
            fault = None
        if fault is not None and fault.kind == "status":
            extra = [] if fault.retry_after is None else [f"Retry-After: {fault.retry_after:g}"]
            await self._send(writer, seen, fault.status, b"", extra)
            return True
        if self._authorization not in (None, seen.authorization):
            await self._send(writer, seen, 401, b"", ['WWW-Authenticate: Basic realm="lamella"'])
            return True
        try:
            content = await self._loop.run_in_executor(self._workers, self._content, seen.path)
        except Exception as error:  # whatever it is, it is the content's, and the connection goes on
            await self._send(writer, seen, 500, repr(error).encode(), [])
            return True
        status, body, extra = ranged(content, seen.range)
        if fault is not None:
            return await self._send_broken(writer, seen, fault, status, body, extra)
        await self._send(writer, seen, status, body, [*extra, f"Content-Type: {type_of(seen.path)}"])
        return True

    async def _hang(self, seen: Seen) -> None:
        """Wait until the request is released; the end of the server ends the connection, and this with it."""
        entry = (seen.path, asyncio.Event())
        with self._changed:
            self._hanging.append(entry)
            self._changed.notify_all()
        try:
            await entry[1].wait()
        except asyncio.CancelledError:
            self._note(seen, 0)
            raise
        finally:
            with self._changed:
                self._hanging = [e for e in self._hanging if e is not entry]

    def _note(self, seen: Seen, status: int) -> None:
        ended = time.perf_counter()
        with self._changed:
            self._log.append(Request(seen.method, seen.path, seen.query, seen.range, status, seen.began, ended))

    async def _send(
        self, writer: asyncio.StreamWriter, seen: Seen, status: int, body: bytes, extra: list[str], length: int = -1
    ) -> None:
        now = time.monotonic()
        wait = self._link.sent_at(now, 0 if seen.method == "HEAD" else len(body)) - now
        if wait > 0:
            await asyncio.sleep(wait)
        lines = [
            f"HTTP/1.1 {status} {reason(status)}",
            f"Content-Length: {len(body) if length < 0 else length}",
            "Accept-Ranges: bytes",
            *extra,
        ]
        self._note(seen, status)  # before the answer is out, so that who has it finds it in the log
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        if seen.method != "HEAD":
            writer.write(body)
        await writer.drain()

    async def _send_broken(
        self, writer: asyncio.StreamWriter, seen: Seen, fault: Fault, status: int, body: bytes, extra: list[str]
    ) -> bool:
        match fault.kind:
            case "corrupt":
                await self._send(writer, seen, status, bytes(255 - b for b in body), extra)
                return True
            case "drip":
                await self._send(writer, seen, status, b"", extra, len(body))
                for i in range(0, len(body), DRIP_BYTES):
                    writer.write(body[i : i + DRIP_BYTES])
                    await writer.drain()
                    await asyncio.sleep(DRIP_S)
                return True
            case "length":
                await self._send(writer, seen, status, body, extra, len(body) + 100)
            case _:
                await self._send(writer, seen, status, body[: len(body) // 2], extra, len(body))
        if fault.kind == "reset":
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        else:
            writer.write_eof()
        return False
