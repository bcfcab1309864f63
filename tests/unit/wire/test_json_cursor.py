"""The JSON cursor against the standard library's parser: what it takes, what it refuses, what it picks."""

import json
import random
from decimal import Context, Decimal

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidings.errors import PeerError
from tidings.wire.json_cursor import JsonPicker, pick, scaled

MESSAGE = (
    b'{"code":0,"msg":"","data":{"orderID":"code","list":[1,-2.50,{"code":7}]},"price":32000.00000000,'
    b'"zero":0E-8,"time":1763486096357633582,"ok":true,"no":false,"nil":null,"text":"a\\"b\\\\c \\u00e9","end":"}"}'
)
KEYS = tuple(json.loads(MESSAGE))


def reference(text: bytes) -> dict:
    """What the standard library makes of `text`; raises for anything the cursor must refuse."""

    def refuse(constant):
        raise ValueError(constant)

    return json.loads(text.decode("utf-8", "replace"), parse_float=Decimal, parse_constant=refuse)


def test_every_kind_of_value_is_picked():
    assert pick(MESSAGE, *KEYS) == {
        "code": 0,
        "msg": "",
        "data": b'{"orderID":"code","list":[1,-2.50,{"code":7}]}',
        "price": Decimal("32000.00000000"),
        "zero": Decimal("0E-8"),
        "time": 1763486096357633582,
        "ok": True,
        "no": False,
        "nil": None,
        "text": 'a"b\\c é',
        "end": "}",
    }


def test_a_key_inside_a_string_or_a_deeper_object_fools_nobody():
    text = b'{"a":"\\"code\\":5,","b":{"code":6},"c":[{"code":7}],"code":8}'
    assert pick(text, "code") == {"code": 8}


def test_absent_keys_are_absent():
    assert pick(b"{}", "code") == {}
    assert pick(b'{"cod":1,"codes":2,"Code":3,"cxde":4,"":5}', "code") == {}


def test_white_space_is_allowed_where_json_allows_it():
    assert pick(b' \t\r\n{ "a" : 1 ,\n"b" : [ 1 , 2 ] , "c" : { } } ', "a", "b") == {"a": 1, "b": b"[ 1 , 2 ]"}


def test_every_truncation_is_refused():
    for cut in range(len(MESSAGE)):
        for names in (KEYS, ("absent",)):
            with pytest.raises(PeerError):
                pick(MESSAGE[:cut], *names)


REFUSED = [
    b"", b" ", b"null", b"1", b'"a"', b"[]", b"{", b"}", b"{}}", b"{} x", b"\xef\xbb\xbf{}", b"{}\0", b"\0{}",
    b'{"a"}', b'{"a":}', b'{"a":1,}', b'{,"a":1}', b'{"a":1 "b":2}', b'{"a" 1}', b"{a:1}", b"{'a':1}", b'{"a"::1}',
    b'{"a":01}', b'{"a":-}', b'{"a":+1}', b'{"a":.5}', b'{"a":5.}', b'{"a":1e}', b'{"a":1e+}', b'{"a":1-2}',
    b'{"a":0x1}', b'{"a":--1}', b'{"a":1.2.3}', b'{"a":1e5.5}', b'{"a":-01}', b'{"a":NaN}', b'{"a":Infinity}',
    b'{"a":nul}', b'{"a":nulll}', b'{"a":True}', b'{"a":truefalse}', b'{"a":undefined}',
    b'{"a":"\n"}', b'{"a":"\t"}', b'{"a":"\0"}', b'{"a":"\\x41"}', b'{"a":"\\u12g4"}', b'{"a":"\\"}', b'{"a":"\\u12',
    b'{"a":[1,]}', b'{"a":[,1]}', b'{"a":[1 2]}', b'{"a":[1}', b'{"a":{1:2}}', b'{"a":[1}}', b'{"a":{"b":1]}',
    b'{"a":1}{"a":1}', b'{"a":1,"a":2}', b'{"a":/*x*/1}', b'{"a":1;"b":2}', b'{"\\u0061":1}', b"{\x0b}",
]  # fmt: skip


@pytest.mark.parametrize("names", [("a", "b"), ("x",)], ids=["picked", "skipped"])
@pytest.mark.parametrize("text", REFUSED)
def test_refused(text, names):
    if text == b'{"a":1,"a":2}' and "a" not in names:
        return  # a key nobody asked for may come twice
    with pytest.raises(PeerError, match=r"^JSON "):
        pick(text, *names)


@pytest.mark.parametrize("names", [("a",), ("x",)], ids=["picked", "skipped"])
def test_depth_is_limited(names):
    inner = 31  # the outermost object is the first level of 32
    assert pick(b'{"a":' + b"[" * inner + b"]" * inner + b"}", *names) in ({}, {"a": b"[" * inner + b"]" * inner})
    with pytest.raises(PeerError, match="deeper than 32"):
        pick(b'{"a":' + b"[" * (inner + 1) + b"]" * (inner + 1) + b"}", *names)
    with pytest.raises(PeerError, match="deeper than 32"):
        pick(b'{"a":' + b'{"a":' * 100_000, *names)


def test_numbers_beyond_python_are_a_peer_error():
    for number in (b"9" * 5000, b"1e" + b"9" * 30):
        with pytest.raises(PeerError, match="number"):
            pick(b'{"a":' + number + b"}", "a")
        assert pick(b'{"a":' + number + b"}", "b") == {}


scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
documents = st.dictionaries(
    st.text("abcdeXYZ_09 .é", min_size=1, max_size=12),
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=12),
    max_size=12,
)


# Building documents is slow on a busy machine; that says nothing about the cursor.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents, st.booleans(), st.sampled_from([None, 2]))
def test_agrees_with_the_standard_library(document, ensure_ascii, indent):
    document = {key: value for key, value in document.items() if key.isascii() or not ensure_ascii}
    text = json.dumps(document, ensure_ascii=ensure_ascii, indent=indent).encode()
    names = list(document)[::2]
    try:
        picked = pick(text, *names) if names else {}
    except ValueError as error:  # two names with one fingerprint
        assert "perfect hash" in str(error)
        return
    assert set(picked) == set(names)
    for name in names:
        expected = document[name]
        got = json.loads(picked[name]) if isinstance(expected, dict | list) else picked[name]
        assert got == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
def test_decimals_come_exactly(value):
    assert pick(b'{"a":%s}' % format(value, "f").encode(), "a") == {"a": value}


def exact(text: str, scale: int) -> int | None:
    """What `scaled` must give: exact arithmetic, and None where int64 ends."""
    value = Decimal(text).scaleb(scale, Context(prec=200))
    whole = int(value) if value == value.to_integral_value() else None
    return whole if whole is not None and -(2**63) <= whole < 2**63 else None


number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@given(number_texts, st.integers(0, 18))
def test_scaling_is_exact_or_refused(text, scale):
    assert scaled(text.encode(), scale) == exact(text, scale)
    assert scaled(b'"%s"' % text.encode(), scale) == exact(text, scale)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_int64_comes_back(number):
    assert scaled(str(number).encode(), 0) == number


@pytest.mark.parametrize("edge", [2**63 - 1, 2**63, 10**19 - 1, 10**19, -(2**63), -(2**63) - 1])
def test_the_edges_of_64_bits(edge):
    assert scaled(str(edge).encode(), 0) == exact(str(edge), 0)
    assert scaled(str(edge)[:-1].encode(), 1) == exact(str(edge)[:-1], 1)


NO_NUMBERS = ["", " ", "+1", "01", "00", "1.", ".1", "1..2", "1.2.3", "1 ", " 1", "0x1", "1_0", "NaN", "--1", "-", "1e"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_string_that_spells_no_number_is_none(text):
    assert scaled(b'"%s"' % text.encode(), 2) is None


def test_other_scalars_are_no_numbers():
    assert [scaled(text, 0) for text in (b"null", b"true", b'"\\u0031"')] == [None, None, None]


ordered = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 5)), max_size=12, unique_by=lambda pair: pair[0])


@given(st.lists(ordered, min_size=2, max_size=8), st.booleans())
def test_a_remembered_order_changes_no_result(objects, has_space):
    picker = JsonPicker(*KEYS[::2])
    separators = (", ", " : ") if has_space else (",", ":")
    for pairs in objects:
        text = json.dumps(dict(pairs) | {"filler": "x" * 40}, separators=separators).encode()
        assert picker.pick(text) == {key: value for key, value in pairs if key in KEYS[::2]}


def test_a_remembered_order_is_no_excuse_for_another_key():
    picker = JsonPicker("price", "code")
    filler = b'"filler":"%s"' % (b"x" * 40)
    for _ in range(3):
        assert picker.pick(b'{"price":1,"code":2,%s}' % filler) == {"price": 1, "code": 2}
    assert picker.pick(b'{"prick":1,"code":2,%s}' % filler) == {"code": 2}
    assert picker.pick(b'{"prices":1,"code":2,%s}' % filler) == {"code": 2}
    for text in (b'{"price"1,"code":2,%s}', b'{"price:1,"code":2,%s}', b'{"price":1,"price":1,%s}'):
        with pytest.raises(PeerError):
            picker.pick(text % filler)


def test_mutants_are_taken_or_refused_as_the_standard_library_does():
    chooser = random.Random(7)
    pickers = [JsonPicker(*KEYS), JsonPicker("absent")]
    for picker in pickers:
        picker.pick(MESSAGE)
    taken = 0
    for _ in range(20_000):
        mutant = bytearray(MESSAGE)
        for _ in range(chooser.randint(1, 3)):
            at = chooser.randrange(len(mutant))
            mutant[at : at + chooser.randint(0, 2)] = chooser.choice(
                [b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b"e", b".", b" ", b"\x01", b"\xff"]
            )
        try:
            expected = reference(bytes(mutant))
        except ValueError:
            expected = None
        for picker in pickers:
            try:
                picked = picker.pick(bytes(mutant))
            except PeerError as error:
                assert expected is None or "twice" in str(error) or "backslash" in str(error), mutant
            else:
                assert isinstance(expected, dict), mutant
                taken += 1
                for name, value in picked.items():
                    got = reference(value) if isinstance(value, bytes) else value
                    assert got == expected[name], mutant
    assert taken > 1000


def test_orjson_reads_the_message_the_same_way():
    whole = orjson.loads(MESSAGE)
    picked = pick(MESSAGE, *KEYS)
    assert orjson.loads(picked.pop("data")) == whole.pop("data")
    assert picked == {name: Decimal(repr(v)) if isinstance(v, float) else v for name, v in whole.items()}
