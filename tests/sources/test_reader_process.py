import gc
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from queue import SimpleQueue

import numpy as np
import psutil
import pytest

from lamella.sources import Failed, FailureKind, Loaded, OpaqueSource, Pool, reader_group
from lamella.sources.portable import NotPortable
from tests.sources import reader_arrays as arrays
from tests.sources.reading import box_of, read, read_array
from tests.test_import import loaded_after

BOX = box_of((1, 3), (2, 6))
PLAIN = arrays.Plain()[BOX]
LIMIT = 20  # seconds until a test gives up


def source_of(array, **options):
    return OpaqueSource(array, **{"recipe": array.recipe, **options})


def pid_of(source):
    return int(read_array(source, BOX)[0, 0])


class Later:
    """A read on a worker."""

    def __init__(self, source, box=BOX):
        self._outcomes = SimpleQueue()
        work = threading.Thread(
            target=source.read, args=(box, self._outcomes.put), daemon=True, name="lamella-reader-test"
        )
        work.start()

    def outcome(self):
        return self._outcomes.get(timeout=LIMIT)


def has_ended(pid):
    try:
        psutil.Process(pid).wait(LIMIT)
    except psutil.NoSuchProcess:
        return True
    return not psutil.pid_exists(pid)


@pytest.fixture
def make():
    """Makes sources that are closed after the test; no process, thread or descriptor may be left of them."""
    me, made = psutil.Process(), []
    files, threads = me.num_fds() if hasattr(me, "num_fds") else 0, threading.active_count()

    def make(array, **options):
        made.append(source_of(array, **options))
        return made[-1]

    yield make
    for source in made:
        source.close()
        source.insist(time.monotonic() + LIMIT)
    assert [p for p in me.children() if "lamella.sources.reader" in p.cmdline()] == []
    for thread in threading.enumerate():
        if thread.name.startswith("lamella-reader"):
            thread.join(LIMIT)
    assert threading.active_count() <= threads
    if hasattr(me, "num_fds"):
        assert me.num_fds() <= files


# What is read


def test_a_portable_array_is_read_in_a_reader_process(make):
    source = make(arrays.Pid())
    assert source.isolation == ""
    pid = pid_of(source)
    assert pid != os.getpid()
    assert source.isolation == "reader process"
    assert pid_of(source) == pid


@pytest.mark.parametrize("array", [arrays.Plain(), arrays.Swapped()])
def test_what_is_read_equals_numpy(make, array):
    source = make(array)
    for box in (BOX, box_of((0, 6), (0, 8)), box_of((5, 6), (7, 8))):
        data = read_array(source, box)
        np.testing.assert_array_equal(data, arrays.Plain()[box])
        assert data.dtype == source.dtype


def test_what_was_read_does_not_change_when_the_ring_is_used_again(make):
    source = make(arrays.Plain())
    first = read_array(source, BOX)
    read_array(source, box_of((3, 5), (0, 4)))
    np.testing.assert_array_equal(first, PLAIN)


def test_an_answer_larger_than_the_ring_equals_numpy(make):
    source = make(arrays.Large())
    for _ in range(2):
        data = read_array(source)
        np.testing.assert_array_equal(
            data[:, ::4099], arrays.Large()[box_of(*((0, n) for n in source.shape))][:, ::4099]
        )
    np.testing.assert_array_equal(read_array(source, BOX), arrays.Large()[BOX])


