"""Money: balances, positions, margin, wallets."""
