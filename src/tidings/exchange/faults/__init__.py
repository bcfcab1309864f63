"""What goes wrong when it is told to."""
