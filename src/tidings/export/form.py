"""What every form of export has in common: rows go into part files, and part files become what people read."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tidings.export.recorded_market import MarketNews
from tidings.export.tables import Grids


@dataclass
class MadeFile:
    """One file of an export: finished at `made`, to be put in place as `path` when all are."""

    made: Path
    path: Path
    rows: int
    size_bytes: int = 0
    columns: dict[str, float] = field(default_factory=dict)  # Parquet: bytes of the file per row of the table
    notes: dict[str, Any] = field(default_factory=dict)


class Form(ABC):
    """One of `--to`. `parts`: the directory of unfinished files; `lengths`: how much of each is to be kept."""

    name: ClassVar[str]

    def __init__(self, parts: Path, grids: Grids, lengths: dict[str, int]) -> None:
        self.parts, self.grids, self.lengths = parts, grids, lengths

    @property
    @abstractmethod
    def news(self) -> MarketNews:
        """Who hears the recording."""

    @property
    @abstractmethod
    def waiting_count(self) -> int:
        """Rows in memory."""

    @abstractmethod
    def write(self) -> None:
        """Put the rows in memory into part files."""

    @abstractmethod
    def sync(self) -> dict[str, int]:
        """Make the part files durable; their lengths by name."""

    @abstractmethod
    def save(self) -> dict[str, Any]:
        """What has to be known besides the files to go on, as JSON can hold it."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Be as `save` found it."""

    @abstractmethod
    def finish(self, out: Path) -> list[MadeFile]:
        """Make the files of the export from the parts."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the part files, finished or not."""


def put_in_place(files: list[MadeFile]) -> None:
    """Give finished files their names, each whole or not at all."""
    for made in files:
        with made.made.open("rb") as file:
            os.fsync(file.fileno())
    for made in files:
        made.made.replace(made.path)
        made.size_bytes = made.path.stat().st_size
