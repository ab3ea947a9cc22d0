"""Every number of the paper is tested; ``pytest --alliance-paper .`` makes one test of each."""

from pathlib import Path

import pytest

from alliance_stats.paper import check_paper

PAPER = Path(__file__).resolve().parents[1]


@pytest.mark.filterwarnings("ignore")  # of data and fits; the run has shown them
def test_every_number_of_the_paper() -> None:
    assert check_paper(PAPER, rerun=True).findings == ()
