"""The official suites: our verdicts, those of the official schemas, and what the text says otherwise."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from measure import BENCH, report

sys.path.insert(0, str(BENCH.parent))

from tests.conformance.official import cases, schema_verdict

from zarrscope.spec.errata import errata
from zarrscope.spec.versions import decode

EXAMPLE = "example: python bench/conformance.py"


def main():
    argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE).parse_args()
    total, ours, theirs, differing, explained = (Counter() for _ in range(5))
    for case in cases():
        suite = f"{case.version} {case.form}{' strict' * case.strict}"
        attributes = case.attributes
        found = attributes and decode(attributes, zarr_format=case.zarr_format, kind=case.kind)[1]
        total[suite] += 1
        ours[suite] += case.valid == bool(found and found.passes("strict" if case.strict else "schema"))
        theirs[suite] += case.valid == schema_verdict(case)
        if found and found.passes("spec") != case.valid and not case.strict:
            wanted = {"spec"} if case.valid else {"schema"}
            blamed = {p.rule for p in found.problems if p.fails & wanted}
            listed = {one.rule for one in errata() if case.version in one.versions}
            differing[suite] += 1
            explained[suite] += blamed <= listed or case.is_stale
    rows = [
        {
            "suite": suite,
            "cases": total[suite],
            "ours": ours[suite],
            "schemas": theirs[suite],
            "spec_differs": differing[suite],
            "explained": explained[suite],
        }
        for suite in total
    ]
    counts = (("cases", total), ("ours", ours), ("schemas", theirs))
    more = (("spec_differs", differing), ("explained", explained))
    rows.append({"suite": "all"} | {name: sum(count.values()) for name, count in (*counts, *more)})
    report(
        "official suites: right verdicts; verdicts by the text that differ, and those that errata explain",
        rows,
    )


if __name__ == "__main__":
    main()
