"""How long a server is waited for, and how often it is asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Limits:
    """Bounds of every request to a server. The defaults suit slow links; tests choose shorter ones.

    Parameters
    ----------
    connect : float
        Seconds until a connection stands.
    stall : float
        Seconds without a byte, before the first one and between any two. A body that moves may take
        long, up to ``longest``.
    longest : float
        Seconds for one answer as a whole.
    retries : int
        How often a request is repeated that failed for a reason that may pass: 429, 5xx, a connection
        that was refused, reset or silent, a body that was cut or too short.
    patience : float
        Seconds from the first attempt after which nothing is repeated.
    pause : float
        Seconds before the first repetition; each further pause is twice as long, at most ``longest_pause``.
        Each is drawn at random, so that many who failed together do not return together.
    longest_pause : float
        See there.
    slowest : int
        Bytes a second that a link must take when sending: a value of so many bytes may take a minute more
        than that, rounded up to a power of two of seconds.
    """

    connect: float = 10
    stall: float = 20
    longest: float = 3600
    retries: int = 4
    patience: float = 60
    pause: float = 0.1
    longest_pause: float = 10
    slowest: int = 100_000

    def sending(self, size: int) -> float:
        """Return the seconds that a request may take which sends so many bytes."""
        seconds = 3 * self.stall + size / self.slowest
        return float(1 << max(0, int(seconds - 1e-9).bit_length()))

    def before(self, repetition: int) -> float:
        """Return the longest pause before the repetition of a number, counted from 0."""
        return min(self.longest_pause, self.pause * 2.0**repetition)

    def client(self, stall: float | None, longest: float) -> dict[str, Any]:
        """Return these bounds as the client's options; without ``stall`` silence is none."""
        options: dict[str, Any] = {
            "allow_http": True,
            "connect_timeout": timedelta(seconds=self.connect),
            "timeout": timedelta(seconds=longest),
        }
        return options if stall is None else options | {"read_timeout": timedelta(seconds=stall)}

    def repeating(self, retries: int) -> dict[str, Any]:
        """Return how the client is to repeat requests."""
        backoff = {
            "init_backoff": timedelta(seconds=self.pause),
            "max_backoff": timedelta(seconds=self.longest_pause),
            "base": 2,
        }
        return {"max_retries": retries, "retry_timeout": timedelta(seconds=self.patience), "backoff": backoff}
