import subprocess
import sys

OPENING = """
import faulthandler, sys
from lamella.io.keys import Session
from lamella.sources.location import Location

faulthandler.dump_traceback_later(100, exit=True)  # what is tested would keep the interpreter lock for ever
location = Location.parse(sys.argv[1])
session = Session(location, timeout=1000)
for _ in range(10_000):
    answers = session.read(location, ["there", *"abcde"], enough="there")
    assert answers["there"] == b"{}"
"""


def test_leaving_reads_that_end_at_that_moment_hangs_nothing(tmp_path):
    (tmp_path / "there").write_bytes(b"{}")
    ended = subprocess.run([sys.executable, "-c", OPENING, str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
