"""Strategies from a file: which ones, with which symbols, and what is said of a file that has none."""

import asyncio
import gc
import io
import warnings
from pathlib import Path

import pytest

from tidings.cli.screen import Screen
from tidings.cli.strategy_file import choose_symbols, load_strategies, told_as_its_own
from tidings.errors import StrategyFailed, UsageError

HEAD = "import tidings\nfrom tidings import Strategy\n"


@pytest.fixture
def loaded(tmp_path):
    def load(text, head=HEAD):
        path = tmp_path / "mine.py"
        path.write_text(head + text)
        return load_strategies(path)

    return load


def test_each_class_the_file_defines_is_made_once(loaded):
    found = loaded("class A(Strategy): ...\nclass _Base(Strategy): ...\nclass B(_Base): ...\nAlso = A\n")
    assert [type(one).__name__ for one in found] == ["A", "B"]


def test_strategies_the_file_has_made_itself_come_before_its_classes(loaded):
    found = loaded("class A(Strategy):\n    def __init__(self, n): self.name = n\none, two = A('one'), A('two')\n")
    assert [one.name for one in found] == ["one", "two"]


def test_a_scripts_own_start_is_not_run_and_its_neighbours_are_found(loaded, tmp_path):
    (tmp_path / "neighbour_of_mine.py").write_text("N = 7\n")
    (found,) = loaded(
        "from neighbour_of_mine import N\nclass A(Strategy):\n    n = N\n"
        "if __name__ == '__main__': raise SystemExit(1)\n"
    )
    assert found.n == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [("x = 1\n", "defines no strategy"), ("from tidings.cli.demo_quoter import Quoter\n", "defines no strategy"),
     ("1 / 0\n", "cannot be loaded: ZeroDivisionError"), ("def (", r"^\S*/mine.py:3: invalid syntax$"),
     ("class A(Strategy):\n    def __init__(self, sizes): ...\n", "cannot be made without arguments")],
)  # fmt: skip
def test_a_file_without_a_strategy_says_so(loaded, text, words):
    with pytest.raises(UsageError, match=words):
        loaded(text)


def test_a_script_that_starts_itself_is_told_in_one_sentence(loaded):
    """Its main() has been made, and is never awaited: a warning would stand below the sentence, and say less."""

    async def load():
        with pytest.raises(UsageError, match="cannot be called from a running event loop"):
            loaded("import asyncio\nasync def main(): ...\nasyncio.run(main())\n")

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(load())
        gc.collect()
    assert told == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        load_strategies(tmp_path / "gone.py")


def test_a_directory_is_not_called_missing(tmp_path):
    with pytest.raises(UsageError, match="that is a directory: name the file in it"):
        load_strategies(tmp_path)


def test_symbols_given_are_told_to_the_strategies_and_else_their_own_are_taken(loaded):
    found = loaded("class A(Strategy):\n    symbols = ('X', 'Y')\nclass B(Strategy):\n    symbols = ('Y', 'Z')\n")
    assert choose_symbols(found, None) == ["X", "Y", "Z"]
    assert choose_symbols(found, ["Q"]) == ["Q"]
    assert [one.symbols for one in found] == [("Q",), ("Q",)]


def test_no_symbols_at_all_are_refused(loaded):
    with pytest.raises(UsageError, match="no symbols"):
        choose_symbols(loaded("class A(Strategy): ...\n"), None)


def test_symbols_in_one_text_are_no_letters(loaded):
    found = loaded("class A(Strategy):\n    symbols = 'BTCUSDT'\n")
    with pytest.raises(UsageError, match=r"`symbols` of A is one text: write it as \('BTCUSDT',\)"):
        choose_symbols(found, None)


@pytest.mark.parametrize("is_relative", [False, True])
def test_what_its_on_start_raises_is_told_by_its_own_lines(tmp_path, monkeypatch, is_relative):
    monkeypatch.chdir(tmp_path)
    path = Path("mine.py") if is_relative else tmp_path / "mine.py"
    path.write_text(f"{HEAD}class A(Strategy):\n  def on_start(self, session, now_ns):\n    raise KeyError('gone')\n")
    (one,) = load_strategies(path)
    told = io.StringIO()
    with (
        pytest.raises(StrategyFailed, match=r"mine\.py: on_start raised KeyError\('gone'\): the run ended there"),
        told_as_its_own(path, Screen(as_json=False, out=io.StringIO(), progress=told)),
    ):
        one.on_start(None, 1)
    assert told.getvalue().count("File ") == 1 and "mine.py" in told.getvalue()


def test_what_is_no_fault_of_the_file_stays_as_it_is(tmp_path):
    for error in (ValueError("ours"), UsageError("no such symbol")):
        with pytest.raises(type(error)) as raised, told_as_its_own(tmp_path / "mine.py", Screen(as_json=False)):
            raise error
        assert raised.value is error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise SystemExit(0)\n", "ends itself as it is loaded"),
        ("class A(Strategy):\n    def __init__(self): raise KeyError('mine')\n", r"A\(\) cannot be made: KeyError"),
    ],
)
def test_a_file_that_ends_or_fails_before_anything_ran_is_no_success(loaded, text, said):
    with pytest.raises(UsageError, match=said):
        loaded(text)


def test_symbols_that_are_none_are_told(loaded):
    with pytest.raises(UsageError, match="`symbols` of A are texts in a list: was None"):
        choose_symbols(loaded("class A(Strategy):\n    symbols = None\n"), None)
