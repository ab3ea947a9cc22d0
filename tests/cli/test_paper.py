"""The commands of papers, and results as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import alliance_stats as al

COLUMNS = ["--alliance", "wai_total", "--outcome", "phq9"]


def test_from_new_paper_to_check_paper(folder: Path, run: Any) -> None:
    done = run("new-paper", "mine")
    assert done.code == 0
    assert "alliance-stats run mine" in done.out
    assert "numbers: mine/results.json" in run("run", "mine").out
    assert run("render", "mine").out.splitlines() == [
        "Rendered: mine/manuscript-rendered.md",
        "Rendered: mine/manuscript-rendered.docx",
    ]
    done = run("check-paper", "mine")
    assert (done.code, done.out.strip()[-17:]) == (0, "nothing is wrong.")
    source = folder / "mine" / "manuscript.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("*b* = −0.116", "*b* = −0.126"), encoding="utf-8")
    done = run("check-paper", "mine", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert not found["ok"]
    assert {"number", "statistic", "rendered"} == {item["kind"] for item in found["findings"]}
    done = run("render", "mine")
    assert (done.code, done.out) == (1, "")
    assert "Give --force to replace it" in done.err
    assert run("render", "mine", "--force", "--quiet").out == ""
    assert run("check-paper", "mine", "--quiet").code == 1


def test_a_folder_with_blanks_and_letters_of_other_languages(folder: Path, run: Any) -> None:
    done = run("new-paper", "mein Aufsätz")
    assert "alliance-stats run 'mein Aufsätz'" in done.out
    (folder / "mein Aufsätz" / "study.toml").write_text(
        '[data.s]\nexample = "sessions"\n[questions.alliance]\nfit = "fit_within_between"\n'
        '[manuscript]\npath = "manuscript.md"\n',
        encoding="utf-8",
    )
    (folder / "mein Aufsätz" / "allow.toml").unlink()
    source = folder / "mein Aufsätz" / "manuscript.md"
    source.write_text("It fell ({{alliance.within | b}}).\n", encoding="utf-8")
    for command in ("run", "render", "check-paper"):
        done = run(command, "mein Aufsätz", "--json")
        assert done.code == 0
        assert json.loads(done.out)


def test_a_folder_that_cannot_be_written_is_named(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, no name of a temporary file, and nothing left behind."""

    def fails(*_: object) -> None:
        raise OSError(13, "Permission denied", ".study.toml.ab12.tmp")

    monkeypatch.setattr("os.replace", fails)
    done = run("new-paper", "mine")
    assert (done.code, done.out) == (1, "")
    assert "the paper 'mine' cannot be read or written: Permission denied" in done.err
    assert ".tmp" not in done.err
    assert not (folder / "mine").exists()


def test_messages_of_a_run_name_their_question(folder: Path, run: Any) -> None:
    (folder / "study.toml").write_text(
        '[data.s]\nfile = "sessions.csv"\n[data.s.roles]\nalliance = "wai_total"\n'
        'outcome = "phq9"\n[questions.first]\nfit = "fit_within_between"\n'
        '[questions.first.options]\ntime = "lin"\n',
        encoding="utf-8",
    )
    done = run("run", ".")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: [questions.first] time='lin' is not known.")
    study = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(study.replace('"lin"', '"linear"'), encoding="utf-8")
    done = run("run", ".")
    assert done.code == 0
    assert all(line.startswith("[questions.first] ") for line in done.err.splitlines())
    (folder / "study.toml").write_text(study.replace('"wai_total"', '"wai"'), encoding="utf-8")
    assert run("run", ".").err.startswith("Error: [data.s] column 'wai' (role 'alliance')")
    (folder / "study.toml").write_text(
        study.replace("fit_within_between", "fit_congruence").replace('time = "lin"', ""),
        encoding="utf-8",
    )
    assert '[data.s.roles] alliance_therapist = "…"' in run("run", ".").err


def test_results_that_would_change(folder: Path, run: Any) -> None:
    run("new-paper", "mine")
    study = folder / "mine" / "study.toml"
    study.write_text(
        '[data.s]\nexample = "sessions"\n[questions.alliance]\nfit = "fit_within_between"\n'
    )
    assert run("run", "mine").code == 0
    study.write_text(study.read_text() + 'options = { time = "log" }\n')
    done = run("run", "mine")
    assert done.code == 1
    assert "would change" in done.err
    assert "--force" in done.err
    done = run("run", "mine", "--force", "--json")
    assert "alliance.within.estimate" in json.loads(done.out)["changed"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "nowhere"], 1, "'nowhere' is no folder"),
        (["run", ""], 1, "DIR is empty text"),
        (["check-paper", "."], 1, "has no study.toml"),
        (["new-paper", "."], 1, "Give a new one, or --force"),
        (["render"], 2, "required: DIR"),
        (["check-paper", ".", "--json", "--quiet"], 2, "not allowed with"),
    ],
)
def test_what_is_refused(folder: Path, run: Any, words: list[str], code: int, said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_analyse_as_json(folder: Path, frame: Any, run: Any) -> None:
    done = run("analyse", "sessions.csv", *COLUMNS, "--json", "-o", "report.docx")
    content = json.loads(done.out)
    roles = al.Roles(alliance="wai_total", outcome="phq9")
    tidy = al.fit_within_between(frame, roles).tidy()
    assert [row["estimate"] for row in content["coefficients"]] == pytest.approx(
        tidy["estimate"].tolist()
    )
    assert content["report"] == "report.docx"
    assert content["n"]["patient"] == 60


def test_check_as_json(folder: Path, frame: Any, run: Any) -> None:
    content = json.loads(run("check", "sessions.csv", "--json").out)
    assert content["usable"] is None
    assert content["columns"] == list(frame.columns)
    content = json.loads(run("check", "sessions.csv", *COLUMNS, "--json").out)
    assert content["usable"]["patient"] == 60


def test_score_and_reliability_as_json(folder: Path, run: Any) -> None:
    al.load_example("items").frame.to_csv("answers.csv", index=False)
    words = ["answers.csv", "--instrument", "wai_sr", "--item-prefix", "wai", "--json"]
    content = json.loads(run("score", *words).out)
    assert content["rows"] == 876
    assert content["scores"][0]["score"] == "wai_sr_total"
    content = json.loads(run("reliability", *words).out)
    assert content["recommendation"]
    assert content["coefficients"]
