from alliance_stats.models.change_model import reliable_change_model as reliable_change_model
from alliance_stats.models.change_model_result import ModelChange as ModelChange
from alliance_stats.models.lagged.fit import fit_lagged as fit_lagged
from alliance_stats.models.lagged.result import LaggedResult as LaggedResult
from alliance_stats.models.outcome import fit_outcome as fit_outcome
from alliance_stats.models.outcome_result import OutcomeResult as OutcomeResult
from alliance_stats.models.result import AllianceResult as AllianceResult
from alliance_stats.models.within_between import fit_within_between as fit_within_between
