from alliance_stats.models.growth import fit_growth as fit_growth
from alliance_stats.models.growth_result import GrowthResult as GrowthResult
from alliance_stats.models.latent import fit_latent_within_between as fit_latent_within_between
from alliance_stats.models.latent_result import LatentResult as LatentResult
from alliance_stats.models.outcome import fit_outcome as fit_outcome
from alliance_stats.models.outcome_result import OutcomeResult as OutcomeResult
from alliance_stats.models.result import AllianceResult as AllianceResult
from alliance_stats.models.within_between import fit_within_between as fit_within_between
