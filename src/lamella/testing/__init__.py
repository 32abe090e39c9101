"""For authors of tests: a virtual clock, sources under control, and an HTTP server that misbehaves on request."""

from lamella.testing.clock import VirtualClock
from lamella.testing.faults import Fault
from lamella.testing.http_server import HttpServer, Request
from lamella.testing.latency import Latency
from lamella.testing.process import ServerProcess
from lamella.testing.sources import CountingSource, FaultySource, GatedSource, SlowArray

__all__ = [
    "CountingSource",
    "Fault",
    "FaultySource",
    "GatedSource",
    "HttpServer",
    "Latency",
    "Request",
    "ServerProcess",
    "SlowArray",
    "VirtualClock",
]
