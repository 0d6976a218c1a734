"""The clinics of a list on processes and on a real Dask cluster, and what Ctrl-C leaves of them."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cohorts import tiny

from meso_sched.cli.parts import Effort, Site, place_all
from meso_sched.cli.progress import Progress
from meso_sched.core.cohort import CohortRequest
from meso_sched.errors import ServerError

EXACT = Effort(exact=True, seconds=30.0, seed=0)
HERE = Site(workers=1)
REQUESTS = tuple(tiny(seed) for seed in (3, 9, 25, 33))


def test_processes_give_what_one_gives() -> None:
    assert place_all(REQUESTS, EXACT, Site(workers=2)) == place_all(REQUESTS, EXACT, HERE)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as started:
        yield started.scheduler_address


def test_a_cluster_of_two_workers_gives_what_one_process_gives(cluster: str) -> None:
    results = place_all(REQUESTS, EXACT, Site(workers=1, cluster=cluster))
    assert results == place_all(REQUESTS, EXACT, HERE)


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meso_sched.cli.parts._CONNECTING", 0.5)
    with pytest.raises(ServerError, match=r"--cluster tcp://127\.0\.0\.1:9: no scheduler answers"):
        place_all(REQUESTS[:1], EXACT, Site(workers=1, cluster="tcp://127.0.0.1:9"))


def test_a_request_goes_to_another_process_whole() -> None:
    for request in REQUESTS:
        copied = pickle.loads(pickle.dumps(request))
        assert copied == request
        assert copied.clinic.zone is request.clinic.zone


_LONG = """
import sys
from meso_sched.cli.parts import Effort, Site, place_all
sys.path[:0] = sys.argv[1:2]
from cohort_lists import make_list
if __name__ == "__main__":
    requests = [make_list(int(sys.argv[2]), seed) for seed in range(int(sys.argv[3]))]
    print("begins", flush=True)
    results = place_all(requests, Effort(True, 60.0, 0), Site(workers=int(sys.argv[3])))
    print([each.stopped for each in results], flush=True)
    print(all(each.objective.unplaced == 0 for each in results), flush=True)
"""


@pytest.mark.parametrize("clinics", [1, 2], ids=["here", "on processes"])
def test_ctrl_c_keeps_the_best_there_is(clinics: int, tmp_path: Path) -> None:
    """The whole process group gets the signal, as from a terminal."""
    script = tmp_path / "long.py"
    script.write_text(_LONG)
    benchmarks = Path(__file__).parent / "benchmarks"
    process = subprocess.Popen(
        [sys.executable, script, benchmarks, "300", str(clinics)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(0.4 if clinics == 1 else 0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert out.splitlines() == [str([True] * clinics), "True"], err
    assert err.count("stopping with the best there is so far") == 1


def test_progress_tells_what_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("placing 10 sessions", 10, 2.0) as progress:
        time.sleep(1.2)
        progress.add(5)
    assert capfd.readouterr().err == ("meso-sched: placing 10 sessions … about 4 seconds left\n")


def test_what_takes_less_than_a_second_is_not_told_of(
    capfd: pytest.CaptureFixture[str],
) -> None:
    requests: tuple[CohortRequest, ...] = REQUESTS[:1]
    place_all(requests, EXACT, HERE)
    assert capfd.readouterr() == ("", "")
