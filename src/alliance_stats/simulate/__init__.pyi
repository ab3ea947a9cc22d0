from alliance_stats.simulate.describe import describe_study as describe_study
from alliance_stats.simulate.items.simulate import simulate_items as simulate_items
from alliance_stats.simulate.process_study.simulate import (
    simulate_process_study as simulate_process_study,
)
from alliance_stats.simulate.sessions import simulate_sessions as simulate_sessions
from alliance_stats.simulate.solve import solve_parameters as solve_parameters
from alliance_stats.simulate.studies.simulate import SimulatedStudies as SimulatedStudies
from alliance_stats.simulate.studies.simulate import simulate_studies as simulate_studies
