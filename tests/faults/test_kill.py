"""Kill -9 at random moments, then ``--resume``: the same bytes as from a run that nobody disturbed.

``ZARRSCOPE_PROOF=1`` kills at least 200 times. What is finished is kept in ``.cache/proof``, so that a
proof that was itself interrupted goes on when it is run again with the same seed.
"""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import PROOF, ROOT, judge_python
from tests.faults.killing import EVERY, FORMS, PLACES, TASKS, Kills

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.faults.servers import S3

MOST = 3
"""Kills of one run."""


def wanted(seed: int) -> list[tuple[str, str, str]]:
    """Return what is done to which form of image where: all combinations twice, or nine that meet all."""
    draw = random.Random(seed)
    if PROOF:
        return draw.sample(EVERY, len(EVERY)) + draw.sample(EVERY, len(EVERY))
    tasks, forms, places = (draw.sample(list(all_of), len(all_of)) for all_of in (TASKS, FORMS, PLACES))
    return [(tasks[number % 4], forms[number % 3], places[(number + number // 3) % 3]) for number in range(9)]


def test_killed_again_and_again(
    tmp_path: Path, s3_moto: S3, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    seed = int(pytestconfig.option.hypothesis_seed)
    kept = ROOT / ".cache" / "proof" / f"kill-{seed}.txt"
    done = dict(line.split() for line in kept.read_text().splitlines()) if PROOF and kept.is_file() else {}
    kills = Kills(tmp_path, s3_moto, s3_moto.use(monkeypatch))
    count = sum(map(int, done.values()))
    for number, case in enumerate(wanted(seed)):
        if str(number) in done:
            continue
        told = kills.session(case, random.Random(f"{seed}-{number}"), MOST, f"killed-{number}")
        print(f"seed {seed}, {number}, {' '.join(case)}: {len(told)} kills ({'; '.join(told)})")
        count += len(told)
        if PROOF:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with kept.open("a") as file:
                file.write(f"{number} {len(told)}\n")
    seen_by_ome_zarr_py(kills.snapshots)
    print(f"{count} kills, {len(kills.snapshots)} looked at on the server")
    assert count >= (200 if PROOF else 24)


def seen_by_ome_zarr_py(snapshots: list[Path]) -> None:
    """Demand that ome-zarr-py, where it is installed, sees no image in what a killed run left on a server."""
    python = judge_python("ome-zarr-py")
    if not snapshots or not python.is_file():
        return
    asked = subprocess.run(
        [python, ROOT / "tests" / "judges" / "ome_zarr_py.py"],
        input=json.dumps([str(path) for path in snapshots]), capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    answers = json.loads(asked.stdout)["answers"]
    assert len(answers) == len(snapshots)
    seen = {path: answer for path, answer in answers.items() if answer.get("images")}
    assert not seen, seen
