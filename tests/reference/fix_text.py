"""FIX messages written by hand: `|` for SOH, BodyLength and CheckSum worked out here, in five lines of their own."""


def framed(body: str, begin_string: str = "FIX.4.4") -> bytes:
    """`35=…|…|` with 8 and 9 in front and 10 behind."""
    return raw_frame(body.replace("|", "\x01").encode("latin-1"), begin_string.encode())


def raw_frame(body: bytes, begin_string: bytes = b"FIX.4.4") -> bytes:
    text = b"8=" + begin_string + b"\x019=" + str(len(body)).encode() + b"\x01" + body
    return text + b"10=" + str(sum(text) % 256).zfill(3).encode() + b"\x01"


def soh(text: str) -> bytes:
    return text.replace("|", "\x01").encode("latin-1")


ORDER = framed(
    "35=D|34=17|49=DESK7|52=20270314-09:26:53.589|56=VENUE|1=ACC-3|11=q7f3k2-000412|18=6 E|38=1.25|40=2|44=1987.35|"
    "54=1|55=ETHUSDT|58=hedge leg 3 of 4|59=1|60=20270314-09:26:53.587|"
)
REPORT = framed(
    "35=8|34=91|49=VENUE|52=20270314-09:26:53.612|56=DESK7|6=1987.35|11=q7f3k2-000412|14=0.75|"
    "17=0d7c1f2e-93ab-4f6e-b1c4-52c0de91a7f3|31=1987.35|32=0.75|37=e51b7a04-3c1d-4b52-8a0e-7be0c6d1f988|38=1.25|39=1|"
    "40=2|44=1987.35|54=1|55=ETHUSDT|59=1|60=20270314-09:26:53.608|136=1|137=-0.2981|138=USDT|139=4|150=F|151=0.5|"
    "527=33|851=1|"
)
