"""The engine's side of the dead-man's switch: signs of life, and the watchdog that reads them."""
