"""Chains of ClOrdIDs: what is remembered, and that a restart remembers the same."""

import pytest

from tidings.errors import JournalDamaged
from tidings.fix_gateway.chain_log import NAME, FileChainLog, fact_of, line_of
from tidings.fix_gateway.order_chains import OrderChains

ECHO = {40: "2", 59: "1"}


def reopened(directory) -> OrderChains:
    return OrderChains(FileChainLog(directory))


def begun(chains: OrderChains, first_id: str = "o1"):
    return chains.begin(first_id, "C1", f"T-{first_id}", "BTCUSDT", "1", ECHO)


def test_a_chain_is_found_by_each_of_its_ids():
    chains = OrderChains()
    chain = begun(chains)
    chains.accept(chain, chains.ask(chain, "r1", is_replace=True))
    chains.accept(chain, chains.ask(chain, "c1", is_replace=False))
    assert [chains.find(name) is chain for name in ("o1", "r1", "c1", "x")] == [True, True, True, False]
    assert chain.head_id == "c1"


def test_a_refused_request_leaves_the_head_and_keeps_its_id_used():
    chains = OrderChains()
    chain = begun(chains)
    request = chains.ask(chain, "c1", is_replace=False)
    assert (request.orig_cl_ord_id, chain.row) == ("o1", "6")
    chains.refuse(chain, request)
    assert (chain.head_id, chain.cancel, chains.is_used("c1"), chains.find("c1")) == ("o1", None, True, None)


def test_a_restart_knows_ids_pending_requests_and_what_was_told(tmp_path):
    chains = reopened(tmp_path)
    chain = begun(chains)
    chain.told_status, chain.told_cum_lots, chain.exec_count = "1", 3, 2
    chains.note_told(chain, "exec-1")
    chains.accept(chain, chains.ask(chain, "r1", is_replace=True))
    chains.refuse(chain, chains.ask(chain, "r2", is_replace=True))
    chains.ask(chain, "c1", is_replace=False)
    chains.close()

    again = reopened(tmp_path)
    (found,) = again.open_chains()
    assert (found.first_id, found.owner, found.engine_id, found.echo) == ("o1", "C1", "T-o1", ECHO)
    assert (found.head_id, found.told_status, found.told_cum_lots, found.exec_count) == ("r1", "1", 3, 2)
    assert found.exec_ids == {"exec-1"}
    assert found.cancel.cl_ord_id == "c1"
    assert found.cancel.orig_cl_ord_id == "r1"
    assert [again.is_used(name) for name in ("o1", "r1", "r2", "c1", "c2")] == [True, True, True, True, False]
    again.close()


def test_a_finished_order_is_no_longer_open_but_its_id_is_used(tmp_path):
    chains = reopened(tmp_path)
    chain = begun(chains)
    chain.told_status = "4"
    chains.note_told(chain)
    chains.close()
    again = reopened(tmp_path)
    assert again.open_chains() == []
    assert again.is_used("o1")
    assert again.find("o1").told_status == "4"
    again.close()


def test_every_torn_tail_is_cut_and_the_rest_stays(tmp_path):
    chains = reopened(tmp_path)
    begun(chains, "o1")
    begun(chains, "o2")
    chains.close()
    whole = (tmp_path / NAME).read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(first, len(whole)):
        (tmp_path / NAME).write_bytes(whole[:length])
        cut = reopened(tmp_path)
        assert [chain.first_id for chain in cut.open_chains()] == ["o1"], length
        begun(cut, "o3")
        cut.close()
        again = reopened(tmp_path)
        assert [chain.first_id for chain in again.open_chains()] == ["o1", "o3"], length
        again.close()


def test_damage_before_the_end_is_refused(tmp_path):
    chains = reopened(tmp_path)
    begun(chains, "o1")
    begun(chains, "o2")
    chains.close()
    data = bytearray((tmp_path / NAME).read_bytes())
    data[20] ^= 1
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(JournalDamaged, match="byte 0 is damaged"):
        reopened(tmp_path)


def test_a_line_is_its_checksum_and_its_fact():
    assert line_of(("Z", "a")) == b'95ebd324 ["Z","a"]\n'
    assert fact_of(b'95ebd324 ["Z","a"]') == ["Z", "a"]
    assert fact_of(b'95ebd325 ["Z","a"]') is None
