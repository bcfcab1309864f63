"""The picture is a picture, shows what the recording has, and is the same whenever it is drawn."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from full_disk import room_for

from tidings.errors import FileNotWritten, UsageError
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.export import chart
from tidings.export.chart import Charts, read_charts
from tidings.export.own_orders import Stand
from tidings.export.picture import draw
from tidings.model.enums import Side
from tidings.recorder.entries import EntryKind

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
PICTURE = re.compile(r"<svg .*?</svg>", re.DOTALL)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def charts(flow) -> Charts:
    return read_charts(flow.directory)


def test_charts_have_what_is_in_the_recording(flow, charts: Charts) -> None:
    assert [found.instrument.symbol for found in charts.charts] == ["BTCUSD", "BTCUSDT", "sBTCUSDT"]
    found = charts.charts[1]
    assert len(found.prices.stale) == 2
    market = flow.recorded.venue.markets["BTCUSDT"]
    best = [side[0][0] * 10 // 10**market.instrument.price_scale for side in market.levels(1)]  # in ticks of 0.1
    bins = [found.prices.bins[number] for number in sorted(found.prices.bins)]
    assert [next(getattr(b, name) for b in reversed(bins) if getattr(b, name)) for name in ("bid", "ask")] == best
    assert sum(b.bought + b.sold for b in bins) == found.prices.volume_lots > 0


def test_a_png_is_drawn(charts: Charts, tmp_path: Path) -> None:
    draw(charts, tmp_path / "a.png", "a recording")
    data = (tmp_path / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1540, 3 * 770)


def test_a_page_has_a_picture_and_figures_of_each_symbol(charts: Charts, tmp_path: Path) -> None:
    draw(charts, tmp_path / "a.html", "<a recording>")
    text = (tmp_path / "a.html").read_text()
    assert "<h1>&lt;a recording&gt;</h1>" in text
    pictures = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    assert len(pictures) == 3
    for picture, found in zip(pictures, charts.charts, strict=True):
        words = {"".join(node.itertext()) for node in ET.fromstring(picture).iter(f"{SVG}text")}
        assert {found.instrument.symbol, "best bid", "best ask", "trades"} <= words
        assert f"<td>{found.instrument.symbol}</td><td>{found.prices.trade_count}</td>" in text
    draw(charts, tmp_path / "again.html", "<a recording>")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "a.html").read_bytes()


def test_axes_say_what_they_measure(charts: Charts, tmp_path: Path) -> None:
    draw(charts, tmp_path / "a.html", "units")
    pictures = PICTURE.findall((tmp_path / "a.html").read_text())
    units = {"BTCUSD": ("USD", "contracts"), "BTCUSDT": ("USDT", "BTC"), "sBTCUSDT": ("USDT", "BTC")}
    for picture, found in zip(pictures, charts.charts, strict=True):
        words = ["".join(node.itertext()).strip() for node in ET.fromstring(picture).iter(f"{SVG}text")]
        quote, base = units[found.instrument.symbol]
        assert {f"price ({quote})", "time (UTC)"} <= set(words)
        assert any(f"({base})" in text for text in words)
        assert any(re.fullmatch(r"\d\d:\d\d:\d\d", text) for text in words), "a short recording's times have no dates"


def test_an_order_that_was_amended_is_one_order(charts: Charts, tmp_path: Path) -> None:
    """In the legend; it is drawn at each of its prices."""
    bid = last_bid(charts)
    page = page_with(charts, tmp_path, [(bid, "a"), (bid - 10, "a"), (bid - 20, "b")])
    assert "own buy orders (2)" in page


def test_an_order_far_off_does_not_flatten_the_market(charts: Charts, tmp_path: Path) -> None:
    bid = last_bid(charts)
    page = page_with(charts, tmp_path, [(bid, "a"), (bid // 2, "b")])
    assert "own buy orders (2, 1 of them far off)" in page
    words = ["".join(node.itertext()).strip() for node in ET.fromstring(PICTURE.findall(page)[0]).iter(f"{SVG}text")]
    prices = [float(text) for text in words if re.fullmatch(r"\d{4,}(\.\d+)?", text)]
    assert prices and min(prices) > 0.9 * bid / 10


def last_bid(charts: Charts) -> int:
    """Of BTCUSDT, in ticks of 0.1."""
    return next(found.bid for found in reversed(charts.charts[1].prices.bins.values()) if found.bid)


def page_with(charts: Charts, tmp_path: Path, own: list[tuple[int, str]]) -> str:
    """BTCUSDT drawn with own buy orders at these prices, by their ids."""
    stands = [Stand(Side.BUY, ticks, charts.start_ns, charts.end_ns, order_id) for ticks, order_id in own]
    draw(replace(charts, charts=[replace(charts.charts[1], stands=stands)]), tmp_path / "a.html", "")
    return (tmp_path / "a.html").read_text()


def test_what_cannot_be_drawn_is_said(charts: Charts, flow, written, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a picture is a \.png or \.html file"):
        draw(charts, tmp_path / "a.gif", "")
    with pytest.raises(UsageError, match="cannot write to"):
        draw(charts, tmp_path / "none" / "a.png", "")
    with pytest.raises(UsageError, match="nothing of NONESUCH"):
        read_charts(flow.directory, ["NONESUCH"])
    with pytest.raises(UsageError, match="nothing to draw"):
        chart.read_charts(written.close())


def test_what_is_listed_no_more_is_drawn_as_far_as_it_was_told(written, book_push) -> None:
    written.push(book_push("snapshot", [["60000.5", "1"]], [["60001.0", "1"]], 7))
    answer = json.loads(success(load_catalogue().as_json))
    contracts = answer["data"]["perpProductsV2"]
    answer["data"]["perpProductsV2"] = [contract for contract in contracts if contract["symbol"] != "BTCUSDT"]
    written.event(EntryKind.CATALOGUE, source=0, **answer)
    [drawn] = read_charts(written.close()).charts
    assert (drawn.instrument.symbol, [found.bid for found in drawn.prices.bins.values()]) == ("BTCUSDT", [600_005])


def test_a_full_disk_is_no_wrong_usage_and_leaves_nothing(charts: Charts, tmp_path: Path) -> None:
    with room_for(1_000), pytest.raises(FileNotWritten, match=r"cannot write to .*a\.html"):
        draw(charts, tmp_path / "a.html", "")
    assert list(tmp_path.iterdir()) == []
