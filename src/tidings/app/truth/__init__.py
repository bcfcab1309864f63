"""What is true of our orders: the venue's lists against ours, unknown fates, foreign orders, earlier sessions."""
