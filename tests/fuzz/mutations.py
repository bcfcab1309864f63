"""Messages to begin with, and ways to spoil them: seeded, so that a number names a run."""

import random

from tests.reference.fix_text import ORDER, REPORT, framed, raw_frame

SEEDS = [
    ORDER,
    REPORT,
    framed("35=A|34=1|49=C1|52=20260801-12:00:00.000|56=VENUE|98=0|108=30|141=Y|95=5|96=a|b|c|553=u|554=p|"),
    framed("35=1|34=2|49=C1|52=20260801-12:00:00|56=VENUE|112=T|"),
    framed("35=4|34=3|43=Y|49=C1|52=20260801-12:00:00|56=VENUE|122=20260801-12:00:00|36=9|123=Y|"),
    framed("35=V|34=4|49=C1|52=20260801-12:00:00|56=VENUE|262=r|263=1|264=0|267=2|269=0|269=1|146=2|55=X|55=Y|"),
    framed("35=D|34=5|49=C1|52=20260801-12:00:00|56=VENUE|11=a|453=2|448=p|447=D|452=1|802=1|523=q|803=2|448=r|"
           "452=3|54=1|55=X|38=1|40=1|60=20260801-12:00:00|354=3|355=x=y|"),
]  # fmt: skip
TOKENS = [b"8=", b"\x019=", b"\x0110=", b"\x01", b"=", b"\x01\x01", b"35=", b"-", b"0", b"99999999", b"2147483648"]
TOKENS += [b"8=FIX.4.4\x019=5\x01", b"\x0195=0\x0196=", b"\x01453=99\x01", b"\x01-7=1\x01", b"\x0165536=x\x01", b"\xff"]
GROWN_BYTES_MAX = 4096


class Mutator:
    """Makes one input after another from the seeds."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def below(self, count: int) -> int:
        """As randrange, in a fifth of its time."""
        return int(self.random.random() * count)

    def message(self) -> bytes:
        """A seed, spoilt up to six times; framed anew in half of the cases, so that not all are garbled."""
        data = bytearray(SEEDS[self.below(len(SEEDS))])
        for _ in range((0, 1, 1, 2, 3, 6)[self.below(6)]):
            self.spoil(data)
        if self.below(2):
            begin, end = data.find(b"35="), data.rfind(b"10=")
            return raw_frame(bytes(data[begin if begin >= 0 else 0 : end if end > begin else len(data)]))
        return bytes(data)

    def spoil(self, data: bytearray) -> None:
        below = self.below
        place = below(len(data) + 1)
        how = below(6)
        if how == 0 and data:
            data[place - 1] = below(256)
        elif how == 1:
            data[place:place] = TOKENS[below(len(TOKENS))]
        elif how == 2:
            del data[place : place + 1 + below(20)]
        elif how == 3:
            data[place:place] = data[place : place + 1 + below(40)]
        elif how == 4:
            other = SEEDS[below(len(SEEDS))]
            start = below(len(other))
            data[place : place + below(20)] = other[start : start + 1 + below(60)]
        else:
            data[place : place + 1] = TOKENS[below(len(TOKENS))] * (1 + below(5))
        del data[GROWN_BYTES_MAX:]

    def cuts(self, data: bytes) -> list[bytes]:
        """The same bytes in one to six reads."""
        count = (0, 0, 1, 2, 5)[self.below(5)]
        if not count:
            return [data]
        places = sorted(self.below(len(data) + 1) for _ in range(count))
        return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
