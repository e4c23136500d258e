"""Version 0.1: as 0.2, but chunk keys are joined by dots, which is a matter of the array."""

from zarrscope.spec.v02 import V02


class V01(V02):
    """What differs from 0.2."""

    version = "0.1"
    claims = ("0.1",)
