"""Laws about what is loaded when: the face is light, and each foreign package has one home."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "zarrscope"

ONE_HOME = {
    "imagecodecs": r"zarrscope\.source\.\w+",
    "obstore": r"zarrscope\.store\.remote",
    "numba": r"zarrscope\.pyramid\.kernels_numba",
    "zarr": r"zarrscope\.array\.zarr_adapter",
    "dask": r"zarrscope\.array\.interop",
    "xarray": r"zarrscope\.array\.interop",
    "crc32c": r"zarrscope\.array\.\w+",
    "rich": r"zarrscope\.cli\.\w+",
    "uvicorn": r"zarrscope\.server\.serve",
    "neuroglancer": r"zarrscope\.viewer\.neuroglancer_client",
    "napari": r"zarrscope\.viewer\.napari",
}
"""The one module that may import a package; each must be one module in all."""

PROGRAMS = {"napari"}
"""What images are opened in where it is installed, and what nobody should get with an extra of ours."""

ROOMS_OF = {
    "numcodecs": r"array\.\w+",
    "xxhash": r"(array|source|ledger)\.\w+",
    "tifffile": r"source\.tiff\.\w+",
}
"""Packages that a whole room stands upon: the modules that may import them."""

# numpy and everything that a user installs beside Python itself
HEAVY = (
    "numpy numcodecs crc32c xxhash numba llvmlite obstore tifffile imagecodecs rich zarr dask xarray pandas "
    "fsspec tensorstore asyncio multiprocessing"
).split()


def homes() -> dict[str, set[str]]:
    """Return the modules that import each package from outside the standard library."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            top = name.partition(".")[0]
            if top != "zarrscope" and top not in sys.stdlib_module_names:
                found.setdefault(top, set()).add(module)
    return found


def imported(tree: ast.Module) -> list[str]:
    """Return the full names that a module imports, by statement or by ``import_module`` and ``needed``."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
        elif isinstance(node, ast.Call) and re.search(r"(import_module|needed)$", ast.unparse(node.func)):
            names += [
                a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
    return names


@pytest.mark.parametrize("package", sorted(ONE_HOME))
def test_a_package_is_imported_in_one_module(package: str) -> None:
    found = homes().get(package, set())
    assert len(found) <= 1, sorted(found)
    assert all(re.fullmatch(ONE_HOME[package], module) for module in found), found


def test_every_foreign_package_is_declared_and_known() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = declared["optional-dependencies"]
    lines = declared["dependencies"] + [line for name in extras if name != "dev" for line in extras[name]]
    names = {re.match(r"[\w-]+", line)[0].lower().replace("-", "_") for line in lines}  # type: ignore[index]
    unknown = {
        package: sorted(where) for package, where in homes().items() if package not in names | PROGRAMS
    }
    assert not unknown, "imported, but declared neither as a dependency nor as an extra"
    settled = {"numpy", *ONE_HOME, *ROOMS_OF}
    assert set(homes()) <= settled, "say in this file where it may be imported"


@pytest.mark.parametrize("package", sorted(ROOMS_OF))
def test_a_package_stays_in_its_rooms(package: str) -> None:
    allowed = re.compile(rf"zarrscope\.{ROOMS_OF[package]}")
    assert not [module for module in homes().get(package, set()) if not allowed.fullmatch(module)]


def loaded_after(code: str) -> list[str]:
    """Return which heavy packages a fresh interpreter has loaded after some code."""
    report = f"{code}\nimport sys\nprint(*[n for n in {HEAVY!r} if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout.splitlines()[-1].split()


def test_importing_is_light() -> None:
    assert loaded_after("import zarrscope") == []


def test_asking_what_there_is_is_light() -> None:
    assert loaded_after("import zarrscope; dir(zarrscope); zarrscope.__all__") == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_is_light(arguments: list[str]) -> None:
    assert importlib.util.find_spec("zarrscope.cli.main"), "the command line is not there"
    call = (
        "import contextlib\nfrom zarrscope.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({arguments!r})"
    )
    assert loaded_after(call) == []


ONLY_BASE = """
import re, sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

base = {n.lower().replace("_", "-") for n in re.findall(r"(?m)^([\\w.-]+)==", Path(sys.argv[1]).read_text())}
base |= {"zarrscope"}
hidden = {
    top for top, owners in packages_distributions().items()
    if not {owner.lower().replace("_", "-").replace(".", "-") for owner in owners} & base
}

class Without:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else PathFinder.find_spec(name, path, target)

    @staticmethod
    def find_distributions(context=None):
        return PathFinder.find_distributions(context) if context else PathFinder.find_distributions()

before = set(sys.modules)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from zarrscope.cli.main import main

assert main(["demo"]) == 0
assert main(["info", "demo/cells.ome.zarr"]) == 0
loaded = hidden & {name.partition(".")[0] for name in sys.modules.keys() - before}
assert "zarr" in hidden and not loaded, loaded
"""


def test_the_base_install_is_enough_and_quiet(tmp_path: Path) -> None:
    lock = ROOT / "requirements" / "base.txt"
    command = [sys.executable, "-W", "error", "-c", ONLY_BASE, str(lock)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
