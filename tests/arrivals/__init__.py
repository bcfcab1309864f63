"""Every message about an order in every order in which it can arrive: `python -m tests.arrivals`."""
