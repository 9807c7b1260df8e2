"""Server-sent events, read from bytes as they come."""


class EventReader:
    """Turns pieces of bytes, cut anywhere, into the data of complete events."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of every event that ``piece`` completes; comments and other fields are dropped."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        events: list[str] = []
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                events.append(self._take())
        return events

    def end(self) -> list[str]:
        """Return the data of a last event that no empty line closed: some servers leave it out."""
        events = self.feed(b"\n") if self._rest else []
        if self._data:
            events.append(self._take())
        return events

    def _take(self) -> str:
        # Decoded only when whole, so a character cut between two pieces does no harm.
        data = b"\n".join(self._data).decode("utf-8", "replace")
        self._data.clear()
        return data
