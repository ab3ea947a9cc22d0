"""Speed of mixed models from call to result, beside lme4, mixedlm and statsmodels.

    python benchmarks/bench_lmm.py --sessions 2000 50000 500000 --write docs/performance.md

Every program fits the same rows by REML on one thread. The programs take turns: one call each,
round after round, so that a busy minute of the machine hits all of them. Times are medians over
the rounds, after one call that is not counted; reading the file is not counted either. Above
200,000 sessions lme4 is called once only. This library also fits the same rows shuffled, and says
the most memory it held during one more call. A program that is not installed is named and left
out.
"""
# ruff: noqa: E402

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
for _name in THREADS:
    os.environ[_name] = "1"  # before numpy is loaded; child processes inherit it

import argparse
import gc
import importlib
import importlib.metadata
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
FIXED = "symptom ~ session + alliance_within + alliance_between"
PATIENT_SLOPE = "(1 + alliance_within | patient)"
MODELS = (
    "(1 | patient)",
    PATIENT_SLOPE,
    f"{PATIENT_SLOPE} + (1 | therapist)",
    f"{PATIENT_SLOPE} + (1 + alliance_within | therapist)",
    f"{PATIENT_SLOPE} + (1 | seen_by)",
    f"{PATIENT_SLOPE} + (1 + alliance_within | seen_by)",
)
NAMES = (
    "alliance_stats",
    "alliance_stats (shuffled)",
    "lme4",
    "lme4 (tight)",
    "mixedlm",
    "statsmodels",
)
OURS, SHUFFLED, LME4, TIGHT, MIXEDLM, STATSMODELS = NAMES
STATSMODELS_LIMIT = 5_000  # sessions; beyond, one fit takes minutes
LME4_ONCE = 200_000  # sessions; beyond, lme4 is called once
CHANGES = 0.05  # share of patients whose therapist changes after their fourth session
START, END = "<!-- bench_lmm: start -->", "<!-- bench_lmm: end -->"

Fit = Callable[[str], tuple[float, float]]  # random part -> seconds, log-likelihood


class NotExpressible(Exception):
    """The program has no way to write this model."""


@dataclass(frozen=True)
class Peer:
    """A program that fits a model and says how long it took; `once` asks for no second call."""

    name: str
    version: str
    fit: Fit
    once: bool = False


@dataclass
class Record:
    """Times and log-likelihood of one program on one model."""

    seconds: list[float] = field(default_factory=list)
    loglik: float = float("nan")
    failure: str = ""

    @property
    def median(self) -> float:
        """Median seconds, NaN when it never ran."""
        return statistics.median(self.seconds) if self.seconds else float("nan")


# ---------------------------------------------------------------- data


