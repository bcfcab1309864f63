"""How many questions one client may ask."""

from tidings.fix_gateway.request_limit import RequestLimit

S_NS = 1_000_000_000


def test_so_many_at_once_then_so_many_a_second():
    limit = RequestLimit(at_once=3, per_s=2)
    assert [limit.take(S_NS) for _ in range(5)] == [True, True, True, False, False]
    assert not limit.take(S_NS + S_NS // 2 - 1)
    assert limit.take(S_NS + S_NS // 2)
    assert not limit.take(S_NS + S_NS // 2)
    assert [limit.take(100 * S_NS) for _ in range(4)] == [True, True, True, False]  # rest gives back no more than that


def test_refused_ones_cost_nothing():
    limit = RequestLimit(at_once=1, per_s=1)
    assert limit.take(S_NS)
    assert not any(limit.take(S_NS + number) for number in range(1000))
    assert limit.take(2 * S_NS)
