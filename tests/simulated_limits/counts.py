"""How the venue may count, written from its documents (phemex docs 2026, "Rate limits") and nothing else.

The docs do not say whether a minute begins at fixed times or slides, so both are counted; a request that is too many
by either is an excess.
"""

from collections import deque

S_NS = 1_000_000_000
MINUTE_NS = 60 * S_NS
ADDRESS_WINDOW_NS = 300 * S_NS
CONTRACT, SPOT_ORDER, OTHERS, ALL_SYMBOLS, ADDRESS = "contract", "spotorder", "others", "contact_all_sym", "ip"


class Sliding:
    """Weight in the window that ends now."""

    def __init__(self, capacity, window_ns):
        self.capacity, self.window_ns, self._arrivals, self._used = capacity, window_ns, deque(), 0

    def remaining(self, at_ns):
        while self._arrivals and self._arrivals[0][0] <= at_ns - self.window_ns:
            self._used -= self._arrivals.popleft()[1]
        return self.capacity - self._used

    def add(self, weight, at_ns):
        self._arrivals.append((at_ns, weight))
        self._used += weight


class Fixed:
    """Weight since the window began; windows begin every `window_ns`, at a time nobody was told."""

    def __init__(self, capacity, window_ns, phase_ns):
        self.capacity, self.window_ns, self._phase_ns, self._window, self._used = capacity, window_ns, phase_ns, 0, 0

    def remaining(self, at_ns):
        window = (at_ns + self._phase_ns) // self.window_ns
        if window != self._window:
            self._window, self._used = window, 0
        return self.capacity - self._used

    def add(self, weight, at_ns):
        self._used += weight


class Counter:
    """One limit, counted both ways; `told_by` says which of the two the venue answers by."""

    def __init__(self, capacity, window_ns, phase_ns, told_by):
        self.models = {"sliding": Sliding(capacity, window_ns), "fixed": Fixed(capacity, window_ns, phase_ns)}
        self._told_by = told_by

    def admit(self, weight, at_ns):
        """Count one arrival: whether the venue takes it, and whether either way of counting calls it too many."""
        is_excess = any(model.remaining(at_ns) < weight for model in self.models.values())
        is_taken = self.models[self._told_by].remaining(at_ns) >= weight
        if is_taken:
            for model in self.models.values():
                model.add(weight, at_ns)
        return is_taken, is_excess

    def remaining(self, at_ns):
        return self.models[self._told_by].remaining(at_ns)


def limits_of(request, profile):
    """(limit's name, weight) of everything one request counts in."""
    if not request.is_signed and profile != "vip":
        return [(ADDRESS, 1)]
    charges = [(request.group, request.weight)]
    if profile == "vip" and request.group == CONTRACT:
        if request.symbol:
            charges.append((f"{CONTRACT}_{request.symbol.lower()}", request.weight))
        if not request.symbol or request.path.endswith("/all"):
            charges.append((ALL_SYMBOLS, request.weight))
    return [*charges, (ADDRESS, 1)]
