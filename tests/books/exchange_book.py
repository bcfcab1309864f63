"""The compiled stream fed by the local exchange's core, without a wire: its book is the exchange's own."""

from tests.books.comparison import Comparison
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.market import Market
from tidings.exchange.streams.market_feeds import BOOK_INTERVAL_NS, DEFAULT_DEPTH, BookFeed
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.market.book import Book
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.products import parse_products

START_NS = 1_800_000_000_000_000_000
QUIET_POLLS = 5
Levels = tuple[list[tuple[int, int]], list[tuple[int, int]]]


def exchange_instruments() -> dict[str, Instrument]:
    """What the exchange lists, as the engine reads it."""
    body = f'{{"code":0,"msg":"OK","data":{load_catalogue().as_json}}}'
    return dict(parse_products(body.encode()).instruments)


def own_levels(market: Market) -> Levels:
    """The exchange's book of thirty levels, in ticks and lots."""
    grid = market.instrument
    bids, asks = (
        [(price // grid.tick_size, qty // grid.lot_size) for price, qty in side]
        for side in market.levels(DEFAULT_DEPTH)
    )
    return bids, asks


def follow_exchange(symbol: str, poll_count: int, seed: int) -> Comparison:
    """Let its background flow trade, look after each message, and once more when nothing moves any more."""
    venue = Venue(VenueConfig(seed=seed, always_awake=(symbol,)), START_NS)
    market = venue.market(symbol, START_NS)
    assert market is not None
    venue.advance(START_NS + BOOK_INTERVAL_NS)
    feed = BookFeed(market, DEFAULT_DEPTH, BOOK_INTERVAL_NS, START_NS + BOOK_INTERVAL_NS, venue.config.rules)
    stream, done = MarketStream(exchange_instruments(), MarketListener()), Comparison()
    book = stream.book(symbol)
    assert book is not None
    for text in feed.snapshot(START_NS):
        take(stream, text, done)
    for poll in range(2, poll_count + QUIET_POLLS):
        now_ns = START_NS + poll * BOOK_INTERVAL_NS
        if poll < poll_count:
            venue.advance(now_ns)
        for text in feed.poll(now_ns):
            take(stream, text, done)
        if levels_of(book) != own_levels(market):
            done.difference = done.difference or f"poll {poll}: {levels_of(book)} for {own_levels(market)}"
    return done


def levels_of(book: Book) -> Levels:
    return book.bids(), book.offers()


def take(stream: MarketStream, text: str, done: Comparison) -> None:
    if not stream.feed(text.encode(), 1) or stream.malformed_count:
        done.difference = done.difference or f"not understood: {text}"
    if '"type":"snapshot"' in text:
        done.snapshot_count += 1
    else:
        done.incremental_count += 1
