from alliance_stats.sem.builders import factor_model as factor_model
from alliance_stats.sem.builders import in_groups as in_groups
from alliance_stats.sem.builders import in_levels as in_levels
from alliance_stats.sem.fit import fit_sem as fit_sem
from alliance_stats.sem.result import SemResult as SemResult
from alliance_stats.sem.spec import ModelSpec as ModelSpec
from alliance_stats.sem.spec import Parameter as Parameter
