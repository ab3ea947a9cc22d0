from alliance_stats.meta.published.reproduce import reproduce as reproduce
from alliance_stats.meta.published.table import published as published
