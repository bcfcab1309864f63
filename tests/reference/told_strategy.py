"""A strategy that writes down all it is told, every public field of every argument, without a product's help."""

from decimal import Decimal
from enum import Enum

import tidings
from tidings.cli.demo_quoter import Quoter
from tidings.model.instrument import Instrument

CALLBACKS = [name for name in vars(tidings.Strategy) if name.startswith("on_")]
WRITTEN_BY = ("bids", "offers")  # what a book tells only when asked
LEFT_OUT = ("on_change",)  # who else listens


def told(value):
    """`value` as plain data, by all its public attributes."""
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, bool | int | str | Decimal):
        return value
    if isinstance(value, Instrument):
        return value.symbol
    if isinstance(value, tidings.Phemex):
        return "session"
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [told(item) for item in value]
    names = [name for name in dir(value) if not name.startswith("_") and name not in LEFT_OUT]
    fields = {name: getattr(value, name) for name in names}
    plain = {name: told(field) for name, field in fields.items() if not callable(field)}
    return plain | {name: told(fields[name]()) for name in WRITTEN_BY if name in fields}


def writing_down(base):
    """A class that does what `base` does and keeps `heard`: what each callback was told."""

    def made(name):
        inherited = getattr(base, name)

        def callback(self, *arguments):
            self.heard.append((name, [told(argument) for argument in arguments]))
            inherited(self, *arguments)

        return callback

    def start(self, *arguments, **words):
        self.heard = []
        base.__init__(self, *arguments, **words)

    return type(f"Told{base.__name__}", (base,), {"__init__": start, **{name: made(name) for name in CALLBACKS}})


ToldQuoter = writing_down(Quoter)
ToldListener = writing_down(tidings.Strategy)
