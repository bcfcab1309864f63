"""Rows of `positions`, `positions_p`, `accounts`, `accounts_p` and `wallets`, exactly.

Values are kept as mantissa and scale because they lie on no instrument's grid: an average price has more decimals than
a tick, a balance those of its currency.
"""

from decimal import Decimal

from libc.stdint cimport int64_t
from libc.string cimport memset

from tidings.model.enums cimport (
    LINE_INVERSE, LINE_LINEAR, LINE_SPOT, POS_LONG, POS_MERGED, POS_SHORT, SIDE_SELL, SOURCE_STREAM,
)
from tidings.model.execution_report cimport UNSET
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_events cimport SymbolTable
from tidings.venue.phemex.order_values cimport decimal_of, int_of, is_word, qty_lots_of, side_of
from tidings.wire.json_cursor cimport (
    JSON_END, JSON_OBJECT, JsonCursor, JsonValue, json_enter, json_pick, json_pick_in_order, json_text,
)
from tidings.wire.json_keys cimport JsonKeyOrder, JsonKeys

cdef enum:
    RATIO_SCALE = 8             # of Er numbers (phemex docs 2026, "Price/ratio/value scales")

cdef enum:                      # slots of the two position tables
    POSITION_SYMBOL
    POSITION_SIDE
    POSITION_POS_SIDE
    POSITION_POS_MODE
    POSITION_SIZE
    POSITION_EXEC_SEQ
    POSITION_TRANSACT_TIME
    POSITION_DATA_VER
    POSITION_AVG_ENTRY
    POSITION_LEVERAGE
    POSITION_SLOTS

cdef enum:                      # slots of the three balance tables
    WALLET_CURRENCY
    WALLET_BALANCE
    WALLET_USED
    WALLET_UPDATE_TIME
    WALLET_SLOTS

_POSITION = ("symbol", "side", "posSide", "posMode", "size", "execSeq", "transactTimeNs", "dataVer")
cdef JsonKeys INVERSE_POSITION = JsonKeys(*_POSITION, "avgEntryPriceEp", "leverageEr")
cdef JsonKeys LINEAR_POSITION = JsonKeys(*_POSITION, "avgEntryPriceRp", "leverageRr")
cdef JsonKeys INVERSE_WALLET = JsonKeys("currency", "accountBalanceEv", "totalUsedBalanceEv")
cdef JsonKeys LINEAR_WALLET = JsonKeys("currency", "accountBalanceRv", "totalUsedBalanceRv")
cdef JsonKeys SPOT_WALLET = JsonKeys("currency", "balanceEv", "lockedTradingBalanceEv", "lastUpdateTimeNs")


cdef class PositionUpdate:
    @property
    def avg_entry_px(self):
        return Decimal(self.avg_entry_mantissa).scaleb(-self.avg_entry_scale)

    @property
    def leverage(self):
        return Decimal(self.leverage_mantissa).scaleb(-self.leverage_scale)

    def __repr__(self):
        return f"<PositionUpdate {self.instrument.symbol} {self.net_qty_lots} lots @ {self.avg_entry_px}>"


cdef class WalletUpdate:
    @property
    def balance(self):
        return Decimal(self.balance_mantissa).scaleb(-self.balance_scale)

    @property
    def used(self):
        return Decimal(self.used_mantissa).scaleb(-self.used_scale)

    def __repr__(self):
        return f"<WalletUpdate {self.currency} {self.balance}>"


