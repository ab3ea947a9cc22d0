from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import DataWarning
from alliance_stats.measures import get_instrument, score_report
from alliance_stats.measures.scoring.hints import rest_correlations


def said(frame: pd.DataFrame, instrument: str, **given: bool) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        al.score(frame, instrument, **given)  # type: ignore[arg-type]
    return [str(w.message) for w in caught if w.category is DataWarning]


def one_factor(
    rng: np.random.Generator, key: str, n: int = 200, *, turned: bool = True
) -> pd.DataFrame:
    """Items of one factor, as answered (`turned`: reversed items run the other way)."""
    instrument = get_instrument(key)
    low, high = instrument.responses[0]
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, instrument.n_items))
    values = np.clip(np.round((low + high) / 2 + (high - low) / 4 * values), low, high)
    if turned:
        places = [i - 1 for i in instrument.reversed]
        values[:, places] = low + high - values[:, places]
    return pd.DataFrame(values, columns=[f"{key}_{i}" for i in range(1, instrument.n_items + 1)])


def test_correlations_with_the_rest(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    values = rng.normal(size=(30, 5)) + rng.normal(size=(30, 1))
    values[3, 2] = np.nan
    whole = np.delete(values, 3, axis=0)
    expected = [
        np.corrcoef(whole[:, j], np.delete(whole, j, axis=1).sum(axis=1))[0, 1] for j in range(5)
    ]
    np.testing.assert_allclose(rest_correlations(values), expected, rtol=tol.closed_form)
    values[:, 1] = 3.0
    assert np.isnan(rest_correlations(values)[1])
    assert np.isnan(rest_correlations(values[:1])).all()


@pytest.mark.parametrize("key", ["wai_36", "wai_s", "haq_ii", "core_om"])
def test_reversed_already(rng: np.random.Generator, key: str) -> None:
    assert said(one_factor(rng, key), key) == []
    (message,) = said(one_factor(rng, key, turned=False), key)
    assert "seem to be reversed already: if so, give prereversed=True." in message
    assert said(one_factor(rng, key, turned=False), key, prereversed=True) == []
    (message,) = said(one_factor(rng, key), key, prereversed=True)
    assert message.endswith("seem to be as answered: leave out prereversed=True.")


def test_an_item_that_runs_against_the_rest(rng: np.random.Generator) -> None:
    frame = one_factor(rng, "wai_sr")
    frame["wai_sr_7"] = 6 - frame["wai_sr_7"]
    (message,) = said(frame, "wai_sr")
    assert message.startswith("wai_sr: item 'wai_sr_7' (-0.")
    assert "Is the order of the columns the questionnaire's" in message
    assert said(frame.iloc[:29], "wai_sr") == []  # too few rows to say so


def test_nobody_at_the_usual_end(rng: np.random.Generator) -> None:
    frame = one_factor(rng, "phq_9").clip(1, 3)
    (message,) = said(frame, "phq_9")
    assert message == (
        "phq_9: no item has the response 0 in 200 complete rows. Are they coded from 1, or of "
        "another version? Here they go from 0 to 3."
    )
    (message,) = said(one_factor(rng, "wai_sr").clip(1, 4), "wai_sr")
    assert "no item has the response 5" in message
    assert "coded from 0, or of another version?" in message
    assert said(frame.iloc[:20], "phq_9") == []


def test_report_shows_what_scoring_says(rng: np.random.Generator) -> None:
    frame = one_factor(rng, "wai_s", turned=False)
    frame.iloc[0, 0] = np.nan
    report = score_report(frame, "wai_s")
    assert report.messages == tuple(said(frame, "wai_s"))
    assert report.items.loc[report.items["reversed"], "item"].tolist() == [4, 10]
    assert (report.items.loc[report.items["reversed"], "rest_correlation"] < 0).all()
    scores = report.scores.set_index("score")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        total = al.score(frame, "wai_s")["wai_s_total"]
    assert scores.loc["wai_s_total", ["n", "missing"]].tolist() == [199, 1]
    assert scores.loc["wai_s_total", "mean"] == pytest.approx(total.mean())
    assert scores.loc["wai_s_total", "possible"] == "12–84"
    assert scores.loc["wai_s_total", "at_highest"] == (total == 84).sum() / 199
    view = report.view()
    assert list(view.tables) == ["Scores", "Items"]
    assert view.messages == report.messages
    for shown in (repr(report), report._repr_html_()):
        assert "wai_s_total" in shown
        assert "prereversed=True" in shown
    assert al.report_text(report)


def test_another_version_of_the_questionnaire_is_noticed(rng: np.random.Generator) -> None:
    """WAI-SR answers scored by the key of the WAI-S, whose range holds them."""
    frame = one_factor(rng, "wai_sr").rename(columns=lambda name: name.replace("wai_sr", "wai"))
    messages = said(frame, "wai_s")
    assert len(messages) == 2
    assert all("another version" in message for message in messages)
