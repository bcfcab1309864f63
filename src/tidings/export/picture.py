"""Draws charts with matplotlib: a PNG of all symbols below each other, or an HTML page with an SVG of each."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tidings.errors import UsageError
from tidings.export.chart import Chart, Charts
from tidings.export.own_orders import Fill
from tidings.export.part_file import not_written
from tidings.export.price_bins import Bin
from tidings.model.enums import ProductLine, Side
from tidings.model.scale import price_decimal, qty_decimal, qty_text

DAY_NS: Final = 86_400_000_000_000
NS_PER_S: Final = 1_000_000_000
SUFFIXES: Final = (".png", ".html")
PANELS, HEIGHT_RATIOS = 3, (5, 1, 1)  # of one symbol: prices, spread, volume
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 14.0, 7.0, 110
# Told apart by eyes that do not see red and green, too.
BUY_COLOR, SELL_COLOR, TRADE_COLOR, STALE_COLOR = "#0072b2", "#d55e00", "#999999", "#dddddd"
SETTINGS: Final = {"svg.hashsalt": "tidings", "svg.fonttype": "none", "font.size": 9.0, "axes.grid": True,
                   "grid.alpha": 0.3, "path.simplify": True}  # fmt: skip
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 1.5em; background: white; color: #222 }}
svg {{ width: 100%; height: auto }} table {{ border-collapse: collapse }}
th, td {{ padding: 0.2em 0.8em; text-align: right }} th {{ border-bottom: 1px solid }}
td:first-child, th:first-child {{ text-align: left }}</style></head>
<body><h1>{title}</h1><p>{times}</p>
{table}
{pictures}
</body></html>
"""
COLUMNS = ("symbol", "trades", "volume", "own fills", "bought", "sold", "not to be trusted")


