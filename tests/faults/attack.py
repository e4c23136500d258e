"""Do one thing to one hostile input in a process of its own, and tell how it ended and what it took.

``attack`` of the fixture of this name is called by tests. The process that it talks to has loaded
everything and started no thread; it forks for each attack, and measures time, the growth of the peak of
memory, and which files were opened.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SECONDS, GROWTH = 2.0, 200 << 20
_HARD_SECONDS, _HARD_MEMORY = 20, 6 << 30


class Outcome(NamedTuple):
    """How an attack ended."""

    error: str
    ours: bool
    message: str
    seconds: float
    grown: int
    opened: list[str]
    result: Any = None

    def check(self, root: Path | None = None) -> None:
        """Demand what every hostile input has to end in: our error or none, soon, in little memory."""
        assert self.ours or not self.error, f"{self.error}: {self.message}"
        assert self.seconds < SECONDS, self
        assert self.grown < GROWTH, f"{self.grown >> 20} MiB: {self}"
        assert "\n" not in self.message
        assert len(self.message) < 1000
        if root is not None:
            above = str(root.parent)
            for path in self.opened:
                assert not path.startswith(above) or path.startswith(str(root)), path

    def refused(self, *errors: type[BaseException]) -> None:
        """Demand one of these errors on top of that."""
        self.check()
        assert self.error in {error.__name__ for error in errors}, self


class Attacker:
    """The process that attacks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.attack"], cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, action: str, path: Path | str, *words: str) -> Outcome:
        """Do something and return how it ended."""
        self._process.stdin.write(json.dumps([action, str(path), *words]) + "\n")
        self._process.stdin.flush()
        return Outcome(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _array(path: str) -> Any:
    from zarrscope.array.open import open_array
    from zarrscope.store.resolve import resolve

    return open_array(resolve(path))


def _corner(path: str) -> Any:
    array = _array(path)
    return array[(slice(0, 1),) * array.ndim].tolist()


def _open(path: str) -> Any:
    import zarrscope

    return type(zarrscope.open(path)).__name__


def _pixel(path: str) -> Any:
    import zarrscope

    image = zarrscope.open(path)
    return [image.levels[0][(slice(0, 1),) * image.levels[0].ndim].tolist(), *map(str, image.labels)]


def _groups(path: str) -> Any:
    import zarrscope

    group: Any = zarrscope.open(path)
    return [[image.name, image.levels[0][0, 0].item()] for image in group]


def _members(path: str) -> Any:
    from zarrscope.store.resolve import resolve

    store = resolve(path)
    return sum(len(store.get(key) or b"") for key in store.list())


def _upgrade(path: str, out: str) -> Any:
    import zarrscope

    zarrscope.upgrade(path, out=out)


def _validate(path: str) -> Any:
    import zarrscope

    return zarrscope.validate(path).valid


def _store(path: str, kind: str, method: str, *words: str) -> Any:
    from zarrscope.store.local import LocalStore
    from zarrscope.store.memory import MemoryStore
    from zarrscope.store.zip import ZipStore
    from zarrscope.store.zip_writer import ZipWriter

    store: Any = {
        "local": LocalStore,
        "memory": lambda _: MemoryStore(),
        "zip": ZipStore,
        "writer": ZipWriter,
    }[kind](path)
    if kind == "writer":
        store.begin([])
    try:
        found = getattr(store, method)(*[word.encode() if i else word for i, word in enumerate(words)])
        return [bytes(found).decode()] if isinstance(found, bytes | bytearray | memoryview) else str(found)
    finally:
        if kind == "writer":
            store.abort()


def _json(path: str) -> Any:
    from zarrscope.check.documents import parse

    return parse(Path(path).read_bytes(), "a.json", comments=True).error


def _xml(path: str) -> Any:
    from zarrscope.omexml.read import read

    return len(read(Path(path).read_bytes(), file="a.xml").images)


ACTIONS: dict[str, Callable[..., Any]] = {
    "array": lambda path: _array(path)[...].sum().item(),
    "corner": _corner,
    "open": _open,
    "pixel": _pixel,
    "groups": _groups,
    "members": _members,
    "upgrade": _upgrade,
    "validate": _validate,
    "store": _store,
    "json": _json,
    "xml": _xml,
}


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def _do(action: str, *words: str) -> Outcome:
    """In the child: do it."""
    from zarrscope.errors import ZarrscopeError

    opened: list[str] = []
    resource.setrlimit(resource.RLIMIT_AS, (_HARD_MEMORY, _HARD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_HARD_SECONDS, _HARD_SECONDS))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before, begun = _peak(), time.process_time()
    sys.addaudithook(lambda event, found: opened.append(_place(*found)) if event == "open" else None)
    result, error, ours, message = None, "", True, ""
    try:
        result = ACTIONS[action](*words)
    except BaseException as caught:
        error, ours, message = type(caught).__name__, isinstance(caught, ZarrscopeError), str(caught)
    seconds, grown = time.process_time() - begun, _peak() - before
    return Outcome(error, ours, message, seconds, grown, [p for p in opened if p], result)


def _place(path: object, _: object, flags: int) -> str:
    """Return the file that is about to be opened; a link that is not to be followed is its own place."""
    if isinstance(path, int):
        return ""
    place = Path(os.fsdecode(path))  # type: ignore[arg-type]
    if flags & os.O_NOFOLLOW:
        return f"{os.path.realpath(place.parent)}/{place.name}"
    return os.path.realpath(place)


def main() -> None:
    """Serve attacks until there are none."""
    import zarrscope.array.open
    import zarrscope.node.open
    import zarrscope.omexml.read
    import zarrscope.store.zip
    import zarrscope.store.zip_writer

    assert zarrscope.open
    assert zarrscope.validate
    assert zarrscope.upgrade
    for line in sys.stdin:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.write(write, json.dumps(_do(*json.loads(line)), default=str).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            told = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write((told or json.dumps([f"exit {status}", False, "", 99, 0, [], None])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
