"""Collections of series (the layout of bioformats2raw) against the OME-XML beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.links import series as listed
from zarrscope.check.rules import problem
from zarrscope.documents import safe_xml
from zarrscope.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from zarrscope.check.documents import Documents
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem

NAME = "METADATA.ome.xml"


def judge_collection(root: Place, documents: Documents) -> Iterator[Problem]:
    """Yield what is wrong with a collection as a whole; one more document is read, the OME-XML."""
    ome = next(iter(root.of("ome")), None)
    if ome is None:
        return
    version = root.version
    key = f"{ome.path}/{NAME}"
    data = documents.fetch([key])[key]
    if data is None:
        if key not in documents.refused:
            message = f"{NAME} is not there; readers find neither instruments nor the names of series"
            pointer = f"{root.document.root}/bioformats2raw.layout"
            yield problem(rules.OME_XML, version, root.file, pointer, message)
        return
    try:
        xml = safe_xml(bytes(data), file=key)
    except MetadataError as error:
        reason = str(error).removeprefix(f"{key}: ")
        yield problem(rules.XML, version, key, "", reason, "export it again with a tool that knows OME-XML")
        return
    yield from _xml(xml, root, ome, key, version)


def _xml(xml: Element, root: Place, ome: Place, key: str, version: str) -> Iterator[Problem]:
    if _local(xml) != "OME":
        yield problem(rules.XML, version, key, "", f"the root element is {_local(xml)[:40]!r}, not 'OME'")
        return
    images = [element for element in xml if _local(element) == "Image"]
    wrong = sorted(
        {_local(e) for image in images for e in image.iter() if _local(e) in ("BinData", "TiffData")}
    )
    if wrong:
        message = f"pixels hold {' and '.join(wrong)}; in an OME-Zarr they are MetadataOnly"
        hint = "put <MetadataOnly/> in their place"
        yield problem(rules.METADATA_ONLY, version, key, "", message, hint)
    count = len(listed(ome.document) or root.of("series"))
    if count != len(images) and "plate" not in root.document.ours:
        message = (
            f"the OME-XML describes {len(images)} image{'s' * (len(images) != 1)}, the collection has {count}"
        )
        yield problem(
            rules.SERIES_COUNT, version, key, "", message, "each series is one Image, in their order"
        )


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
