"""Why a request budget has no room, in words: what the venue said, or what was sent, and how long to wait."""

from __future__ import annotations

from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_ORDER, Bucket, Cost
from tidings.venue.phemex.rate_groups import IP, MINUTE_NS, RateBudget

NS_PER_S = 1_000_000_000
NEVER_NS = 2**63 - 1


def why_no_room(cost: Cost, priority: int, now_ns: int) -> str:
    """Of the budgets a request draws on, why the one that has room last has none now; "" when all have."""
    short = [(bucket, weight) for bucket, weight in cost.charges if bucket.room(priority, now_ns) < weight]
    if not short:
        return ""
    bucket, weight = max(short, key=lambda charge: charge[0].next_room_ns(charge[1], priority, now_ns))
    return _why(bucket, weight, priority, now_ns)


def wait_s(cost: Cost, priority: int, now_ns: int) -> int:
    """Whole seconds, at least 1, until a request has room if nothing else is sent."""
    return _seconds(cost.next_take_ns(priority, now_ns) - now_ns)


def full_budgets(budget: RateBudget, now_ns: int) -> dict[str, str]:
    """Name of each budget that has no room for a new order or a question → why, and how long to wait."""
    if not budget.is_enforced:
        return {}
    buckets = [*budget.by_suffix.values(), budget.ip]
    return {
        bucket.name: _why(bucket, 1, PRIORITY_ORDER, now_ns)
        for bucket in buckets
        if bucket.room(PRIORITY_ORDER, now_ns) < 1
    }


def _why(bucket: Bucket, weight: int, priority: int, now_ns: int) -> str:
    where = "for this address" if bucket.name == IP else f"in its group {bucket.name}"
    ready_ns = bucket.next_room_ns(weight, priority, now_ns)
    wait = "it never has room" if ready_ns == NEVER_NS else f"wait {_seconds(ready_ns - now_ns)} s"
    if now_ns < bucket.blocked_until_ns:
        return f"the venue said 429 (too many requests) or retry-after {where}: {wait}"
    used, ours = bucket.used_at(now_ns), bucket.used_at(now_ns) - bucket.told_used
    period = "a minute" if bucket.window_ns == MINUTE_NS else f"in {bucket.window_ns // MINUTE_NS} minutes"
    allowed = f"{bucket.capacity} requests {period} allowed {where}"
    if bucket.is_doubted:
        text = f"nobody knows yet what was sent {where} before this engine began"
        return f"{text}: {wait}, or until the venue's next answer"
    if priority >= PRIORITY_CANCEL:
        text = f"this engine has sent {ours} of the {allowed}"
        return f"{text}, the share kept for cancels included: {wait}"
    text = f"{used} of the {allowed} are used"
    if bucket.told_used:
        text += f", {bucket.told_used} of them, says the venue, not by this engine"
    return f"{text}, and {bucket.reserve} are kept for cancels: {wait}"


def _seconds(span_ns: int) -> int:
    return max(1, -(-span_ns // NS_PER_S))
