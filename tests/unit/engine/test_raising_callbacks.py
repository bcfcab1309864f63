"""Callbacks that raise: told once, and kept from whoever comes behind; what ends the program goes through."""

import sys
from asyncio import CancelledError

import pytest
from engine_samples import Path, RecordingStrategy
from order_samples import ACK, FILL, LIMIT, said, trade

from tidings.engine.ports import PythonGateway
from tidings.engine.strategy import Strategy
from tidings.model.enums import ExecType, OrdStatus


class Clumsy(RecordingStrategy):
    error: BaseException = ValueError("strategy's bug")

    def on_ack(self, order, report, now_ns):
        super().on_ack(order, report, now_ns)
        raise self.error


# A CancelledError is no Exception: of a future that a callback looked into it is a bug like any other.
@pytest.mark.parametrize("error", [ValueError("strategy's bug"), CancelledError("strategy's bug")])
def test_callback_that_raises_does_not_stop_what_comes_behind(error):
    path = Path(strategy=Clumsy())
    path.strategy.error = error
    order, heard = path.submit(LIMIT), []
    path.entry.attach(order, lambda effect, order, report: heard.append(effect))
    path.hear(trade(10, 10, handle=1))
    assert (path.strategy.names, heard, path.entry.callback_error_count) == (["ack", "fill"], [ACK | FILL], 1)
    assert path.errors == [error]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_what_ends_the_program_goes_through_a_callback(error):
    path = Path(strategy=Clumsy())
    path.strategy.error = error
    path.submit(LIMIT)
    with pytest.raises(type(error)):
        path.hear(trade(10, 10, handle=1))
    assert path.errors == []


def test_listener_and_bookkeepers_that_raise_are_kept_from_the_strategy():
    path = Path()
    order = path.submit(LIMIT)

    def fail(*_):
        raise ValueError("their bug")

    path.entry.attach(order, fail)
    gateway = PythonGateway(path.venue)
    path.entry.plug(gateway, on_execution=fail, on_foreign=fail, on_error=lambda error, _: path.errors.append(error))
    path.hear(trade(10, 10, handle=1), said(ExecType.NEW, cl_ord_id="manual"))
    assert (path.strategy.names, len(path.errors), path.entry.callback_error_count) == (["ack", "fill"], 3, 3)


def test_without_on_error_python_is_told_and_the_reports_go_on(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(str(what.exc_value)))
    path = Path(strategy=Clumsy())
    path.entry.plug(PythonGateway(path.venue))
    path.submit(LIMIT)
    path.hear(trade(10, 10, handle=1))
    assert (told, path.strategy.names) == (["strategy's bug"], ["ack", "fill"])


def test_interrupt_goes_through():
    class Interrupted(Strategy):
        def on_ack(self, order, report, now_ns):
            raise KeyboardInterrupt

    path = Path(strategy=Interrupted())
    order = path.submit(LIMIT)
    with pytest.raises(KeyboardInterrupt):
        path.hear(said(ExecType.NEW, handle=1))
    assert order.ord_status == OrdStatus.NEW
