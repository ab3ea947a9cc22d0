"""Another version of pingouin as a peer of bench_reliability.py: python peer_pingouin.py data.csv.

Reads one request per line from stdin and answers "<seconds><TAB><value>", as peer_reliability.R
does; run by the interpreter that has that version. The first line written names it. The number of
threads comes with the environment.
"""

import sys
import time

import pandas as pd
import pingouin

frame = pd.read_csv(sys.argv[1])
print(f"pingouin {pingouin.__version__} with pandas {pd.__version__}", flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    table = pingouin.intraclass_corr(frame, targets="target", raters="rater", ratings="rating")
    value = table["ICC"].iloc[1]  # one rating, two-way random, absolute agreement
    print(f"{time.perf_counter() - began:.9f}\t{value:.9f}", flush=True)
