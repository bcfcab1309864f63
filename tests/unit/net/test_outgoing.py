"""A connection to a peer that pushes: what keeps it from coming about, in words. The rest is tested with its users."""

import pytest

from tidings.errors import ConnectionLost
from tidings.net.outgoing import client_tls, open_connection


@pytest.mark.parametrize("host", ["venue..example", ".example", f"{'x' * 64}.example"])
@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_what_cannot_be_a_name_is_told_as_any_name_that_does_not_resolve(host, is_encrypted):
    with pytest.raises(ConnectionLost, match=f"^{host}:5001: the name does not resolve"):
        await open_connection(host, 5001, None, client_tls() if is_encrypted else None)
