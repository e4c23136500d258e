"""One toolkit for OME-Zarr, from the microscope to the publication.

Importing it loads nothing; each name is fetched when it is first used.
"""

import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

__version__ = "0.1.0"

_PLACES = {
    "Box": "zarrscope.model.boxes",
    "Channel": "zarrscope.model.rendering",
    "ConvertOptions": "zarrscope.convert.plan",
    "CopyOptions": "zarrscope.convert.copy_plan",
    "Image": "zarrscope.node.image",
    "ImageDescription": "zarrscope.model.description",
    "ImageGroup": "zarrscope.node.groups",
    "ImageWriter": "zarrscope.write.image",
    "Level": "zarrscope.node.image",
    "PlanOptions": "zarrscope.pyramid.plan",
    "Region": "zarrscope.types",
    "Scene": "zarrscope.node.scene",
    "Window": "zarrscope.model.rendering",
    "convert": "zarrscope.convert.run",
    "copy": "zarrscope.convert.copy",
    "create": "zarrscope.write.create",
    "info": "zarrscope.source.info",
    "open": "zarrscope.node.open:open_node",
    "open_source": "zarrscope.source.registry",
    "update": "zarrscope.write.update",
    "upgrade": "zarrscope.convert.upgrade",
    "validate": "zarrscope.check.validate",
    "verify": "zarrscope.check.verify",
    "view": "zarrscope.server.view",
    "write": "zarrscope.write.array",
}

__all__ = [*_PLACES, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'zarrscope' has no attribute {name!r}")
    module, _, original = _PLACES[name].partition(":")
    value = getattr(_import_module(module), original or name)
    room = _sys.modules.get(f"{__name__}.{name}")
    if room is not None:  # the function answers for its room: import zarrscope.write.image as image
        value.__dict__ = room.__dict__
    globals()[name] = value
    return value


class _Face(_ModuleType):
    """The package as seen from outside: rooms such as ``write`` do not hide functions of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _PLACES or not isinstance(value, _ModuleType):
            super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Face


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
