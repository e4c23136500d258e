from zarrscope.check.validate import validate as validate
from zarrscope.check.verify import verify as verify
from zarrscope.convert.plan import ConvertOptions as ConvertOptions
from zarrscope.convert.run import convert as convert
from zarrscope.convert.upgrade import upgrade as upgrade
from zarrscope.model.boxes import Box as Box
from zarrscope.model.description import ImageDescription as ImageDescription
from zarrscope.model.rendering import Channel as Channel
from zarrscope.model.rendering import Window as Window
from zarrscope.node.groups import ImageGroup as ImageGroup
from zarrscope.node.image import Image as Image
from zarrscope.node.image import Level as Level
from zarrscope.node.open import open_node as open  # noqa: F401
from zarrscope.node.scene import Scene as Scene
from zarrscope.pyramid.plan import PlanOptions as PlanOptions
from zarrscope.server.view import view as view
from zarrscope.source.info import info as info
from zarrscope.source.registry import open_source as open_source
from zarrscope.types import Region as Region
from zarrscope.write.array import write as write
from zarrscope.write.create import create as create
from zarrscope.write.image import ImageWriter as ImageWriter

__version__: str
__all__: list[str]
from zarrscope.convert.copy import copy as copy
from zarrscope.convert.copy_plan import CopyOptions as CopyOptions
from zarrscope.write.update import update as update
