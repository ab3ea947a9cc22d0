from alliance_stats.lmm.criterion import Criterion as Criterion
from alliance_stats.lmm.design.build import build_design as build_design
from alliance_stats.lmm.design.mixed_design import MixedDesign as MixedDesign
from alliance_stats.lmm.fit import fit_lmm as fit_lmm
from alliance_stats.lmm.minimum import Minimum as Minimum
from alliance_stats.lmm.minimum import minimise as minimise
from alliance_stats.lmm.result import MixedModelResult as MixedModelResult