def simulate(sessions: int, *, seed: int = 1) -> pd.DataFrame:
    """Sessions in patients (5 to 15 each) in therapists (10 patients each); slopes at both.

    `seen_by` is the therapist of the session where some patients change: a crossed factor. The
    outcome does not depend on the change.
    """
    rng = np.random.default_rng(seed)
    n_patients = 2 * max(sessions // 20, 10)
    more = rng.integers(0, 6, n_patients // 2)
    lengths = rng.permutation(np.concatenate([10 + more, 10 - more]))  # 10 on average, exactly
    patient = np.repeat(np.arange(n_patients), lengths)
    therapist = patient // 10
    within = rng.normal(scale=0.6, size=patient.size)
    between = rng.normal(scale=0.8, size=n_patients)
    of_patient = rng.multivariate_normal([0, 0], [[16, -1.6], [-1.6, 2.25]], n_patients)
    of_therapist = rng.multivariate_normal([0, 0], [[4, 0.6], [0.6, 1]], therapist[-1] + 1)
    session = np.arange(patient.size) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    level = 14 + of_patient[patient, 0] + of_therapist[therapist, 0] - 1.8 * between[patient]
    slope = -1 + of_patient[patient, 1] + of_therapist[therapist, 1]
    symptom = level + slope * within - 0.35 * session + rng.normal(scale=3, size=patient.size)
    moved = rng.random(n_patients) < CHANGES
    other = rng.integers(0, therapist[-1] + 1, n_patients)
    seen_by = np.where(moved[patient] & (session > 4), other[patient], therapist)
    return pd.DataFrame(
        {
            "therapist": therapist + 1,
            "seen_by": seen_by + 1,
            "patient": patient + 1,
            "session": session,
            "alliance_within": within.round(4),
            "alliance_between": between[patient].round(4),
            "symptom": symptom.round(4),
        }
    )


# ---------------------------------------------------------------- peers


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """Seconds and value of one call, warnings silenced, garbage collected before."""
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = time.perf_counter()
        value = call()
        return time.perf_counter() - began, value


def version_of(package: str) -> str:
    """``package 1.2.3``."""
    return f"{package} {importlib.metadata.version(package)}"


def peer_ours(name: str, frame: pd.DataFrame) -> Peer:
    """This library."""
    library = importlib.import_module("alliance_stats")
    fit_lmm = library.fit_lmm
    return Peer(
        name,
        f"{OURS} {library.__version__}",
        lambda random: timed(lambda: fit_lmm(f"{FIXED} + {random}", frame).loglik),
    )


def peak_memory(random: str, frame: pd.DataFrame) -> float:
    """Most memory that one fit of this library holds at a time, in bytes."""
    fit_lmm = importlib.import_module("alliance_stats").fit_lmm
    tracemalloc.start()
    timed(lambda: fit_lmm(f"{FIXED} + {random}", frame).loglik)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


def peer_mixedlm(frame: pd.DataFrame) -> Peer:
    """The mixedlm package (Rust)."""
    lmer = importlib.import_module("mixedlm").lmer
    return Peer(
        MIXEDLM,
        version_of("mixedlm"),
        lambda random: timed(lambda: float(lmer(f"{FIXED} + {random}", frame).logLik())),
    )


def peer_statsmodels(frame: pd.DataFrame) -> Peer:
    """MixedLM of statsmodels: correlated slopes at one level only."""
    if len(frame) > STATSMODELS_LIMIT:
        raise LookupError(f"left out above {STATSMODELS_LIMIT:,} sessions (minutes for one fit)")
    mixed = importlib.import_module("statsmodels.formula.api").mixedlm

    def fit(random: str) -> tuple[float, float]:
        if random not in MODELS[:2]:
            raise NotExpressible
        slopes = "~ alliance_within" if "alliance_within" in random else "~ 1"
        return timed(
            lambda: mixed(FIXED, frame, groups="patient", re_formula=slopes).fit(reml=True).llf
        )

    return Peer(STATSMODELS, version_of("statsmodels"), fit)


@dataclass(frozen=True)
class RProcess:
    """One R session that answers a line with a line."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, script: str, data: Path) -> RProcess:
        """Start R with a script on the data; LookupError when there is no R."""
        program = shutil.which("Rscript")
        if program is None:
            raise LookupError("no Rscript on the path")
        return cls.start_with(program, script, data)

    @classmethod
    def start_with(cls, program: str, script: str, data: Path) -> RProcess:
        """Start another interpreter with a script that answers in the same way."""
        command = [program, str(HERE / script), str(data)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return cls(subprocess.Popen(command, text=True, bufsize=1, **pipes))

    def read(self) -> str:
        """The next line; LookupError when R ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise LookupError("R ended (is lme4 installed?)")
        return line.strip()

    def ask(self, task: str, random: str) -> tuple[float, float]:
        """Seconds (by R's clock) and a number, such as the log-likelihood."""
        return self.ask_about(task, f"{FIXED} + {random}")

    def ask_about(self, task: str, formula: str) -> tuple[float, float]:
        """The same of any formula."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task}\t{formula}\n")
        self.process.stdin.flush()
        first, second = self.read().split("\t")
        if first == "error":
            raise RuntimeError(second)
        return float(first), float(second)

    def stop(self) -> None:
        """Close the pipe; R ends by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


def peers_lme4(data: Path, stack: ExitStack, *, once: bool) -> list[Peer]:
    """lme4's lmer as called by default and with tight settings, in one R process."""
    process = RProcess.start("peer_lme4.R", data)
    stack.callback(process.stop)
    version = process.read()
    return [
        Peer(LME4, version, lambda random: process.ask("default", random), once),
        Peer(TIGHT, version, lambda random: process.ask("tight", random), once),
    ]


def all_peers(
    frame: pd.DataFrame, shuffled: pd.DataFrame, data: Path, stack: ExitStack
) -> list[Peer]:
    """Every program there is; the others are named with the reason."""
    once = len(frame) > LME4_ONCE
    makers: list[tuple[str, Callable[[], list[Peer]]]] = [
        (OURS, lambda: [peer_ours(OURS, frame), peer_ours(SHUFFLED, shuffled)]),
        (LME4, lambda: peers_lme4(data, stack, once=once)),
        (MIXEDLM, lambda: [peer_mixedlm(frame)]),
        (STATSMODELS, lambda: [peer_statsmodels(frame)]),
    ]
    peers: list[Peer] = []
    for name, make in makers:
        try:
            peers += make()
        except (ImportError, AttributeError, LookupError) as reason:
            say(f"{name} skipped: {reason}")
    return peers


# ---------------------------------------------------------------- rounds


def say(text: str) -> None:
    """A line for the reader, not for the table."""
    print(f"# {text}", flush=True)


def run_once(peer: Peer, random: str, record: Record, *, count: bool) -> None:
    """One call of one program; a failure is recorded and ends its part in this model."""
    if record.failure:
        return
    try:
        seconds, record.loglik = peer.fit(random)
    except NotExpressible:
        record.failure = "–"
    except Exception as reason:
        record.failure = "failed"
        say(f"{peer.name} failed on {random}: {type(reason).__name__}: {reason}")
    else:
        if count:
            record.seconds.append(seconds)


def run_model(peers: list[Peer], random: str, rounds: int) -> dict[str, Record]:
    """All programs on one model, in turns; the order turns with the rounds."""
    records = {peer.name: Record() for peer in peers}
    for turn in range(rounds + 1):
        shift = turn % len(peers)
        for peer in peers[shift:] + peers[:shift]:
            if not peer.once or turn == 1:
                run_once(peer, random, records[peer.name], count=turn > 0)
    return records


def run_size(sessions: int, rounds: int) -> tuple[list[str], list[str]]:
    """Table rows and versions for one number of sessions."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        data = folder / "sessions.csv"
        simulate(sessions).to_csv(data, index=False)
        frame = pd.read_csv(data)
        shuffled = frame.sample(frac=1, random_state=1, ignore_index=True)
        peers = all_peers(frame, shuffled, data, stack)
        if not peers:
            return [], []
        rows = []
        for random in MODELS:
            say(f"{len(frame):,} sessions, {random}, {rounds} rounds")
            records = run_model(peers, random, rounds)
            memory = [peak_memory(random, rows_) / numeric(frame) for rows_ in (frame, shuffled)]
            rows.append(table_row(len(frame), random, records, memory))
        return rows, [peer.version for peer in peers]


# ---------------------------------------------------------------- table


def numeric(frame: pd.DataFrame) -> float:
    """Bytes of the columns that a model uses: five numbers and an id or two, 8 bytes each."""
    return 8.0 * len(frame) * len(frame.columns.drop("seen_by"))


def cell(record: Record | None) -> str:
    """Median milliseconds, or why there are none."""
    if record is None:
        return "–"
    return record.failure or f"{1000 * record.median:.1f}"


def ratio(record: Record | None, ours: Record | None) -> str:
    """How many times longer than this library."""
    if record is None or ours is None or not (record.seconds and ours.seconds):
        return "–"
    return f"{record.median / ours.median:.1f}"


def below_best(records: dict[str, Record]) -> str:
    """Programs whose log-likelihood is more than 1e-6 below the highest, with the difference."""
    values = {name: r.loglik for name, r in records.items() if r.seconds}
    best = max(values.values())
    short = [f"{name} {best - v:.1e}" for name, v in values.items() if best - v > 1e-6]
    return ", ".join(short) or "none"


def table_row(sessions: int, random: str, records: dict[str, Record], memory: list[float]) -> str:
    """One row of the Markdown table."""
    ours = records.get(OURS)
    loglik = max((r.loglik for r in records.values() if r.seconds), default=float("nan"))
    cells = [
        f"{sessions:,}",
        f"`{random}`".replace("|", "\\|").replace("alliance_within", "wp"),
        *(cell(records.get(name)) for name in NAMES),
        ratio(records.get(LME4), ours),
        ratio(records.get(MIXEDLM), ours),
        f"{loglik:.4f}",
        below_best(records) if records else "–",
        " / ".join(f"{share:.1f}" for share in memory),
    ]
    return "| " + " | ".join(cells) + " |"


def markdown(rows: list[str], versions: list[str], note: str) -> str:
    """The whole block between the markers."""
    heads = ["sessions", "random part", *(f"{name}, ms" for name in NAMES)]
    heads += ["lme4 / ours", "mixedlm / ours", "highest logLik", "below it by > 1e-6"]
    heads += ["memory, sorted / shuffled"]
    lines = [
        note,
        "",
        "| " + " | ".join(heads) + " |",
        "|" + " --- |" * len(heads),
        *rows,
        "",
        f"Fixed part `{FIXED}`; `wp` is `alliance_within`; `seen_by` is the therapist where "
        f"{CHANGES:.0%} of the patients change theirs (crossed factors). Memory: the most this "
        "library holds during a fit, in sizes of the columns used. Synthetic data.",
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        + ", ".join(dict.fromkeys(versions))
        + ".",
    ]
    return "\n".join(lines)


def write_between(path: Path, text: str, markers: tuple[str, str]) -> None:
    """Replace what stands between the markers of a file; append them when there are none."""
    start, end = markers
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    block = f"{start}\n{text}\n{end}"
    if start in old and end in old:
        head, rest = old.split(start, 1)
        new = head + block + rest.split(end, 1)[1]
    else:
        new = f"{old.rstrip()}\n\n{block}\n".lstrip()
    path.write_text(new, encoding="utf-8")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[2_000, 50_000, 500_000])
    parser.add_argument(
        "--rounds", type=int, help="default: 15, above 10,000 sessions 5, above 200,000 3"
    )
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    return parser.parse_args()


def main() -> None:
    """Run, print the table, and write it when asked."""
    options = arguments()
    rows: list[str] = []
    versions: list[str] = []
    counts = []
    for sessions in options.sessions:
        rounds = options.rounds or (15 if sessions <= 10_000 else 5 if sessions <= LME4_ONCE else 3)
        more, found = run_size(sessions, rounds)
        rows, versions = rows + more, versions + found
        counts.append(str(rounds))
    note = (
        "REML, one thread, from call to result; median of "
        f"{', '.join(dict.fromkeys(counts))} calls (lme4 once above {LME4_ONCE:,} sessions), the "
        "programs in turns; rows sorted by patient unless it says shuffled."
    )
    text = markdown(rows, versions, note)
    print(f"\n{text}")
    if options.write:
        write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
