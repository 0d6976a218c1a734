"""The clinics of a list, each placed by itself: here, on processes or on a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from multiprocessing import active_children
from typing import TYPE_CHECKING, Any, NamedTuple

from meso_sched.cli.progress import Progress
from meso_sched.cli.stopping import ignored, stoppable
from meso_sched.core.cohort import CohortRequest, CohortResult
from meso_sched.core.walltime import plural
from meso_sched.errors import ServerError, UsageError

if TYPE_CHECKING:
    from distributed import Client

SESSIONS_A_SECOND = 700.0
"""A rough figure, for the time that is left before anything is done."""

_ASKING = 0.2
_STOPPING = "stopping with the best there is so far; press Ctrl-C again to break off with nothing"
_CONNECTING = 10.0


class Effort(NamedTuple):
    """How a part is placed: ``exact`` or the quick way; ``seconds`` bound its search."""

    exact: bool
    seconds: float
    seed: int


class Site(NamedTuple):
    """Where parts are placed: so many processes, or the cluster at an address."""

    workers: int
    cluster: str | None = None


def place_all(
    requests: Sequence[CohortRequest], effort: Effort, site: Site
) -> tuple[CohortResult, ...]:
    """The results in the order of the requests; Ctrl-C keeps what there is.

    Raises UsageError and ServerError where a cluster cannot be used.
    """
    sizes = [sum(entry.course.count_all for entry in each.entries) for each in requests]
    doing = f"placing {plural(sum(sizes), 'session')}"
    if len(requests) > 1:
        doing += f" of {plural(len(requests), 'clinic')}"
    workers = min(site.workers, len(requests))
    with Progress(doing, sum(sizes), SESSIONS_A_SECOND * workers) as progress:
        if site.cluster is None and workers < 2:
            return tuple(_here(requests, effort, sizes, progress))
        with _executor(site, workers) as executor, stoppable(_STOPPING) as stopped:
            with ignored():  # a process that begins would die of it
                futures = [executor.submit(place_part, each, effort) for each in requests]
            waiting = dict(zip(futures, sizes, strict=True))
            while waiting:
                if stopped():
                    _stop(waiting)
                for future in wait(waiting, timeout=_ASKING, return_when="FIRST_COMPLETED").done:
                    progress.add(waiting.pop(future))
            return tuple(
                _result(future, request, effort)
                for future, request in zip(futures, requests, strict=True)
            )


def _stop(waiting: Iterable[Future[CohortResult]]) -> None:
    """What has not begun is not begun, and whoever is at work is told to come to an end."""
    for future in waiting:
        future.cancel()
    if os.name == "posix":  # elsewhere the terminal tells them, and this would kill them
        for child in active_children():
            if child.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGINT)


def place_part(request: CohortRequest, effort: Effort) -> CohortResult:
    """One clinic's list, by a worker; Ctrl-C makes it give what it has."""
    from meso_sched.core.sharing.placing import place_cohort

    if not effort.exact:
        return place_cohort(request)
    from meso_sched.exchange.highs import HighsSolver

    with stoppable(for_good=False) as stopped:
        return place_cohort(request, HighsSolver(effort.seconds, effort.seed, stopped))


def _here(
    requests: Sequence[CohortRequest], effort: Effort, sizes: Sequence[int], progress: Progress
) -> Iterator[CohortResult]:
    from meso_sched.core.sharing.placing import place_cohort
    from meso_sched.exchange.highs import HighsSolver

    with stoppable(_STOPPING) as stopped:
        for request, size in zip(requests, sizes, strict=True):
            solver = HighsSolver(effort.seconds, effort.seed, stopped) if effort.exact else None
            yield place_cohort(request, solver)
            progress.add(size)


def _result(future: Future[CohortResult], request: CohortRequest, effort: Effort) -> CohortResult:
    """What a worker found; what was not begun is placed the quick way."""
    if future.cancelled():
        return place_part(request, effort._replace(exact=False))._replace(stopped=True)
    return future.result()


@contextmanager
def _executor(site: Site, workers: int) -> Iterator[Executor]:
    if site.cluster is not None:
        with _client(site.cluster) as client:
            yield client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


@contextmanager
def _client(address: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster: Dask is not installed; install meso-sched[cluster], or leave it out"
        ) from error
    try:
        client: Any = Client(address, timeout=_CONNECTING)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise ServerError(
            f"--cluster {address}: no scheduler answers there; check the address, as"
            " tcp://10.0.0.5:8786, or leave it out"
        ) from error
    with client:
        yield client
