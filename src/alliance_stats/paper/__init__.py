"""Paper room: papers whose numbers are tested, from study.toml to the manuscript."""

from alliance_stats._base.lazy import attach

NAMES = {
    "PaperCheck": "alliance_stats.paper.checked",
    "Study": "alliance_stats.paper.study",
    "StudyRun": "alliance_stats.paper.run",
    "check_paper": "alliance_stats.paper.check",
    "load_study": "alliance_stats.paper.study",
    "new_paper": "alliance_stats.paper.scaffold",
    "render_paper": "alliance_stats.paper.render.files",
    "run_study": "alliance_stats.paper.run",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
