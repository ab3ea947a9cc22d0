"""Every number of the paper is tested; ``pytest --alliance-paper .`` makes one test of each."""

from pathlib import Path

from alliance_stats.paper import check_paper

PAPER = Path(__file__).resolve().parents[1]


def test_every_number_of_the_paper() -> None:
    assert check_paper(PAPER, rerun=True).findings == ()
