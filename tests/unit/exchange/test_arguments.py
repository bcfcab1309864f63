"""The options of `tidings exchange`: what is wrong usage, and whether the message says what to do."""

import argparse

import pytest

from tidings.exchange.arguments import add_arguments, check_options
from tidings.exchange.command import main


def parsed(words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words.split())


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("--no-flow --flow crash", ("--no-flow", "--flow crash", "leave one of them out")),
        ("--flow quiet --no-flow", ("--no-flow", "--flow quiet")),
        ("--recording-speed 2", ("--recording-speed needs --recording", "--flow-rate")),
        ("--recording a.jsonl --flow normal", ("--flow normal", "recording", "leave one of them out")),
        ("--recording a.jsonl --flow-rate 2", ("--flow-rate", "recording")),
        ("--recording a.jsonl --price BTCUSD=9000", ("--price BTCUSD=9000", "recording", "leave one of them out")),
        ("--no-tls --tls-name exchange", ("--tls-name exchange", "--no-tls")),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    words: str, parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert [part for part in parts if part not in printed.err] == []


@pytest.mark.parametrize("words", ["--no-flow --flow off", "--recording a.jsonl --no-flow --recording-speed 2"])
def test_options_that_say_the_same_are_not(words: str) -> None:
    check_options(parsed(words))


@pytest.mark.parametrize(
    ("price", "parts"),
    [
        ("cETHUSD=9000.13", ("cETHUSD", "9000.13", "step is 0.05", "nearest 9000.1 and 9000.15")),
        ("BTCUSDT=61000.12345", ("step is 0.1", "nearest 61000.1 and 61000.2")),
        ("BTCUSDT=0.01", ("step is 0.1", "nearest 0.1\n")),
        ("BTCUSDT=1e5", ("'1e5' is not a price of BTCUSDT",)),
        ("NOPE=1", ("'NOPE'", "`tidings products` lists them")),
    ],
)
def test_a_price_that_no_market_can_have_is_wrong_usage(
    price: str, parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(f"--price {price}")
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert [part for part in parts if part not in shown] == []


@pytest.mark.parametrize(
    ("word", "query"), [("800", ""), ("all=800", ""), ("by-id=800", "by-id"), ("open-orders=800", "open-orders")]
)
def test_a_lag_is_of_all_queries_or_of_one(word: str, query: str) -> None:
    (fault,) = parsed(f"--query-lag-ms {word}").query_lag_ms
    assert (fault.kind, fault.lag_ms, fault.request) == ("query-lag", 800, query)


@pytest.mark.parametrize("word", ["foo=3", "create=3", "=3"])
def test_a_lag_of_what_never_lags_is_told_what_does(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(f"--query-lag-ms {word}")
    assert "one of open-orders, by-id, closed, trades or all" in capsys.readouterr().err


@pytest.mark.parametrize("price", ["BTCUSD=9000.50", "BTCUSDT=61000.1", "sBTCUSDT=61000", "BTCUSDT=123456789012345.1"])
def test_a_price_on_the_grid_is_taken_as_it_is_written(price: str) -> None:
    assert parsed(f"--price {price}").price == [tuple(price.split("="))]
