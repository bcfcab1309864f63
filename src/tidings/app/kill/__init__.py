"""The kill switch: what it does, who may pull it, and that it stays pulled."""
