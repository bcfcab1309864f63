from tidings.model.instrument import Instrument
from tidings.venue.phemex.order_gateway import PhemexOrderGateway

class MassCancel:
    """Cancel-all requests on the order lanes of a gateway: what a kill switch sends first.

    Both halves are asked for apart. The bytes are in the kernel when a call returns; the answers are not waited for.
    """

    sent_count: int

    def __init__(self, gateway: PhemexOrderGateway) -> None: ...
    def flush(self) -> None:
        """Let go what a batch holds back: a cancel must not wait behind it."""
    def send(self, instrument: Instrument, untriggered: bool, now_ns: int) -> bool:
        """Ask for one half of a symbol's orders. False: no lane or no budget for it now."""
    def send_all_linear(self, untriggered: bool, now_ns: int) -> bool:
        """The same of every USD-M symbol at once."""