def test_no_room_for_an_answer_is_a_failure_of_that_read(make, monkeypatch):
    source = make(arrays.Large())
    read_array(source, BOX)

    def full(file, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lamella.sources.shared_ring.SharedFile.resize", full)
    assert read(source, box_of(*((0, n) for n in source.shape))).kind is FailureKind.MEMORY
    np.testing.assert_array_equal(read_array(source, BOX), arrays.Large()[BOX])


@pytest.mark.parametrize(
    ("array", "kind", "message"),
    [
        (arrays.Raising(ValueError("two\nlines")), FailureKind.OTHER, "ValueError: two lines"),
        (arrays.Raising(SystemExit(3)), FailureKind.OTHER, "SystemExit: 3"),
        (arrays.Raising(MemoryError()), FailureKind.MEMORY, "MemoryError"),
        (arrays.WrongShape(), FailureKind.CORRUPT, "WrongShape answered with another shape than was asked for"),
    ],
)
def test_a_failure_reads_the_same_as_one_in_a_thread(make, array, kind, message):
    there, here = make(array), OpaqueSource(array)
    assert read(there, BOX) == read(here, BOX) == Failed(kind, message)
    assert there.isolation == "reader process"
    assert "thread" not in here.isolation


def test_what_the_array_prints_goes_to_the_log_and_disturbs_nobody(make, caplog, capfd):
    with caplog.at_level(logging.DEBUG, logger="lamella"):
        source = make(arrays.Chatty())
        np.testing.assert_array_equal(read_array(source, BOX), PLAIN)
        np.testing.assert_array_equal(read_array(source, BOX), PLAIN)
    assert "hello from the array\nand to the descriptor" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_refreshing_makes_the_array_again(make):
    array = arrays.Raising(ValueError("before"))
    source = make(array)
    assert read(source, BOX).message == "ValueError: before"
    array.error = ValueError("after")
    assert read(source, BOX).message == "ValueError: before"
    source.forget()
    assert read(source, BOX).message == "ValueError: after"


# Where it is read


def test_the_recipe_is_asked_for_at_the_first_read_and_on_its_thread(make):
    asked = []

    class Array(arrays.Plain):
        def recipe(self):
            asked.append(threading.current_thread())
            return pickle.dumps(arrays.Plain())

    source = make(Array())
    assert asked == []
    read(source, BOX)
    read(source, BOX)
    assert asked == [threading.current_thread()]


def refuse():
    raise NotPortable("it is the user's own")


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (refuse, "it is the user's own"),
        (
            lambda: pickle.dumps(threading.Lock()),
            "it cannot be pickled (TypeError: cannot pickle '_thread.lock' object)",
        ),
        (arrays.Unmakeable().recipe, "it cannot be made in the reader process (ValueError: invalid literal"),
        (lambda: b"no pickle", "it cannot be made in the reader process (UnpicklingError: "),
    ],
)
def test_what_is_not_portable_is_read_in_a_thread_and_says_why(make, recipe, reason):
    source = make(arrays.Pid(), recipe=recipe)
    assert pid_of(source) == os.getpid()
    assert source.isolation.startswith(reason)
    assert pid_of(source) == os.getpid()
    source.forget()
    assert pid_of(source) == os.getpid()


def test_what_has_become_portable_goes_to_the_reader_process_when_it_is_refreshed(make):
    class Array(arrays.Pid):
        recipe = staticmethod(refuse)

    array = Array()
    source = make(array, recipe=lambda: array.recipe())
    assert pid_of(source) == os.getpid()
    array.recipe = arrays.Pid().recipe
    assert pid_of(source) == os.getpid()
    source.forget()
    assert pid_of(source) != os.getpid()
    assert source.isolation == "reader process"


