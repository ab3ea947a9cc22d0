from alliance_stats.meta.literature.reproduce import reproduce as reproduce
from alliance_stats.meta.literature.result import Reproduction as Reproduction
from alliance_stats.meta.literature.table import published as published
