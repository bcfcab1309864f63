"""A session into a recording: what came, what was sent, what strategies and the order path did."""