def draw(charts: Charts, path: Path, title: str) -> None:
    """Write the picture. Raises FileNotWritten, and UsageError without matplotlib or for a file of no kind we make."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--out {path}: a picture is a {' or '.join(SUFFIXES)} file")
    matplotlib = load_matplotlib()
    with matplotlib.rc_context(SETTINGS):
        content = png(charts, title) if path.suffix == ".png" else page(charts, title)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise not_written(path, error) from None


def load_matplotlib() -> Any:
    """matplotlib with what we use of it, without a window. Raises UsageError if it is not installed."""
    try:
        import_module("matplotlib.figure")
        import_module("matplotlib.dates")
        return import_module("matplotlib")
    except ImportError:
        raise UsageError("tidings plot needs matplotlib: pip install 'tidings[plot]'") from None


def png(charts: Charts, title: str) -> bytes:
    figure = _figure(len(charts.charts))
    figure.suptitle(f"{title}   {times_of(charts)}")
    panels = figure.subplots(PANELS * len(charts.charts), 1, height_ratios=HEIGHT_RATIOS * len(charts.charts))
    for number, chart in enumerate(charts.charts):  # one grid, so that equal times stand below each other
        _draw_chart(panels[PANELS * number : PANELS * (number + 1)], chart, charts.start_ns, charts.end_ns)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return file.getvalue()


def page(charts: Charts, title: str) -> bytes:
    pictures = "\n".join(_svg(chart, charts.start_ns, charts.end_ns) for chart in charts.charts)
    text = PAGE.format(
        title=html.escape(title), times=times_of(charts), table=_table(map(summary, charts.charts)), pictures=pictures
    )
    return text.encode()


def times_of(charts: Charts) -> str:
    start, end = (datetime.fromtimestamp(ns // NS_PER_S, UTC) for ns in (charts.start_ns, charts.end_ns))
    return f"{start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"


def summary(chart: Chart) -> tuple[str, ...]:
    """The figures of one symbol, in the order of COLUMNS."""
    stale_ns = sum(end_ns - start_ns for start_ns, end_ns in chart.prices.stale)
    return (
        chart.instrument.symbol,
        str(chart.prices.trade_count),
        qty_text(chart.instrument, chart.prices.volume_lots),
        str(len(chart.fills)),
        *(_sum_text(chart, side) for side in (Side.BUY, Side.SELL)),
        f"{stale_ns / NS_PER_S:.1f} s",
    )


def _sum_text(chart: Chart, side: Side) -> str:
    return qty_text(chart.instrument, sum(fill.qty_lots for fill in chart.fills if fill.side is side))


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _svg(chart: Chart, start_ns: int, end_ns: int) -> str:
    figure = _figure(1)
    _draw_chart(figure.subplots(PANELS, 1, height_ratios=HEIGHT_RATIOS), chart, start_ns, end_ns)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    label = f'role="img" aria-label="prices, spread and volume of {chart.instrument.symbol}"'
    return text[text.index("<svg") :].replace("<svg", f"<svg {label}", 1)


def _figure(rows: int) -> Any:
    figure = import_module("matplotlib.figure").Figure
    return figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES * rows), layout="constrained")


# ---- One symbol ------------------------------------------------------------------------------------------------------


def _draw_chart(panels: Any, chart: Chart, start_ns: int, end_ns: int) -> None:
    price, spread, volume = panels
    instrument, width = chart.instrument, chart.prices.width_ns / DAY_NS
    times = [days(chart.prices.time_of(number)) for number in sorted(chart.prices.bins)]
    bins = [found for _, found in sorted(chart.prices.bins.items())]
    as_price = _prices_of(chart)
    _draw_prices(price, times, bins, as_price)
    limits = _price_limits(bins, as_price)
    _draw_own(price, chart, as_price, limits)
    _draw_line(spread, times, [as_price(found.spread_max) for found in bins], "black")
    _draw_volume(volume, times, bins, float(qty_decimal(instrument, 1)))
    for start_of_doubt_ns, stop_ns in chart.prices.stale:
        for axes in panels:
            axes.axvspan(days(start_of_doubt_ns), days(stop_ns), color=STALE_COLOR, zorder=0)
    unit = "contracts" if instrument.line == ProductLine.INVERSE else instrument.base_currency
    price.set_title(instrument.symbol, loc="right", fontsize=10)
    price.set_ylabel(f"price ({instrument.quote_currency})")
    spread.set_ylabel(f"widest spread\n({instrument.quote_currency})", fontsize=7)
    volume.set_ylabel(f"bought, sold\n({unit})", fontsize=7)
    price.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=7, frameon=False, fontsize=8)
    price.ticklabel_format(axis="y", style="plain", useOffset=False)
    _draw_times(panels, days(start_ns), max(days(end_ns), times[-1] + width))


def _draw_times(panels: Any, start: float, end: float) -> None:
    """One axis of times, below the lowest panel; dates only where there is more than one."""
    dates = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator(tz=UTC)
    text = "%H:%M:%S" if int(start) == int(end) else "%m-%d %H:%M"
    for axes in panels:
        axes.set_xlim(start, end)
        axes.xaxis_date(tz=UTC)
        axes.xaxis.set_major_locator(locator if axes is panels[-1] else dates.AutoDateLocator(tz=UTC))
        axes.xaxis.set_major_formatter(dates.DateFormatter(text, tz=UTC))
        axes.tick_params(labelbottom=axes is panels[-1])
    panels[-1].set_xlabel("time (UTC)", fontsize=8)


def _draw_prices(axes: Any, times: list[float], bins: list[Bin], as_price: Callable[[int], float]) -> None:
    """Best bid and offer as they stood at the end of each bin; trades as the range they covered."""
    for name, color in (("bid", BUY_COLOR), ("ask", SELL_COLOR)):
        _draw_line(axes, times, [as_price(getattr(found, name)) for found in bins], color, label=f"best {name}")
    traded = [(time, found) for time, found in zip(times, bins, strict=True) if found.high]
    lows, highs = ([as_price(getattr(found, name)) for _, found in traded] for name in ("low", "high"))
    moments = [time for time, _ in traded]
    axes.vlines(moments, lows, highs, color=TRADE_COLOR, linewidth=0.8, label="trades", zorder=1)
    for prices in (lows, highs):  # a range of one price has no length
        axes.plot(moments, prices, linestyle="none", marker=".", markersize=4, color=TRADE_COLOR, zorder=1)


def _draw_line(axes: Any, times: list[float], values: list[float], color: str, **more: Any) -> None:
    """Steps; what a bin does not tell is as it was before."""
    told = [(time, value) for time, value in zip(times, values, strict=True) if not math.isnan(value)]
    columns = [time for time, _ in told], [value for _, value in told]
    axes.step(*columns, where="post", color=color, linewidth=0.8, **more)


def _draw_volume(axes: Any, times: list[float], bins: list[Bin], one: float) -> None:
    """What takers bought, upwards, and what they sold. `one`: a lot."""
    bought, sold = [found.bought * one for found in bins], [-found.sold * one for found in bins]
    zeros = [0.0] * len(bins)
    axes.vlines(times, zeros, bought, color=BUY_COLOR, linewidth=1.0)
    axes.vlines(times, sold, zeros, color=SELL_COLOR, linewidth=1.0)
    axes.set_ylim(1.05 * min(sold) or -one, 1.05 * max(bought) or one)


def _price_limits(bins: list[Bin], as_price: Callable[[int], float]) -> tuple[float, float]:
    """What the market's prices span, and thrice as much above and below: an order far off must not flatten them."""
    told = [ticks for found in bins for ticks in (found.bid, found.ask, found.low, found.high) if ticks]
    if not told:
        return -math.inf, math.inf
    low, high = as_price(min(told)), as_price(max(told))
    room = 3 * (high - low) or 0.001 * high
    return low - room, high + room


