"""HTTP/1.1 responses from a byte stream, for compiled code; from Python use response_reader."""

class ResponseListener:
    """Compiled code inherits from it to hear responses in place."""

class ResponseParser:
    """Compiled code feeds it; from Python use response_reader.ResponseReader."""

    def __init__(self, listener: ResponseListener | None = None) -> None: ...
