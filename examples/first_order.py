"""A first order, awaited: place it, move it, cancel it, read its reports. Needs no key.

`connect("local")` starts the local exchange for as long as the session lasts, or joins the one that the environment
variable TIDINGS_EXCHANGE names by its ready file.
"""

import asyncio

import tidings


async def main() -> None:
    async with tidings.connect("local") as phemex:
        order = phemex.limit("BTCUSDT", "buy", qty="0.01", price="55250.0", tif="PostOnly")
        try:
            await order.accepted()
        except tidings.OrderRejected as error:
            print(f"refused by the venue: {error.code} {error.name}: {error.meaning}")
            return
        except tidings.OrderUnknown as error:
            print(f"sent, and no clean answer: it may be live, and is not sent again: {error}")
            return
        print(f"{order.cl_ord_id} is accepted at {order.price}")
        await order.amend(price="55251.5")
        print(f"moved to {order.price}, {order.leaves_qty} left")
        await order.cancel()
        async for report in order.reports():
            print(f"  {tidings.ExecType(report.exec_type).name}")


asyncio.run(main())
