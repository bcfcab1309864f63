"""Orders of earlier sessions, taken into the order table of this one."""