cdef class AccountStateReader:
    def __init__(self, SymbolTable symbols not None):
        self.symbols = symbols
        self.value_scales = currency_scales(symbols.instruments.values())

    cdef PositionUpdate read_position(self, JsonCursor* cursor, int line, bint* is_good):
        cdef JsonValue[POSITION_SLOTS] row
        cdef JsonKeys keys = LINEAR_POSITION if line == LINE_LINEAR else INVERSE_POSITION
        cdef JsonKeyOrder* order = &self.position_orders[line]
        cdef Instrument instrument
        memset(row, 0, sizeof(row))
        is_good[0] = (
            json_enter(cursor, JSON_OBJECT) and json_pick_in_order(cursor, &keys.table, order, row) == JSON_END
        )
        if not is_good[0]:
            return None
        instrument = self.symbols.find(&row[POSITION_SYMBOL])
        if instrument is None or instrument.line != line:
            self.unknown_count += 1
            return None
        return position_of(row, instrument)

    cdef WalletUpdate read_wallet(self, JsonCursor* cursor, int line, bint* is_good):
        cdef JsonValue[WALLET_SLOTS] row
        cdef JsonKeys keys = LINEAR_WALLET
        cdef WalletUpdate wallet
        if line != LINE_LINEAR:
            keys = SPOT_WALLET if line == LINE_SPOT else INVERSE_WALLET
        memset(row, 0, sizeof(row))
        is_good[0] = json_enter(cursor, JSON_OBJECT) and json_pick(cursor, &keys.table, row) == JSON_END
        if not is_good[0]:
            return None
        wallet = WalletUpdate.__new__(WalletUpdate)
        wallet.currency = str(json_text(&row[WALLET_CURRENCY]))
        wallet.line = line
        wallet.source = SOURCE_STREAM
        wallet.update_time_ns = int_of(&row[WALLET_UPDATE_TIME], 0)
        if self._read_amounts(wallet, row):
            return wallet
        self.unknown_count += 1
        return None

    cdef bint _read_amounts(self, WalletUpdate wallet, JsonValue* row) except -1:
        """False if the currency's scale or the balance is not known."""
        if wallet.line == LINE_LINEAR:
            decimal_of(&row[WALLET_USED], &wallet.used_mantissa, &wallet.used_scale)
            return decimal_of(&row[WALLET_BALANCE], &wallet.balance_mantissa, &wallet.balance_scale)
        scale = self.value_scales.get((wallet.line, wallet.currency))
        if scale is None:
            return False
        wallet.balance_scale = wallet.used_scale = scale
        wallet.used_mantissa = int_of(&row[WALLET_USED], 0)
        wallet.balance_mantissa = int_of(&row[WALLET_BALANCE], UNSET)
        return wallet.balance_mantissa != UNSET


cdef PositionUpdate position_of(JsonValue* row, Instrument instrument):
    cdef PositionUpdate position = PositionUpdate.__new__(PositionUpdate)
    cdef int side = side_of(&row[POSITION_SIDE])
    position.instrument = instrument
    position.source = SOURCE_STREAM
    position.pos_side = POS_MERGED
    if is_word(&row[POSITION_POS_SIDE], b"Long", 4):
        position.pos_side = POS_LONG
    elif is_word(&row[POSITION_POS_SIDE], b"Short", 5):
        position.pos_side = POS_SHORT
    position.is_hedged = -1
    if is_word(&row[POSITION_POS_MODE], b"Hedged", 6):
        position.is_hedged = 1
    elif is_word(&row[POSITION_POS_MODE], b"OneWay", 6):
        position.is_hedged = 0
    position.net_qty_lots = signed_lots(qty_lots_of(&row[POSITION_SIZE], instrument, False), side)
    if instrument.line == LINE_INVERSE:
        position.avg_entry_mantissa = int_of(&row[POSITION_AVG_ENTRY], 0)
        position.avg_entry_scale = instrument.price_scale
        position.leverage_mantissa = int_of(&row[POSITION_LEVERAGE], 0)
        position.leverage_scale = RATIO_SCALE
    else:
        decimal_of(&row[POSITION_AVG_ENTRY], &position.avg_entry_mantissa, &position.avg_entry_scale)
        decimal_of(&row[POSITION_LEVERAGE], &position.leverage_mantissa, &position.leverage_scale)
    position.exec_seq = int_of(&row[POSITION_EXEC_SEQ], 0)
    position.transact_time_ns = int_of(&row[POSITION_TRANSACT_TIME], 0)
    position.data_version = int_of(&row[POSITION_DATA_VER], 0)
    return position


cdef int64_t signed_lots(int64_t size_lots, int side) noexcept:
    """The venue writes an unsigned size beside the side (*observed* 2025), its docs of 2020 a signed one."""
    if size_lots == UNSET or size_lots == 0:
        return size_lots
    if side == SIDE_SELL:
        return -size_lots if size_lots > 0 else size_lots
    return size_lots if side or size_lots < 0 else UNSET        # a size without a side: not told


cdef dict currency_scales(instruments):
    """Every currency's value scale, by line, as the instruments that use it tell."""
    scales = {}
    for instrument in instruments:
        if instrument.line == LINE_SPOT:
            scales[LINE_SPOT, instrument.base_currency] = instrument.base_value_scale
            scales[LINE_SPOT, instrument.quote_currency] = instrument.value_scale
        else:
            scales[instrument.line, instrument.settle_currency] = instrument.value_scale
    return scales
