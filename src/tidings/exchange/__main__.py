"""`python -m tidings.exchange`: the command of `command.py`, without the rest of the command line."""

import sys

from tidings.exchange.command import main

sys.exit(main())
