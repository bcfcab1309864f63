"""Funding payments, fee rates, funds and closed positions as JSON, in the style of the query services.

They print USD-M amounts with eight decimals at most, where the trading services print twelve (phemex docs 2026: a
payment of 0.021165520073 is shown as 0.02116552).
"""

from tidings.exchange.accounts.funds import KIND_NAMES, ContractEntry, WalletEntry
from tidings.exchange.accounts.position_terms import PositionTerm
from tidings.exchange.catalogue import ONE_ER, Instrument
from tidings.exchange.messages.json_text import quote, ratio
from tidings.exchange.reports import OrderReport
from tidings.exchange.scaled import to_text

MS_NS = 1_000_000
DECIMALS = 8
_SIDES = {"Buy": 1, "Sell": 2}


def short_text(value: int, scale: int) -> str:
    """`value` with eight decimals at most, the rest cut off."""
    if scale <= DECIMALS:
        return to_text(value, scale)
    cut = abs(value) // int(10 ** (scale - DECIMALS))
    return to_text(-cut if value < 0 else cut, DECIMALS)


def _funding_rate_er(report: OrderReport) -> int:
    """The rate that longs paid."""
    return report.fee_rate_er if report.side == "Buy" else -report.fee_rate_er


def contract_funding_row(report: OrderReport) -> str:
    """A row of `/api-data/futures/funding-fees`."""
    r = report
    return (
        f'{{"symbol":"{r.instrument.symbol}","currency":"{r.instrument.settle_currency}","execQty":{r.exec_qty},'
        f'"side":"{r.side}","execPriceEp":{r.exec_price},"execValueEv":{r.exec_value},'
        f'"fundingRateEr":{_funding_rate_er(r)},"feeRateEr":{r.fee_rate_er},"execFeeEv":{r.exec_fee},'
        f'"createTime":{r.transact_time_ns // MS_NS}}}'
    )


def linear_funding_row(report: OrderReport) -> str:
    """A row of `/api-data/g-futures/funding-fees`."""
    r = report
    i = r.instrument
    return (
        f'{{"symbol":"{i.symbol}","currency":"{i.settle_currency}","execQtyRq":"{to_text(r.exec_qty, i.qty_scale)}",'
        f'"side":"{r.side}","execPriceRp":"{short_text(r.exec_price, i.price_scale)}",'
        f'"execValueRv":"{short_text(r.exec_value, i.value_scale)}","fundingRateRr":{ratio(_funding_rate_er(r))},'
        f'"feeRateRr":{ratio(r.fee_rate_er)},"execFeeRv":"{short_text(r.exec_fee, i.value_scale)}",'
        f'"createTime":{r.transact_time_ns // MS_NS}}}'
    )


def fee_rate(instrument: Instrument) -> str:
    """A row of both fee-rate queries; always at scale 8."""
    return (
        f'{{"takerFeeRateEr":{instrument.taker_fee_er},"makerFeeRateEr":{instrument.maker_fee_er},'
        f'"symbol":"{instrument.symbol}"}}'
    )


def contract_entry(entry: ContractEntry, scale: int) -> str:
    """A row of `/api-data/futures/v2/tradeAccountDetail`."""
    return (
        f'{{"typeDesc":"{KIND_NAMES[entry.kind]}","amountRv":"{short_text(entry.amount, scale)}",'
        f'"balanceRv":"{short_text(entry.balance, scale)}","createTime":{entry.time_ns // MS_NS},'
        f'"currency":"{entry.currency}"}}'
    )


def wallet_entry(entry: WalletEntry, number: int) -> str:
    """A row of `/api-data/spots/funds`."""
    e = entry
    return (
        f'{{"action":"{e.action}","amountEv":{e.amount},"balanceEv":{e.balance},"bizCode":{e.biz_code},'
        f'"createTime":{e.time_ns // MS_NS},"currency":"{e.currency}","execId":{quote(e.exec_id)},'
        f'"execSeq":{e.exec_seq},"feeEv":{e.fee},"id":{number},"side":"{e.side}","text":"",'
        f'"transactTimeNs":{e.time_ns}}}'
    )


def spot_pnl(user_id: int, day_ns: int, daily: int, total: int) -> str:
    """A row of `/api-data/spots/pnls`."""
    return f'{{"collectTime":{day_ns // MS_NS},"cumPnlEv":{total},"dailyPnlEv":{daily},"userId":{user_id}}}'


def closed_position(instrument: Instrument, term: PositionTerm) -> str:
    """A row of `/api-data/g-futures/closedPosition`; times named `...TimeNs` are milliseconds there."""
    i, t = instrument, term

    def amount(value: int) -> str:
        return f'"{short_text(value, i.value_scale)}"'

    leverage = abs(t.leverage_er) // ONE_ER or i.max_leverage
    margin = t.closed_entry_value * ONE_ER // (abs(t.leverage_er) or i.max_leverage * ONE_ER)
    roi = to_text(_quotient_er(t.pnl, margin), DECIMALS)
    entry_price = short_text(i.average_price(t.opened_qty, t.opened_value), i.price_scale)
    exit_price = short_text(i.average_price(t.closed_qty, t.closed_value), i.price_scale)
    return (
        f'{{"symbol":"{i.symbol}","currency":"{i.settle_currency}","term":{t.number},'
        f'"closedSizeRq":{to_text(t.closed_qty, i.qty_scale)},"side":{_SIDES[t.side]},"cumEntryValueRv":null,'
        f'"closedPnlRv":{amount(t.pnl)},"exchangeFeeRv":{amount(t.fee)},"fundingFeeRv":{amount(t.funding)},'
        f'"finished":"{int(t.is_finished)}","openedTimeNs":{t.opened_ns // MS_NS},'
        f'"updatedTimeNs":{t.updated_ns // MS_NS},"openPrice":"{entry_price}","closePrice":{exit_price},'
        f'"roi":"{roi}","leverage":{leverage}}}'
    )


def _quotient_er(numerator: int, denominator: int) -> int:
    """A ratio at scale 8, cut off towards zero; 0 for a denominator of 0."""
    if not denominator:
        return 0
    quotient = abs(numerator) * ONE_ER // denominator
    return -quotient if numerator < 0 else quotient
