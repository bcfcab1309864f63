"""One line per event, whoever reads or does not."""

import io
import json
import os
import threading
from contextlib import suppress

from tidings.cli.event_lines import EventLines
from tidings.clock import ManualClock


def test_lines_for_programs_and_for_people():
    for as_json, expected in (
        (True, {"event": "tripped", "t_ns": 5, "cause": "died", "symbols": ["A", "B"]}),
        (False, "tripped: cause died, symbols A B\n"),
    ):
        out = io.StringIO()
        lines = EventLines(out, ManualClock(1, 5), as_json=as_json)
        lines.tell("tripped", {"cause": "died", "symbols": ["A", "B"]})
        lines.close()
        assert (json.loads(out.getvalue()) if as_json else out.getvalue()) == expected


def test_reader_that_stops_reading_stops_nobody():
    reading, writing = os.pipe()
    with suppress(BrokenPipeError), os.fdopen(writing, "w") as out:
        lines = EventLines(out, ManualClock(), as_json=True)
        teller = threading.Thread(target=lambda: [lines.tell("x", {"text": "x" * 1000}) for _ in range(1000)])
        teller.start()
        teller.join(10)
        assert not teller.is_alive()
        os.close(reading)  # the writer's next write fails, and it ends
        lines.close()
