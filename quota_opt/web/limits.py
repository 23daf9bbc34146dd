"""What one server lets its callers send, store and use; each figure is shown at `GET /limits`."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20


@dataclass(frozen=True)
class ServerLimits:
    """Sizes in MB (2^20 bytes), times in seconds. Beyond a size a request is refused with 413, beyond a number with
    429; a solve beyond `time_s` keeps its best plan, beyond `memory_mb` its process is ended."""

    upload_mb: int = 50
    """Body of a request."""
    unpacked_mb: int = 256
    """A zip or workbook unpacked, all its parts together."""
    members: int = 2000
    """Parts of a zip or workbook."""
    ratio: int = 200
    """Unpacked size of a part ÷ its packed size."""
    cells: int = 3_000_000
    """Cells of all tables together, blank ones within a table included."""
    time_s: float = 600.0
    """Of one solve. Twice this and a minute more, and its process is ended."""
    memory_mb: int = 4096
    """Of the process of one solve."""
    queue: int = 100
    """Jobs waiting."""
    workers: int = 1
    """Jobs running at once."""
    streams: int = 32
    """Event streams open at once."""
    compared: int = 12
    """Plans in one comparison."""

    @property
    def hard_time_s(self) -> float:
        """When the process of a solve is ended, whatever it has: after a solver has had every chance to stop."""
        return 2 * self.time_s + 60

    @property
    def upload_bytes(self) -> int:
        """Bytes a request may have."""
        return self.upload_mb * MEBIBYTE

    @property
    def unpacked_bytes(self) -> int:
        """Bytes a package may unpack to."""
        return self.unpacked_mb * MEBIBYTE
