"""Other threads wake the main thread, with one signal for many calls, and lose none."""

from __future__ import annotations

import threading
from collections import deque

from pytestqt.qtbot import QtBot
from qtpy.QtCore import QCoreApplication, QEvent

from lamella.qt.wake import Wake


def process_queued() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.MetaCall)


def test_many_calls_are_one_drain_on_the_main_thread(qtbot: QtBot) -> None:
    drained: list[int] = []
    wake = Wake(lambda: drained.append(threading.get_ident()))
    threads = [threading.Thread(target=lambda: [wake() for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drained == []
    process_queued()
    assert 1 <= len(drained) <= 4  # threads that ask at the same instant may each send one
    assert set(drained) == {threading.get_ident()}


def test_no_call_is_lost(qtbot: QtBot) -> None:
    outbox: deque[int] = deque()
    taken: list[int] = []

    def drain() -> None:
        while outbox:
            taken.append(outbox.popleft())

    wake = Wake(drain)

    def produce() -> None:
        for i in range(20_000):
            outbox.append(i)
            wake()

    thread = threading.Thread(target=produce)
    thread.start()
    qtbot.waitUntil(lambda: len(taken) == 20_000, timeout=30_000)
    thread.join()
    assert taken == list(range(20_000))


def test_a_call_during_a_drain_leads_to_another(qtbot: QtBot) -> None:
    drains: list[None] = []

    def drain() -> None:
        drains.append(None)
        if len(drains) == 1:
            wake()

    wake = Wake(drain)
    wake()
    process_queued()
    process_queued()
    assert len(drains) == 2


def test_a_closed_wake_does_nothing(qtbot: QtBot) -> None:
    drains: list[None] = []
    wake = Wake(lambda: drains.append(None))
    wake()
    wake.close()
    process_queued()
    wake()
    process_queued()
    assert drains == []
