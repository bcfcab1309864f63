"""The exchange's state in a file: written whole, read back, refused by name where it is not sound."""
