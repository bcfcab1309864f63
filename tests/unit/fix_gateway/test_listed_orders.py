"""Orders in the venue's lists, which name the engine's ids, and whose they are: also after a restart."""

import pytest

from tidings.fix_gateway import order_chains
from tidings.fix_gateway.chain_log import FileChainLog
from tidings.fix_gateway.order_chains import OrderChains


def done(chains: OrderChains, first_id: str, engine_id: str, status: str = "2") -> None:
    chain = chains.begin(first_id, "C1", engine_id, "BTCUSDT", "1", {})
    chain.told_status = status
    chains.note_told(chain)


@pytest.mark.parametrize("is_shortened", [False, True])
def test_a_restart_knows_whose_order_it_was(tmp_path, is_shortened):
    chains = OrderChains(FileChainLog(tmp_path))
    done(chains, "o1", "T-1")
    chains.begin("o2", "C2", "T-2", "ETHUSDT", "1", {})
    if is_shortened:
        chains._shorten(wait=True)
    chains.close()
    again = OrderChains(FileChainLog(tmp_path))
    assert [again.find_listed(engine_id, "").first_id for engine_id in ("T-1", "T-2")] == ["o1", "o2"]
    assert again.find_listed("T-3", "no-order") is None
    assert again.symbols() == {"BTCUSDT", "ETHUSDT"}
    again.close()


@pytest.mark.parametrize("is_shortened", [False, True])
def test_an_order_that_never_left_gives_its_engine_id_away(tmp_path, is_shortened):
    """It was refused before the wire, so the next one was sent under the same id."""
    chains = OrderChains(FileChainLog(tmp_path))
    done(chains, "refused", "T-1", "8")
    chains.begin("sent", "C1", "T-1", "BTCUSDT", "1", {})
    assert chains.find_listed("T-1", "").first_id == "sent"
    if is_shortened:
        chains._shorten(wait=True)
    chains.close()
    again = OrderChains(FileChainLog(tmp_path))
    assert again.find_listed("T-1", "").first_id == "sent"
    again.close()


def test_what_is_forgotten_is_not_found(monkeypatch):
    monkeypatch.setattr(order_chains, "DONE_ORDERS_KEPT", 1)
    chains = OrderChains()
    done(chains, "o1", "T-1")
    done(chains, "o2", "T-2")
    assert chains.find_listed("T-1", "") is None
    assert chains.is_used("o1")
    assert chains.find_listed("T-2", "").first_id == "o2"


def test_the_venues_id_goes_before_the_engines():
    chains = OrderChains()
    done(chains, "o1", "T-1")
    second = chains.begin("o2", "C1", "T-2", "BTCUSDT", "1", {})
    chains.know_order_id(second, "the-venues")
    assert chains.find_listed("T-1", "the-venues") is second
