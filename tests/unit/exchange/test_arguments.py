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
