"""`phemex.fix`: a strategy that speaks tags, on the local exchange, with messages of simplefix and plain bytes."""

import asyncio

import pytest
import simplefix
from fix_client import body_problems
from session_lines import USD_M, until

import tidings
from tidings.errors import UsageError


def text_of(**fields: str | None) -> bytes:
    common = {"35": "D", "11": "a1", "55": USD_M.symbol, "54": "1", "38": "0.01", "40": "2", "44": USD_M.low}
    common.update({name[1:]: value for name, value in fields.items()})
    common = {tag: value for tag, value in common.items() if value is not None}
    return "".join(f"{tag}={value}\x01" for tag, value in {"8": "FIX.4.4", **common}.items()).encode()


def parsed(message) -> dict[int, str]:
    """By simplefix, which is not ours, after it has put in BodyLength and CheckSum; sound by our dictionary."""
    body = [(tag, value.decode()) for tag, value in message.fields[2:]]
    assert not body_problems(message.msg_type.decode(), body, is_extended=True)
    copy = simplefix.FixMessage()
    for tag, value in message.pairs:
        copy.append_pair(tag, value)
    parser = simplefix.FixParser()
    parser.append_buffer(copy.encode())
    return {int(tag): value.decode() for tag, value in parser.get_message().pairs}


async def test_bytes_in_messages_out(phemex):
    heard = []
    phemex.fix.listen(heard.append)
    order = phemex.fix.send(text_of())
    assert order is phemex.order(order.handle)
    await until(lambda: heard)
    phemex.fix.send(text_of(t35="F", t11="c1", t41="a1"))
    await until(lambda: len(heard) > 1)
    new, canceled = map(parsed, heard)
    assert (new[35], new[150], new[11], new[37]) == ("8", "0", "a1", order.order_id)
    assert (canceled[150], canceled[39], canceled[11], canceled[41]) == ("4", "4", "c1", "a1")
    assert order.is_done


async def test_a_message_of_simplefix_goes_in_and_the_iterator_gives_reports(phemex):
    message = simplefix.FixMessage()
    for tag, value in [(35, "D"), (11, "s1"), (55, USD_M.symbol), (54, 2), (38, "0.01"), (40, 2), (44, USD_M.high)]:
        message.append_pair(tag, value)
    assert phemex.fix.send(message) is not None
    async with asyncio.timeout(30):
        async for report in phemex.fix.messages():
            assert report.get(150) == b"0"
            break


async def test_status_mass_status_and_mass_cancel(phemex):
    heard = []
    phemex.fix.listen(heard.append)
    for name in ("m1", "m2"):
        phemex.fix.send(text_of(t11=name, t44=USD_M.at("0.9", len(name) + int(name[1]))))
    await until(lambda: len(heard) == 2)
    heard.clear()
    phemex.fix.send(text_of(t35="H", t11="m1", t790="q1"))
    phemex.fix.send(text_of(t35="H", t11="no", t790="q2"))
    first, second = map(parsed, heard)
    assert (first[150], first[39], first[790]) == ("I", "0", "q1")
    assert (second[150], second[39], second[37], second[103], second[790]) == ("I", "8", "NONE", "5", "q2")

    heard.clear()
    phemex.fix.send(text_of(t35="AF", t584="r1", t585="7"))
    reports = [parsed(message) for message in heard]
    assert [(report[11], report[911], report.get(912)) for report in reports] == [("m1", "2", None), ("m2", "2", "Y")]

    heard.clear()
    phemex.fix.send(text_of(t35="q", t11="x1", t530="1"))
    await until(lambda: len(heard) == 3)
    (summary,) = [message for message in heard if message.msg_type == b"r"]
    assert (summary.find(530), summary.find(531), summary.find(533)) == (b"1", b"1", b"2")
    assert {summary.find(41), summary.find(41, 1)} == {b"m1", b"m2"}
    assert {message.find(39) for message in heard if message.msg_type == b"8"} == {b"4"}

    heard.clear()
    phemex.fix.send(text_of(t35="AF", t584="r2", t585="7"))
    assert (parsed(heard[0])[911], parsed(heard[0])[912]) == ("0", "Y")
    phemex.fix.send(text_of(t35="AF", t584="r3", t585="3"))
    phemex.fix.send(b"35=AF\x01584=r4\x01585=1\x01")
    assert [(message.msg_type, message.find(380)) for message in heard[-2:]] == [(b"j", b"0")] * 2
    phemex.fix.send(text_of(t35="q", t11="x2", t530="3"))
    assert (heard[-1].find(531), heard[-1].find(532)) == (b"0", b"0")
    phemex.fix.send(b"35=q\x0111=x3\x01530=1\x01")
    assert (heard[-1].find(532), heard[-1].find(58)) == (b"0", b"Conditionally Required Field Missing (55)")


