"""Servers that tests of faults share; each is started once, when the first test asks for it."""

from __future__ import annotations

from tests.faults.servers import faulty, s3_moto, s3_swift

__all__ = ["faulty", "s3_moto", "s3_swift"]
