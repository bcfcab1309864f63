"""The chains of an account are read beside the journal that its orders were written into, or not at all."""

import pytest

from tidings.errors import ConfigError
from tidings.fix_gateway.config import ClientSettings, GatewayConfig
from tidings.fix_gateway.gateway import Gateway
from tidings.fix_gateway.order_chains import OrderChains

SESSION = ClientSettings(our_comp_id="P", client_comp_id="C1", account="main", store="memory")


def chains_with(status: str) -> OrderChains:
    chains = OrderChains()
    chain = chains.begin("o1", "P-C1", "e1", "BTCUSDT", "1", {})
    chain.told_status = status
    chains.note_told(chain)
    return chains


def check(directory, journal: str, status: str = "0", env: str = "live") -> None:
    Gateway(GatewayConfig(session=(SESSION,)), None, env)._check_journal(directory, journal, chains_with(status))


def test_open_orders_of_another_key_are_not_told_as_never_sent(tmp_path):
    check(tmp_path, "live-1234")
    check(tmp_path, "live-1234")
    with pytest.raises(ConfigError, match="has open orders of journal live-1234, and this key's is live-5678"):
        check(tmp_path, "live-5678")
    check(tmp_path, "live-1234")


def test_a_new_key_is_welcome_where_nothing_is_open(tmp_path):
    check(tmp_path, "live-1234")
    check(tmp_path, "live-5678", status="4")
    check(tmp_path, "live-5678")


def test_without_a_journal_nothing_is_kept_on_disk(tmp_path):
    with pytest.raises(ConfigError, match='journal = "none" forgets the orders'):
        check(tmp_path, "", status="4")
    Gateway(GatewayConfig(session=(SESSION,)), None, "live")._check_journal(None, "", chains_with("0"))


def test_another_local_exchange_took_its_orders_with_it(tmp_path):
    check(tmp_path, "local-1234", env="local")
    check(tmp_path, "local-5678", env="local")
