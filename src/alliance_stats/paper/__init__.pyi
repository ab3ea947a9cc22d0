from alliance_stats.paper.check import check_paper as check_paper
from alliance_stats.paper.checked import PaperCheck as PaperCheck
from alliance_stats.paper.render.files import render_paper as render_paper
from alliance_stats.paper.run import StudyRun as StudyRun
from alliance_stats.paper.run import run_study as run_study
from alliance_stats.paper.scaffold import new_paper as new_paper
from alliance_stats.paper.study import Study as Study
from alliance_stats.paper.study import load_study as load_study
