"""The check of a paper: bindings, typed numbers, statistics, results, rendered files."""

from __future__ import annotations

import os
from collections.abc import Iterator

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.paper.allow import ALLOW, load_allowed
from alliance_stats.paper.check_pointers import check_pointers
from alliance_stats.paper.check_rendered import check_rendered
from alliance_stats.paper.check_source import check_bindings, check_numbers
from alliance_stats.paper.check_statistics import check_printed
from alliance_stats.paper.checked import Checked, PaperCheck
from alliance_stats.paper.paths import shown
from alliance_stats.paper.privacy import BASES, IN_FIT
from alliance_stats.paper.render.files import manuscript_of
from alliance_stats.paper.run import compute, data_entry, differing
from alliance_stats.paper.stored import META, RESULTS, Stored, load_stored, text_hash
from alliance_stats.paper.study import Study, load_study


def check_paper(path: str | os.PathLike[str], *, rerun: bool = False) -> PaperCheck:
    """Check every number of a paper: nothing is written.

    Every binding must resolve; every number typed by hand must equal a result as rounded in print,
    or stand on the allow-list with a reason; tables and figures that are mentioned must be there;
    in the finished text t must be b / SE, and p must fit t and df; results must be those that the
    run wrote, from this study.toml and these data; counts of few patients must be suppressed;
    rendered files must be what `render_paper` makes now.

    Parameters
    ----------
    path : str or path
        The folder of the paper.
    rerun : bool
        Whether the study is fitted again and compared with results.json, at 1e-8.

    Returns
    -------
    PaperCheck
        ``findings`` are what is wrong, each with its line or paragraph; ``ok``; ``frame``.

    Raises
    ------
    ArgumentError
        If the folder holds no paper.
    DataError
        If study.toml or results.json cannot be read, or there is no manuscript.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from alliance_stats.paper import check_paper, run_study
    >>> study = '''
    ... [data.sessions]
    ... example = "sessions"
    ... [questions.alliance]
    ... fit = "fit_within_between"
    ... [manuscript]
    ... path = "text.md"
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "study.toml").write_text(study, encoding="utf-8")
    ...     text = "It fell ({{alliance.within | b}}), by b = −0.126."
    ...     _ = Path(folder, "text.md").write_text(text, encoding="utf-8")
    ...     _ = run_study(folder)
    ...     check = check_paper(folder)
    >>> check.ok, check.findings[0].place, check.findings[0].what
    (False, 'text.md, line 1', 'b = −0.126')
    """
    study = load_study(path)
    stored = load_stored(study.folder)
    items = [*_results(study, stored), *_privacy(study, stored)]
    if rerun:
        items.append(_rerun(study, stored))
    return PaperCheck(study.folder, (*items, *_manuscript(study, stored)))


def _manuscript(study: Study, stored: Stored) -> list[Checked]:
    """The manuscript and what is rendered of it; a file that cannot be read is one finding."""
    name = shown(manuscript_of(study), study.folder)
    items: list[Checked] = []
    try:
        load_allowed(study.folder)
    except DataError as error:
        return [Checked("allowed", ALLOW, "", str(error))]
    try:
        items += check_bindings(study, stored)
        bound = not any(item.problem for item in items)
        items += check_numbers(study, stored)
        items += check_pointers(study)
        items += check_printed(study, stored)
        if bound:
            items += check_rendered(study, stored)
    except DataError as error:
        items.append(Checked("manuscript", name, "", str(error)))
    return items


def _results(study: Study, stored: Stored) -> Iterator[Checked]:
    """The files of the run: unedited, and of this study and these data."""
    for name in (RESULTS, "results.parts.json"):
        wrong = "it was edited after the run (its hash differs). Run the study again."
        yield Checked("results", name, "", wrong if name in stored.edited else "")
    for name in stored.edited:
        if name not in (RESULTS, "results.parts.json"):
            yield Checked("results", name, "", "it is not what the run drew. Run the study again.")
    changed = text_hash(study.folder / "study.toml") != stored.meta.get("study_sha256")
    stale = "it was changed after the run. Run the study again."
    yield Checked("study", "study.toml", "", stale if changed else "")
    for name in study.data:
        known = stored.meta.get("data", {}).get(name)
        same = data_entry(study, name) == known
        problem = "" if same else "the data are not those of the run. Run the study again."
        yield Checked("study", f"[data.{name}]", "", problem)


def _privacy(study: Study, stored: Stored) -> Iterator[Checked]:
    """No count of patients below the limit is in the results."""
    if int(stored.meta.get("smallest_cell", 0)) < study.smallest_cell:
        problem = "the run kept smaller cells than study.toml allows. Run the study again."
        yield Checked("privacy", META, "smallest_cell", problem)
    few = [
        key
        for key, value in stored.values.items()
        if (key.endswith(IN_FIT) or (key.rpartition(".")[2] in BASES and ".fit." not in key))
        and isinstance(value, int | float)
        and 0 < value < study.smallest_cell
        and key.partition(".")[0] not in _meta(study)
    ]
    problem = f"fewer than {study.smallest_cell} are counted by {name_list(few)}." if few else ""
    yield Checked("privacy", RESULTS, "smallest counts", problem and f"{problem} Run it again.")


def _meta(study: Study) -> set[str]:
    """Questions of published effects, which have no patients."""
    return {q.name for q in study.questions.values() if q.fit.startswith("fit_meta")}


def _rerun(study: Study, stored: Stored) -> Checked:
    """The study fitted again."""
    differ = differing(stored.values, compute(study).values)
    problem = ""
    if differ:
        problem = f"{counted(len(differ), 'value')} differ from a new run: {name_list(differ)}."
    return Checked("rerun", RESULTS, "", problem)
