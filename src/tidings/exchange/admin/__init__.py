"""The admin endpoint: what is behind the exchange's back, for tests."""
