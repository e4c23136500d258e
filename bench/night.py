"""A night in a minute: a large conversion is killed twice, goes on, and is compared with one that was not."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tifffile

from measure import OUT, fresh, report, run

EXAMPLE = "example: python bench/night.py --gb 10 (needs three times as much space)"
SIDE, TILE = 8192, 512


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--gb", type=float, default=10.0)
    parser.add_argument("--kills", type=float, nargs="*", default=[8, 8], help="seconds into each run")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    source = scan(chosen.out / "night.ome.tif", chosen.gb)
    night, quiet = (fresh(chosen.out / f"{name}.ome.zarr") for name in ("night", "quiet"))
    shutil.rmtree(f"{night}.part", ignore_errors=True)
    convert = [sys.executable, "-m", "zarrscope", "convert", source]
    words = ["--memory", "1GB", "--verify"]
    for seconds in chosen.kills:
        killed([*convert, night, "--resume", *words], seconds)
        assert not night.exists(), "it looks complete"
    last = run([*convert, night, "--resume", *words])
    whole = run([*convert, quiet, *words])
    ledger = run([sys.executable, "-m", "zarrscope", "verify", night])
    pixels = run([sys.executable, "-m", "zarrscope", "verify", night, "--against", source])
    different = subprocess.run(["diff", "-r", "-x", ".zarrscope", night, quiet], check=False).returncode
    rows = [
        {"step": name, "cpu_s": used.cpu, "wall_s": used.wall, "memory_mb": used.memory}
        for name, used in (
            ("last of the killed runs", last),
            ("one run", whole),
            ("verify", ledger),
            ("verify --against the source", pixels),
        )
    ]
    report(
        f"night: {source.stat().st_size / 1e9:.1f} GB, trees {'DIFFER' if different else 'are the same'}",
        rows,
    )
    for folder in (night, quiet):
        shutil.rmtree(folder)


def killed(command, seconds):
    """Run a command, and kill it with SIGKILL after some seconds."""
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    assert process.poll() is None, "it was too fast to be killed: give it more, or kill sooner"
    process.send_signal(signal.SIGKILL)
    process.wait()


def scan(path, gigabytes):
    """Return an OME-TIFF of two channels in tiles, made plane by plane where it is not there yet."""
    depth = max(1, round(gigabytes * 1e9 / (2 * 2 * SIDE * SIDE)))
    if path.exists():
        return path
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    cells = [400 + 300 * np.sin(x / 97 + c) * np.cos(y / 131) for c in range(2)]
    noise = rng.poisson(60, (SIDE, SIDE)).astype(np.float32)
    micrometers = {f"PhysicalSize{axis}": size for axis, size in (("X", 0.325), ("Y", 0.325), ("Z", 1.0))}

    def tiles():
        for field in cells:
            for z in range(depth):
                moved = np.roll(noise, tuple(map(int, rng.integers(SIDE, size=2))), (0, 1))
                plane = (field * (1 + 0.3 * np.sin(z / 6)) + moved).astype("u2")
                for row in range(0, SIDE, TILE):
                    for column in range(0, SIDE, TILE):
                        yield plane[row : row + TILE, column : column + TILE]

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.making")
    with tifffile.TiffWriter(part, bigtiff=True, ome=True) as writer:
        writer.write(
            tiles(), shape=(2, depth, SIDE, SIDE), dtype="u2", tile=(TILE, TILE), photometric="minisblack",
            metadata={"axes": "CZYX", **micrometers},
        )  # fmt: skip
    part.rename(path)
    return path


if __name__ == "__main__":
    main()
