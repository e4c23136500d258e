"""Where work runs: in order, bounded, the first error ends it."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.executor import Executor, Serial, Successive, Threads, alone, cores, executor, fan_out, pool

EXECUTORS = (Serial(), Threads(2), Threads(5))


@pytest.mark.parametrize("chosen", EXECUTORS, ids=lambda e: f"{type(e).__name__}-{e.workers}")
class TestMap:
    """What all executors have in common."""

    def test_results_come_in_the_order_of_the_items(self, chosen: Threads) -> None:
        def slow_at_first(i: int) -> int:
            time.sleep(0.02 / (i + 1))
            return i * i

        assert list(chosen.map(slow_at_first, range(20))) == [i * i for i in range(20)]

    def test_nothing_to_do(self, chosen: Threads) -> None:
        assert list(chosen.map(str, [])) == []

    def test_a_bounded_number_is_in_flight(self, chosen: Threads) -> None:
        taken, done = 0, 0

        def items() -> object:
            nonlocal taken
            for i in range(50):
                taken += 1
                yield i

        for _ in chosen.map(lambda i: i, items()):
            done += 1
            assert taken <= done + chosen.workers + 1

    def test_the_first_error_ends_it(self, chosen: Threads) -> None:
        begun = []

        def fail_at_3(i: int) -> int:
            begun.append(i)
            if i == 3:
                raise ValueError("three")
            return i

        found = []
        with pytest.raises(ValueError, match="three"):
            found.extend(iter(chosen.map(fail_at_3, range(1000))))
        assert len(begun) <= 3 + 2 * chosen.workers + 2

    def test_closing_begins_nothing_new(self, chosen: Threads) -> None:
        begun = []
        with closing(chosen.map(begun.append, range(1000))) as results:
            next(results)
        count = len(begun)
        assert count <= 2 + chosen.workers
        time.sleep(0.02)
        assert len(begun) == count

    def test_closing_waits_for_what_has_begun(self, chosen: Threads) -> None:
        begun, ended = [], []

        def slow(i: int) -> None:
            begun.append(i)
            time.sleep(0.05)
            ended.append(i)

        with closing(chosen.map(slow, range(1000))) as results:
            next(results)
        assert sorted(begun) == sorted(ended)


def together(executor: Executor, parties: int = 3) -> set[threading.Thread]:
    """Return the threads that do so many pieces of work at the same time."""
    barrier = threading.Barrier(parties)

    def me(_: int) -> threading.Thread:
        barrier.wait(10)
        return threading.current_thread()

    return set(executor.map(me, range(parties)))


def test_threads_stay_while_their_number_does() -> None:
    """Threads that are new for each level make the memory of a run grow from level to level."""
    with Successive() as threads:
        assert isinstance(threads.executor(1), Serial)
        first = together(threads.executor(3))
        assert together(threads.executor(3)) == first
        other = together(threads.executor(2), 2)
        assert not other & first
        assert not any(one.is_alive() for one in first)
    assert not any(one.is_alive() for one in other)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signal can be sent to one thread here")
@pytest.mark.parametrize("kept", [False, True])
def test_an_interrupt_leaves_nothing_at_work(kept: bool) -> None:
    """It comes while the first result is waited for."""
    begun, ended, main = threading.Event(), threading.Event(), threading.main_thread().ident
    assert main is not None

    def slow(i: int) -> None:
        if i == 0:
            begun.set()
            time.sleep(0.3)
            ended.set()

    def interrupt() -> None:
        begun.wait(10)
        signal.pthread_kill(main, signal.SIGINT)

    with Successive() as threads:
        chosen = threads.executor(2) if kept else Threads(2)
        watch = threading.Timer(0.1, interrupt)
        watch.start()
        with pytest.raises(KeyboardInterrupt), closing(chosen.map(slow, range(2))) as results:
            list(results)
        assert ended.is_set()
        watch.join()


def test_items_that_fail_are_told() -> None:
    def items() -> object:
        yield 1
        raise KeyError("source")

    with pytest.raises(KeyError, match="source"):
        list(Threads(2).map(lambda i: i, items()))


def test_threads_work_side_by_side() -> None:
    barrier = threading.Barrier(3, timeout=10)
    assert len(list(Threads(3).map(lambda _: barrier.wait(), range(3)))) == 3


def test_the_choice() -> None:
    assert isinstance(executor(1), Serial)
    assert executor(4).workers == 4
    assert executor().workers == max(1, cores())
    assert cores() >= 1


@given(st.lists(st.integers()))
def test_fan_out_keeps_the_order(items: list[int]) -> None:
    assert fan_out(lambda i: -i, items) == [-i for i in items]


def test_fan_out_inside_of_workers_does_not_deadlock() -> None:
    """Each piece of work fans out again, three deep, with more pieces than the shared pool has threads."""

    def nested(depth: int) -> int:
        return sum(fan_out(nested, [depth - 1] * 40)) if depth else 1

    done = []
    thread = threading.Thread(target=lambda: done.append(fan_out(nested, [2] * 64)), daemon=True)
    thread.start()
    thread.join(60)
    assert done == [[1600] * 64]


def test_fan_out_passes_errors_on() -> None:
    with pytest.raises(ZeroDivisionError):
        fan_out(lambda i: 1 // i, [1, 0, 1])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("from_a_worker", [False, True])
def test_a_forked_child_has_a_pool_of_its_own(from_a_worker: bool) -> None:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def work() -> None:
        names = fan_out(lambda _: threading.current_thread().name, list(range(64)))
        there.send({name.rpartition("_")[0] for name in names})

    def child() -> object:
        process = context.Process(target=work)
        process.start()
        try:
            return here.recv() if here.poll(20) else "nothing"
        finally:
            process.kill()
            process.join()

    fan_out(lambda i: i, list(range(64)))
    assert (pool().submit(child).result() if from_a_worker else child()) == {"zarrscope-pool"}


def test_alone_means_without_the_pool() -> None:
    def where(_: int) -> str:
        return threading.current_thread().name

    own = threading.current_thread().name
    with alone():
        assert set(fan_out(where, range(8))) == {own}
        with alone():
            pass
        assert set(fan_out(where, range(8))) == {own}
    assert own not in fan_out(where, range(8))
