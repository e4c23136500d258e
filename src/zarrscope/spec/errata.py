"""Errata: where the text of the specification, its schemas and its test cases disagree.

Derived from the table of rules, so that none can be forgotten; the words say why.
"""

from __future__ import annotations

from typing import NamedTuple

from zarrscope.spec import judge  # noqa: F401  (with it all rules of documents are entered)
from zarrscope.spec.rules import EVERY, MUST, NOTE, RULES, Rule


class Erratum(NamedTuple):
    """One disagreement.

    Parameters
    ----------
    rule : str
        Identifier of the rule; "" where it is not about one rule.
    versions : tuple of str
        Those that have it.
    parties : str
        Who disagrees with whom.
    words : str
        What about.
    """

    rule: str
    versions: tuple[str, ...]
    parties: str
    words: str


WORDS = {
    "axes/order-tczyx": "A test case demands the order of the text, which the schema cannot express.",
    "axes/type-known": "Valid strict cases have axes of custom types.",
    "axes/unit": "A valid strict case has an axis of time without a unit.",
    "axes/least": "The schema wants two axes; the text sets no lower bound.",
    "axes/space-count": "For the schemas of 0.4 and 0.5 an axis without a type is one of space.",
    "axes/space-count-untyped": "For the schemas of 0.4 and 0.5 an axis without a type is one of space.",
    "axes/space-or-array": "The schema wants either axes of space or two of the type array.",
    "plate/well-names": "Valid plates of 0.4 and 0.6 write column/row; 0.5 has a case that forbids it, which "
    "the schema cannot express.",
    "plate/field-count-given": "Valid strict plates have no field count.",
    "plate/acquisitions-least": "The schemas forbid an empty list; the text does not.",
    "plate/wells-least": "The schemas forbid an empty list; the text does not.",
    "well/images-least": "The schemas forbid an empty list; the text does not.",
    "label/colors-least": "The schemas forbid an empty list; the text does not.",
    "label/properties-least": "The schemas forbid an empty list; the text does not.",
    "plate/version-required": "Valid plates, and the examples of the text itself, have no version.",
    "plate/version-given": "The schemas of 0.1 to 0.3 require what the text recommends.",
    "transformations/length": "A valid case has two numbers in a scale for three axes.",
    "transformations/map-axis-count": "The schema allows two to five entries; the text has no limit.",
    "transformations/axis-index-limit": "The schema allows indices up to 4; the text has no limit.",
    "transformations/project-axis-count": "The schema allows three entries; the text has no limit.",
    "transformations/interpolation-schema": "The schema says ``cubic`` where the text says "
    "``bspline-cubic``.",
    "transformations/interpolation": "The schema says ``cubic`` where the text says ``bspline-cubic``.",
    "transformations/end-path-null": "The text takes null for left out; the schemas want a string.",
    "transformations/end-extra": "The schema forbids further keys; the text does not.",
    "transformations/dataset-type-given": "The schema takes a dataset's transformation without a type for "
    "an identity.",
    "transformations/path-text": "The schema passes over a broken path beside good parameters, and the "
    "other way round.",
    "transformations/scale-positive": "The schema requires what the text recommends.",
    "label/color-value-whole": "For the schema the label value of a colour is any number.",
    "omero/channel-color": "The text requires a colour, the schemas since 0.5 do not.",
    "omero/channel-window": "The text requires a window, the schemas since 0.5 do not.",
    "omero/inverted": "Only the schema knows the key.",
    "multiscales/metadata-text": "Only the schema of 0.1 knows the keys.",
    "multiscales/metadata-object": "The schema of 0.1 requires what the text recommends.",
    "axes/unit-text": "The schema requires what the text recommends.",
    "axes/orientation-null": "The schema forbids null, which the text takes for absent.",
    "transformations/vector-length": "A valid case has two numbers in a scale for three axes.",
    "transformations/output-dimensions": "In a valid case two of three output axes are set by dimension.",
    "transformations/declared": "A valid strict case starts at a system that nobody declares.",
    "transformations/intrinsic-side": "In a valid strict case neither end is the system of the datasets.",
    "transformations/dataset-input": "In a valid strict case the input of a dataset is another dataset.",
    "systems/connected": "In a valid strict case nothing leads to one of the systems.",
    "systems/same-dimensions": "Valid cases project an image into a system with another number of axes.",
    "version/draft": "The schemas know published versions only.",
}
_TWICE = "The schemas forbid equal entries; the text forbids equal names (or nothing)."
_VERSION_05 = "Valid cases of 0.5 have no version here, though the text recommends it."

GENERAL = (
    Erratum(
        "", ("0.6",), "test cases against test cases",
        "Ten valid trees of the suite ``zarr`` name input and output by strings, as drafts did; the suite "
        "``attributes`` calls the same invalid. They are read as a draft, and judged invalid.",
    ),
    Erratum(
        "", ("0.6",), "test cases against text",
        "The valid trees of the suite ``zarr`` are bare documents: no array, well or field is there. Where "
        "nothing at all is there that a document names, ``strict`` judges the document alone.",
    ),
    Erratum(
        "", ("0.6",), "test cases", "Two invalid trees of the suite ``zarr`` are no JSON at all."
    ),
    Erratum(
        "", ("0.6",), "schema",
        "The schema of all kinds (``ome_zarr``) is satisfied by any one part of a document: a broken plate "
        "beside a sound layout passes, and a list of labels matches nothing. Here every part is judged.",
    ),
    Erratum(
        "", ("0.4", "0.5", "0.6"), "schema",
        "A label image is an image as well; the schema of labels looks at ``image-label`` alone.",
    ),
    Erratum(
        "", ("0.4",), "schema", "The schemas of labels, plates and wells accept a document without them."
    ),
    Erratum(
        "", ("0.6",), "text against text",
        "Examples of the text name schemas that do not exist, name input by a string, and give a field of "
        "displacements two numbers for three axes.",
    ),
)  # fmt: skip


def errata() -> tuple[Erratum, ...]:
    """Return all disagreements: those of single rules, in the order of the table, then the general ones."""
    found = [one for entry in RULES.values() for one in _of_rule(entry)]
    return (*found, *GENERAL)


def _of_rule(entry: Rule) -> list[Erratum]:
    found = []
    schema, text = entry.schema.split(), [v for v in EVERY.split() if entry.in_text(v)]
    alone = [v for v in schema if v not in text]
    if alone:
        found.append(("schema alone", alone))
    elif entry.weight is not MUST and schema:
        found.append(("schema stricter than text", schema))
    if entry.disputed:
        found.append(("test cases against text", entry.disputed.split()))
    if entry.suite:
        found.append(("test cases against schema", entry.suite.split()))
    if not found and entry.name in WORDS:
        found.append(("text against schema", [v for v in text if v not in schema]))
    return [Erratum(entry.name, tuple(v), who, _words(entry)) for who, v in found]


def _words(entry: Rule) -> str:
    if entry.name in WORDS:
        return WORDS[entry.name]
    if entry.weight is NOTE and entry.schema:
        return _TWICE
    return _VERSION_05 if entry.disputed == "0.5" else entry.text
