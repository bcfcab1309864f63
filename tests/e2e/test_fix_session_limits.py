"""What a session may be about: its account in every message that names one, symbols that there are."""

import subprocess

from tidings_command import LIMIT_S, clean_environment, command_line


def test_a_change_that_names_another_account_is_refused_and_uses_up_no_id(start_gateway):
    client = start_gateway().connect()
    client.logon()
    client.order("o1", t1="2")
    client.expect("8", t150="0", t1="2")
    client.change("F", "c1", "o1", (1, "3"))
    client.expect("9", t11="c1", t41="o1", t39="0", t102="99", t434="1", t58="not this session's account")
    client.change("G", "r1", "o1", (1, "3"), (40, "2"), (44, "54800"))
    client.expect("9", t11="r1", t41="o1", t39="0", t102="99", t434="2", t58="not this session's account")
    client.change("G", "r1", "o1", (1, "2"), (40, "2"), (44, "54800"))
    client.expect("8", t150="5", t11="r1", t44="54800")
    client.change("F", "c1", "r1", (1, "2"))
    client.expect("8", t150="4", t11="c1")


def test_a_symbol_that_the_venue_has_not_ends_the_start(tmp_path, quiet_exchange):
    config = tmp_path / "gateway.toml"
    session = '[[session]]\nour_comp_id = "P"\nclient_comp_id = "C7"\naccount = "2"\nstore = "memory"\n'
    config.write_text(session + 'symbols = ["BTCUSDT", "NOSUCH", "ETHUSDT"]\n')
    arguments = ("gateway", "--config", config, "--exchange", quiet_exchange.ready_file)
    done = subprocess.run(
        command_line(*arguments), env=clean_environment(), capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 2
    assert "session C7: symbols: the venue has no 'NOSUCH'" in done.stderr
    config.write_text(session + 'symbols = ["btcusdt"]\n')
    done = subprocess.run(
        command_line(*arguments), env=clean_environment(), capture_output=True, text=True, timeout=LIMIT_S
    )
    assert "the venue has no 'btcusdt': near it are BTCUSDT" in done.stderr
