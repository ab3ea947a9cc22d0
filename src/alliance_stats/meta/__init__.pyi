from alliance_stats.meta.univariate.fit import fit_meta as fit_meta
from alliance_stats.meta.univariate.result import MetaResult as MetaResult
