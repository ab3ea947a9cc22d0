"""Simulate room: synthetic sessions and studies with a known truth, and their null twins."""

from alliance_stats._base.lazy import attach

NAMES = {
    "SimulatedStudies": "alliance_stats.simulate.studies.simulate",
    "describe_study": "alliance_stats.simulate.describe",
    "simulate_items": "alliance_stats.simulate.items.simulate",
    "simulate_process_study": "alliance_stats.simulate.process_study.simulate",
    "simulate_sessions": "alliance_stats.simulate.sessions",
    "simulate_studies": "alliance_stats.simulate.studies.simulate",
    "solve_parameters": "alliance_stats.simulate.solve",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
