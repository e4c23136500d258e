"""Workers: wall seconds of writing 1 GiB with two against one (quickest run), and whether bytes differ.

What the machine allows stands beside it: threads that share out a fixed number of checksums in C.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from hashlib import sha256
from pathlib import Path

from measure import BENCH, OUT, fresh, images, report, run, warm

CHECKSUMS = """
import sys, threading, zlib
data, count = bytes(1 << 20), 4800 // int(sys.argv[1])
work = lambda: [zlib.crc32(data) for _ in range(count)]
threads = [threading.Thread(target=work) for _ in range(int(sys.argv[1]))]
[t.start() for t in threads], [t.join() for t in threads]
"""
EXAMPLE = "example: python bench/workers.py --codec fast --repeat 5"


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--codec", default="default")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write; a tmpfs leaves the disk out")
    chosen = parser.parse_args()
    source = images.npy(OUT / "image.npy")
    targets = {str(n): chosen.out / f"workers-{n}.ome.zarr" for n in (1, 2)}
    ours = [sys.executable, BENCH / "writers" / "ours.py", source]
    warm()
    runs = {n: [] for n in targets}
    allowed = {n: [] for n in targets}
    for _ in range(chosen.repeat):
        for n, target in targets.items():
            runs[n].append(run([*ours, fresh(target), "--codec", chosen.codec, "--workers", n]))
            allowed[n].append(run([sys.executable, "-c", CHECKSUMS, n]).wall)
    # On a shared machine the quickest run is the one that was disturbed least.
    found = {n: min(used, key=lambda run: run.wall) for n, used in runs.items()}
    same = digest(targets["1"]) == digest(targets["2"])
    rows = [
        {
            "workers": n,
            "codec": chosen.codec,
            "wall_s": used.wall,
            "cpu_s": used.cpu,
            "times_faster": found["1"].wall / used.wall,
            "machine_allows": min(allowed["1"]) / min(allowed[n]),
            "bytes": "same" if same else "DIFFERENT",
        }
        for n, used in found.items()
    ]
    for target in targets.values():
        shutil.rmtree(target)
    report("workers: 1 GiB, 5 levels, sharded", rows)


def digest(folder):
    """Return one checksum of all files below a folder."""
    made = sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and ".zarrscope" not in p.parts):
        made.update(str(path.relative_to(folder)).encode())
        made.update(path.read_bytes())
    return made.hexdigest()


if __name__ == "__main__":
    main()
