"""The WebSocket face: logins, subscriptions, feeds."""