async def test_what_is_not_supported_or_no_message_is_said_so(phemex):
    heard = []
    phemex.fix.listen(heard.append)
    phemex.fix.send(text_of(t35="BE"))
    assert (heard[0].msg_type, heard[0].find(380), heard[0].find(58)) == (b"j", b"3", b"Unsupported Message Type")
    with pytest.raises(UsageError, match="tag=value"):
        phemex.fix.send(b"what is this")
    with pytest.raises(UsageError, match="bytes, or an object with pairs: was str"):
        phemex.fix.send("35=D")


@pytest.mark.parametrize("qty", ["0", "-0.01", "0.0000001"])
async def test_a_quantity_that_cannot_be_says_so_in_103(phemex, qty):
    heard = []
    phemex.fix.listen(heard.append)
    assert phemex.fix.send(text_of(t38=qty)) is None
    assert (heard[0].find(150), heard[0].find(103)) == (b"8", b"13")


async def test_lists_positions_limits_and_executions_are_asked_for_the_same_way(phemex):
    heard = []
    phemex.fix.listen(heard.append)
    entry = "11={}|67=1|55=BTCUSDT|54=1|38=0.01|40=2|44=54900|"
    batch = f"35=E|66=l1|394=3|68=2|73=2|{entry.format('e1')}{entry.format('e2')}".replace("|", "\x01")
    assert phemex.fix.send(batch.encode()) is None
    (status,) = [message for message in heard if message.msg_type == b"N"]
    assert [status.find(tag, nth) for nth in (0, 1) for tag in (11, 39)] == [b"e1", b"A", b"e2", b"A"]
    await until(lambda: len(heard) == 3)
    phemex.fix.send(text_of(t35="AD", t568="t1", t569="1", t11=None, t55=None))
    await until(lambda: [message for message in heard if message.msg_type == b"AQ"])
    (answer,) = [message for message in heard if message.msg_type == b"AQ"]
    assert (answer.find(568), answer.find(749), answer.find(750)) == (b"t1", b"0", b"0")
    await until(lambda: len([message for message in heard if message.msg_type == b"AE"]) == int(answer.find(748)))
    phemex.fix.send(text_of(t35="XLQ", t6136="x1"))
    assert (heard[-1].msg_type, heard[-1].find(25003)) == (b"XLR", b"3")
    phemex.fix.send(text_of(t35="AN", t710="p1", t724="0"))
    await until(lambda: [message for message in heard if message.msg_type == b"AO"])
    (answer,) = [message for message in heard if message.msg_type == b"AO"]
    assert (answer.find(710), answer.find(729), answer.find(1)) == (b"p1", b"0", b"NONE")
    phemex.fix.send(text_of(t35="c", t320="d1", t321="0"))
    assert (heard[-1].msg_type, heard[-1].find(323)) == (b"d", b"1")


class Forwarding(tidings.Strategy):
    """A strategy that hands its market data on to the FIX face."""

    def on_start(self, session, now_ns):
        self.fix = session.fix

    def on_book(self, book, now_ns):
        self.fix.on_book(book)

    def on_trade(self, trade, now_ns):
        self.fix.on_trade(trade)


async def test_market_data_comes_as_messages(phemex):
    heard = []
    phemex.fix.listen(heard.append)
    run = asyncio.create_task(phemex.run(Forwarding()))
    await asyncio.sleep(0)
    request = [(35, "V"), (262, "m"), (263, 1), (264, 1), (267, 1), (269, 0), (146, 1), (55, USD_M.symbol)]
    phemex.fix.send("".join(f"{tag}={value}\x01" for tag, value in request).encode())
    await until(lambda: heard)
    assert (heard[0].msg_type, heard[0].find(268)) == (b"W", b"0")
    phemex.fix.send(text_of(t11="b1"))
    await until(lambda: [message for message in heard if message.msg_type == b"X"])
    (change,) = [message for message in heard if message.msg_type == b"X"]
    assert [change.find(tag) for tag in (279, 269, 270, 271)] == [b"0", b"0", b"54900", b"0.01"]
    run.cancel()


async def test_a_listener_may_send_from_inside_of_a_send(phemex):
    """The outer message goes on being read after its listener has sent another."""
    heard = []

    def answer(message):
        heard.append(parsed(message))
        if len(heard) == 1:
            phemex.fix.send(text_of(t11="inner", t55="NOSUCH"))

    phemex.fix.listen(answer)
    phemex.fix.send(text_of(t11="outer", t38="0.01000001"))
    assert [(one[11], one[55], one[39]) for one in heard] == [("outer", USD_M.symbol, "8"), ("inner", "NOSUCH", "8")]


async def test_a_value_cannot_bring_fields_of_its_own(phemex):
    message = simplefix.FixMessage()
    for tag, value in [(35, "D"), (11, "i1"), (55, USD_M.symbol), (54, 2), (38, "0.01\x0138=5"), (40, 2)]:
        message.append_pair(tag, value)
    with pytest.raises(UsageError, match="not a FIX message"):
        phemex.fix.send(message)