def test_without_a_python_to_start_it_is_read_in_a_thread(make, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/application/Viewer")
    source = make(arrays.Pid())
    assert pid_of(source) == os.getpid()
    assert "no Python" in source.isolation


def test_a_reader_that_does_not_start_is_no_loss(make, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    source = make(arrays.Pid())
    assert pid_of(source) == os.getpid()
    assert source.isolation == "the reader process does not start"


def test_sources_of_one_pool_share_a_process_and_others_do_not(make):
    pool = Pool("opaque:levels", slots=1, threads=1)
    one, two, other = make(arrays.Pid(), pool=pool), make(arrays.Pid(), pool=pool), make(arrays.Pid())
    assert pid_of(one) == pid_of(two) != pid_of(other)
    one.close()
    assert pid_of(two) != pid_of(other)


def test_there_are_never_more_processes_than_the_limit(make, monkeypatch):
    monkeypatch.setattr(reader_group, "MAX_READERS", 2)
    sources = [make(arrays.Pid()) for _ in range(4)]
    pids = [pid_of(source) for source in sources]
    assert sorted(map(pids.count, set(pids))) == [2, 2]
    sources[0].close()
    assert [pid_of(source) for source in sources[1:]] == pids[1:]


def test_a_read_that_hangs_does_not_hold_back_another_source_of_its_process(make, monkeypatch):
    monkeypatch.setattr(reader_group, "MAX_READERS", 1)
    with arrays.gate() as gate:
        hung, well = make(arrays.Gated(gate.port)), make(arrays.Pid())
        reading = Later(hung)
        pid = gate.wait()
        assert pid_of(well) == pid
        gate.let_through()
        np.testing.assert_array_equal(reading.outcome().data, PLAIN)


def test_as_many_reads_run_at_once_as_the_pool_has_threads(make):
    source = make(arrays.Meeting(3), pool=Pool("opaque:meeting", slots=3, threads=3))
    readings = [Later(source) for _ in range(3)]
    for reading in readings:
        np.testing.assert_array_equal(reading.outcome().data, PLAIN)


def test_the_reader_loads_neither_qt_nor_gl_nor_formats():
    loaded = loaded_after("import lamella.sources.reader")
    assert loaded.isdisjoint({"OpenGL", "PySide6", "cmap", "dask", "h5py", "pydantic", "tensorstore", "vispy", "zarr"})


# When it dies


def test_a_killed_reader_is_started_again_and_its_read_tried_again(make):
    with arrays.gate() as gate:
        reading = Later(make(arrays.Gated(gate.port)))
        first = gate.wait()
        os.kill(first, signal.SIGKILL)
        assert gate.wait() != first
        gate.let_through()
        gate.let_through()
        np.testing.assert_array_equal(reading.outcome().data, PLAIN)


def test_a_reader_killed_between_reads_is_not_missed(make):
    source = make(arrays.Pid())
    first = pid_of(source)
    os.kill(first, signal.SIGKILL)
    assert pid_of(source) != first
    assert has_ended(first)


def test_a_read_that_kills_two_readers_fails_with_a_sentence(make):
    source = make(arrays.Deadly())
    failed = Failed(FailureKind.OTHER, "the reader process died twice while reading Deadly")
    assert read(source, BOX) == failed
    assert read(source, BOX) == failed


def test_ctrl_c_in_the_terminal_is_not_for_the_reader(make):
    source = make(arrays.Pid())
    pid = pid_of(source)
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, signal.SIGINT)
    assert pid_of(source) == pid


# The end


def test_closing_ends_a_read_that_hangs_and_its_process(make):
    with arrays.gate() as gate:
        source = make(arrays.Gated(gate.port))
        reading = Later(source)
        pid = gate.wait()
        source.close()
        assert reading.outcome() == Failed(FailureKind.OTHER, "Gated is closed")
        assert has_ended(pid)


def test_stopping_ends_a_read_that_hangs_at_the_deadline_and_a_later_read_starts_again(make):
    with arrays.gate() as gate:
        source = make(arrays.Gated(gate.port))
        reading = Later(source)
        pid = gate.wait()
        source.stop()
        source.insist(time.monotonic())
        assert not psutil.pid_exists(pid)
        outcome = reading.outcome()
        assert outcome == Failed(FailureKind.CONNECTION, "reading Gated was stopped")
        assert outcome.retryable, "another viewer may want it still"
        again = Later(source)
        gate.wait()
        gate.let_through()
        gate.let_through()
        assert isinstance(again.outcome(), Loaded)


def test_stopping_one_source_of_a_shared_process_does_not_lose_the_reads_of_another(make, monkeypatch):
    monkeypatch.setattr(reader_group, "MAX_READERS", 1)
    with arrays.gate() as bad, arrays.gate() as good:
        hung, well = make(arrays.Gated(bad.port)), make(arrays.Gated(good.port))
        lost, kept = Later(hung), Later(well)
        assert bad.wait() == good.wait()
        hung.stop()
        hung.insist(time.monotonic())
        assert lost.outcome().kind is FailureKind.CONNECTION
        good.wait()
        good.let_through()
        good.let_through()
        np.testing.assert_array_equal(kept.outcome().data, PLAIN)


def test_a_source_that_nobody_holds_any_more_ends_its_process():
    source = source_of(arrays.Pid())
    pid = pid_of(source)
    del source
    gc.collect()
    assert has_ended(pid)


SCRIPT = """
import sys, threading
from tests.sources.reader_arrays import Gated, Pid
from lamella.sources import OpaqueSource
{array}
source = OpaqueSource(array, recipe=array.recipe)
box = (slice(0, 1), slice(0, 1))
{end}
"""
# No guard: the reader must not run the script again.
HANGING = {"array": "array = Gated({port})", "end": "source.read(box, print)"}
HANGING_AT_EXIT = {
    "array": "array = Gated({port})",
    "end": "threading.Thread(target=source.read, args=(box, print), daemon=True).start(); sys.stdin.readline()",
}


def run(script, **values):
    code = SCRIPT.format(**{key: text.format(**values) for key, text in script.items()})
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, text=True, env=environment)


def test_a_reader_in_the_middle_of_a_read_does_not_outlive_a_killed_viewer():
    with arrays.gate() as gate, run(HANGING, port=gate.port) as viewer:
        gate.wait()
        viewer.kill()
        gate.wait_for_end()


def test_a_reader_in_the_middle_of_a_read_ends_with_the_interpreter():
    with arrays.gate() as gate, run(HANGING_AT_EXIT, port=gate.port) as viewer:
        gate.wait()
        viewer.communicate("\n", timeout=LIMIT)
        assert viewer.returncode == 0
        gate.wait_for_end()
