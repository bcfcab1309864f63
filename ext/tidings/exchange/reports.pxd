"""What the core says, seen from C: for the neighbours that make and write reports."""


cdef class OrderReport:
    cdef public object instrument
    cdef public object user_id
    cdef public object order_id
    cdef public object cl_ord_id
    cdef public object side
    cdef public object pos_side
    cdef public object ord_type
    cdef public object time_in_force
    cdef public object exec_inst
    cdef public object action
    cdef public object action_by
    cdef public object action_time_ns
    cdef public object create_time_ns
    cdef public object trigger_time_ns
    cdef public object transact_time_ns
    cdef public object ord_status
    cdef public object exec_status
    cdef public object code
    cdef public object message
    cdef public object cxl_rej_reason
    cdef public object price
    cdef public object order_qty
    cdef public object display_qty
    cdef public object leaves_qty
    cdef public object leaves_value
    cdef public object cum_qty
    cdef public object cum_value
    cdef public object cum_fee
    cdef public object avg_price
    cdef public object qty_type
    cdef public object quote_qty
    cdef public object reduce_only
    cdef public object stop_px
    cdef public object stop_direction
    cdef public object trigger
    cdef public object peg_offset
    cdef public object peg_price_type
    cdef public object take_profit
    cdef public object tp_px
    cdef public object tp_trigger
    cdef public object stop_loss
    cdef public object sl_px
    cdef public object sl_trigger
    cdef public object exec_id
    cdef public object exec_qty
    cdef public object exec_price
    cdef public object exec_value
    cdef public object exec_fee
    cdef public object fee_rate_er
    cdef public object fee_currency
    cdef public object last_liquidity_ind
    cdef public object trade_type
    cdef public object exec_seq
    cdef public object added_seq
    cdef public object related_req_num
    cdef public object cur_acc_balance
    cdef public object cur_assigned_pos_balance
    cdef public object cur_leverage_er
    cdef public object cur_pos_side
    cdef public object cur_pos_size
    cdef public object cur_pos_term
    cdef public object cur_pos_value
    cdef public object cur_risk_limit
    cdef public object closed_size
    cdef public object closed_pnl
    cdef public object cur_base_wallet
    cdef public object cur_quote_wallet


cdef class AccountState:
    cdef public object user_id
    cdef public object account_id
    cdef public object currency
    cdef public object value_scale
    cdef public object balance
    cdef public object total_used_balance
    cdef public object bonus_balance
    cdef public object liq_status


cdef class PositionState:
    cdef public object instrument
    cdef public object user_id
    cdef public object account_id
    cdef public object pos_mode
    cdef public object pos_side
    cdef public object side
    cdef public object size
    cdef public object value
    cdef public object avg_entry_price
    cdef public object leverage_er
    cdef public object init_margin_req_er
    cdef public object maint_margin_req_er
    cdef public object risk_limit
    cdef public object pos_cost
    cdef public object assigned_pos_balance
    cdef public object bankrupt_comm
    cdef public object bankrupt_price
    cdef public object liquidation_price
    cdef public object position_margin
    cdef public object used_balance
    cdef public object cross_shared_balance
    cdef public object display_leverage_er
    cdef public object order_cost
    cdef public object estimated_ord_loss
    cdef public object deleverage_er
    cdef public object buy_leaves_qty
    cdef public object buy_leaves_value
    cdef public object sell_leaves_qty
    cdef public object sell_leaves_value
    cdef public object buy_value_to_cost_er
    cdef public object sell_value_to_cost_er
    cdef public object taker_fee_rate_er
    cdef public object maker_fee_rate_er
    cdef public object mark_price
    cdef public object unrealised_pnl
    cdef public object cum_closed_pnl
    cdef public object cum_transact_fee
    cdef public object cum_funding_fee
    cdef public object cur_term_realised_pnl
    cdef public object free_qty
    cdef public object term
    cdef public object last_term_end_time_ns
    cdef public object last_funding_time_ns
    cdef public object data_ver
    cdef public object exec_seq
    cdef public object transact_time_ns
    cdef public object status


cdef class WalletState:
    cdef public object user_id
    cdef public object currency
    cdef public object value_scale
    cdef public object balance
    cdef public object locked_trading_balance
    cdef public object last_update_time_ns
    cdef public object wallet_vid


cdef class AccountUpdate:
    cdef public object line
    cdef public object user_id
    cdef public object currency
    cdef public object sequence
    cdef public object timestamp_ns
    cdef public object orders
    cdef public object account
    cdef public object positions
    cdef public object wallets
    cdef public object is_snapshot


cdef class Reply:
    cdef public object code
    cdef public object order
    cdef public object orders
    cdef public object count
    cdef public object detail
