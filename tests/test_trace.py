"""The ring buffer of what happened."""

import numpy as np

from lamella import trace
from lamella.testing import SlowArray
from lamella.viewer_model import ViewerModel


def test_a_slice_leaves_its_whole_life_in_the_trace() -> None:
    with ViewerModel() as viewer:
        viewer.add_image(np.zeros((3, 32, 32), np.uint8)).visible = False
        viewer.screenshot()
        trace.clear()
        viewer.add_image(SlowArray(np.zeros((3, 32, 32), np.uint8), 0.0))
        viewer.screenshot()
    codes = [event[1] for event in trace.events()]
    life = ["want", "plan", "start", "bytes", "decoded", "delivered", "uploaded", "presented"]
    last = {code: n for n, code in enumerate(codes) if code in life}
    assert sorted(last, key=last.__getitem__) == life


def test_the_trace_is_bounded_and_keeps_no_data_alive() -> None:
    trace.clear()
    for n in range(trace.CAPACITY + 10):
        trace.record("want", 1, 1, n)
    assert len(trace.events()) == trace.CAPACITY
    assert trace.events()[0][2:] == (1, 1, 10)
    trace.clear()
    with ViewerModel() as viewer:
        viewer.add_image(np.zeros((3, 32, 32), np.uint8))
        viewer.wait_until_loaded()
    assert {type(d) for event in trace.events() for d in event} <= {int, float, str}
