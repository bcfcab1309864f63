"""One message of every kind that a gateway sends: which tags in which order, with values made up here, by tag.

Bytes come from simplefix. A tag's value that depends on the kind (a count, a repeated tag) is written out.
"""

import simplefix

REPORT_TAGS = "6 11 14 17 37 38 39 40 44 54 55 59 60 150 151"
SHAPES = {
    "Heartbeat": ("0", ""),
    "Heartbeat answering": ("0", "112"),
    "TestRequest": ("1", "112"),
    "ResendRequest": ("2", "7 16"),
    "Reject": ("3", "45 58 371 372 373"),
    "Reject routed": ("3", "128 129 45 58 371 372 373"),
    "SequenceReset": ("4", "43 122 36 123"),
    "Logout": ("5", "58"),
    "Logon": ("A", "98 108"),
    "Logon with reset": ("A", "98 108 141 789"),
    "ExecutionReport": ("8", REPORT_TAGS),
    "ExecutionReport, fill": (
        "8",
        "6 11 14 17 18 31 32 37 38 39 40 44 54 55 59 60 136=1 137 138 139 150 151 527 851",
    ),
    "ExecutionReport, cancelled": ("8", "6 11 14 17 37 38 39 40 41 44 54 55 58 59 60 150 151"),
    "ExecutionReport, rejected": ("8", "6 11 14 17 37 38 39 40 44 54 55 58 59 60 103 150 151"),
    "ExecutionReport, triggered": ("8", "6 11 14 17 37 38 39 40 44 54 55 58 59 60 99 150 151 378 636"),
    "ExecutionReport, unknown": ("8", "6 11 14 17 37 39 54 55 58 60 103 150 151 790"),
    "ExecutionReport, mass status": ("8", f"{REPORT_TAGS} 584 911 912"),
    "ExecutionReport, drop copy": ("8", f"{REPORT_TAGS} 797"),
    "OrderCancelReject": ("9", "11 37 39 41 58 60 102 434"),
    "OrderMassCancelReport": ("r", "11 37 55 60 530 531 533 534=2 41=q1 535=V1 41=q2 535=V2"),
    "OrderMassCancelReport, refused": ("r", "11 37 58 60 530 531=0 532 533=0"),
    "BusinessMessageReject": ("j", "45 58 372 380"),
    "ListStatus": ("N", "66 68 73=2 11 14 39 151 84 6 11=q2 14=0 39=0 151=1 84=0 6=0 82 83 429 431"),
    "MarketDataSnapshot": (
        "W",
        "55 262 268=3 269=0 270 271 290 269=1 270=1988.1 271=3.5 290 269=2 270=1987.4 271=0.02 272 273",
    ),
    "MarketDataIncremental": ("X", "262 268=2 279=1 269=0 55 270 271 279=0 269=2 278 55 270 271 272 273 274"),
    "MarketDataRequestReject": ("Y", "58 262 281"),
    "SecurityList": ("y", "146=1 55 107 167 461 15 231 561 562 320 322 393 560 893"),
    "SecurityDefinition": ("d", "15 55 167 320 322 323 461"),
    "SecurityStatus": ("f", "55 324 326"),
    "RequestForPositionsAck": ("AO", "1 581 710 721 727 728 729"),
    "PositionReport": (
        "AP",
        "1 15 55 325 581 702=1 703 704 705 710 715 721 727 728 730 731 734 753=1 707 708",
    ),
    "TradeCaptureReportRequestAck": ("AQ", "55 568 569 749 750"),
    "TradeCaptureReport": ("AE", "17 31 32 55 60 75 150 568 570 571 748 912 552=1 54 37 11 136=1 137 138 139"),
    "News": ("B", "33=2 58 58=again 148"),
}
VALUES = {
    1: "ACC-3", 6: "1987.3525", 7: "12", 11: "q7f3k2-000412", 14: "0.75", 15: "USDT", 16: "0", 17: "0d7c1f2e-93ab",
    18: "6", 31: "1987.35", 32: "0.75", 34: "907", 36: "31", 37: "e51b7a04-3c1d-4b52", 38: "1.25", 39: "1",
    40: "2", 41: "q7f3k2-000411", 43: "Y", 44: "1987.35", 45: "88", 49: "VENUE", 52: "20270314-09:26:53.612",
    54: "2", 55: "ETHUSDT", 56: "DESK7", 58: "caf\xe9 = closed", 59: "3", 60: "20270314-09:26:53.608", 66: "L-4",
    68: "2", 75: "20270314", 82: "1", 83: "1", 84: "0.5", 98: "0", 99: "1979.5", 102: "3", 103: "99",
    107: "ETH/USDT perpetual", 108: "20", 112: "are you there", 122: "20270314-09:26:51.001", 123: "Y", 128: "HUB",
    129: "ann", 137: "-0.2981", 138: "USDT", 139: "4", 141: "Y", 148: "maintenance at noon", 150: "F", 151: "0.5",
    167: "FUT", 231: "1", 262: "md-7", 270: "1987.25", 271: "12.75", 272: "20270314", 273: "09:26:53.600",
    274: "1", 278: "t-5521", 281: "4", 290: "1", 320: "sr-2", 322: "sr-2-1", 323: "1", 324: "ss-9", 325: "Y",
    326: "17", 371: "44", 372: "D", 373: "6", 378: "99", 380: "3", 393: "1", 429: "2", 431: "3", 434: "2",
    461: "FFCCSX", 527: "334471", 530: "1", 531: "1", 532: "99", 533: "2", 560: "0", 561: "0.01", 562: "0.01",
    568: "tc-3", 569: "1", 570: "N", 571: "tc-3-1", 581: "1", 584: "ms-2", 636: "Y", 703: "TQ", 704: "2.5",
    705: "0", 707: "FMTM", 708: "-14.2", 710: "pr-6", 715: "20270314", 721: "pr-6-1", 727: "1", 728: "0", 729: "0",
    730: "1987.4", 731: "2", 734: "1979.05", 748: "1", 749: "0", 750: "0", 789: "31", 790: "st-1", 797: "Y",
    851: "2", 893: "Y", 911: "3", 912: "Y",
}  # fmt: skip


def fields_of(shape: str) -> list[tuple[int, bytes]]:
    """(tag, value) of everything but 8, 9 and 10."""
    msg_type, body = SHAPES[shape]
    fields = [(35, msg_type)]
    for token in f"34 49 52 56 {body}".split():
        tag, _, value = token.partition("=")
        fields.append((int(tag), value or VALUES[int(tag)]))
    return [(tag, value.encode("latin-1")) for tag, value in fields]


def encoded_by_simplefix(fields: list[tuple[int, bytes]]) -> bytes:
    message = simplefix.FixMessage()
    message.append_pair(8, "FIX.4.4")
    for tag, value in fields:
        message.append_pair(tag, value)
    encoded: bytes = message.encode()
    return encoded
