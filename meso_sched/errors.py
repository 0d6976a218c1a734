"""What can go wrong, each kind with the exit code a caller sees (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class MesoError(Exception):
    """A failure that the user can mend; its text says what, where and what to do next."""

    exit_code = 1


class UsageError(MesoError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class FileError(MesoError):
    """A file cannot be read, understood or written."""

    exit_code = 3


class NoCourseError(FileError):
    """A calendar is as it should be, but holds no course that this tool can work with."""


class FeedError(NoCourseError):
    """A calendar is a feed, which this tool makes of courses' files and never reads as one."""


class PlacingError(MesoError):
    """A session finds no place, or is overdue where that is not allowed."""

    exit_code = 4


class ChangedError(MesoError):
    """Something changed underneath between reading and writing."""

    exit_code = 5


class ServerError(MesoError):
    """A server refused, failed or answered nonsense."""

    exit_code = 6


class Problem(NamedTuple):
    """One mistake in a file: where it stands (``FILE:LINE: key``) and what is wrong with it."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ProblemsError(FileError):
    """All the problems of one or more files, told at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
