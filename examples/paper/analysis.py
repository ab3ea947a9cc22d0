"""The analysis of the paper: fit what study.toml asks, write the results, render the manuscript.

The same as ``alliance-stats run .`` and ``alliance-stats render .``; all data are synthetic.
"""

from pathlib import Path

from alliance_stats.paper import check_paper, render_paper, run_study

PAPER = Path(__file__).resolve().parent

if __name__ == "__main__":
    print(run_study(PAPER, force=True))
    for file in render_paper(PAPER, force=True):
        print(file.name)
    print(check_paper(PAPER))