def _draw_own(
    axes: Any, chart: Chart, as_price: Callable[[int], float], limits: tuple[float, float]
) -> None:
    """What lies beyond the limits is counted in the legend, and not seen."""
    seen = [*axes.get_ylim()]
    for side, color, marker, done in ((Side.BUY, BUY_COLOR, "^", "bought"), (Side.SELL, SELL_COLOR, "v", "sold")):
        stands = [stand for stand in chart.stands if stand.side is side]
        if stands:
            order_count = len({stand.order_id for stand in stands})
            beyond = {s.order_id for s in stands if not limits[0] <= as_price(s.price_ticks) <= limits[1]}
            words = f"{order_count}, {len(beyond)} of them far off" if beyond else str(order_count)
            seen += [price for s in stands if limits[0] <= (price := as_price(s.price_ticks)) <= limits[1]]
            axes.hlines(
                [as_price(stand.price_ticks) for stand in stands],
                [days(stand.start_ns) for stand in stands],
                [days(stand.end_ns) for stand in stands],
                color=color, linewidth=1.5, alpha=0.5, label=f"own {side.name.lower()} orders ({words})",
            )  # fmt: skip
        fills: list[Fill] = [fill for fill in chart.fills if fill.side is side]
        if fills:
            axes.scatter(
                [days(fill.time_ns) for fill in fills], [as_price(fill.price_ticks) for fill in fills],
                marker=marker, color=color, edgecolors="black", linewidths=0.5, s=36, zorder=3,
                label=f"{done} ({len(fills)} fills)",
            )  # fmt: skip
            seen += [as_price(fill.price_ticks) for fill in fills]
    margin = 0.03 * (max(seen) - min(seen))
    axes.set_ylim(min(seen) - margin, max(seen) + margin)


def _prices_of(chart: Chart) -> Callable[[int], float]:
    one = price_decimal(chart.instrument, 1)
    return lambda ticks: float(one * ticks) if ticks else math.nan


def days(time_ns: int) -> float:
    """As matplotlib counts time: days since 1970."""
    return time_ns / DAY_NS
