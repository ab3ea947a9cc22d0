"""The room computes without heavy libraries."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
import alliance_stats as al
rng = np.random.default_rng(1)
x = rng.normal(size=(30, 1)) + rng.normal(size=(30, 4))
al.cronbach_alpha(x, interval="bootstrap", rng=1)
frame = pd.DataFrame({"t": np.repeat(range(30), 4), "r": np.tile(range(4), 30), "y": x.ravel()})
al.icc(frame.drop(index=[3, 8]), targets="t", raters="r", ratings="y")
al.reliability.cohen_kappa(rng.integers(0, 3, 30), rng.integers(0, 3, 30))
al.reliability.bland_altman(x[:, 0], x[:, 1])
print(" ".join(sys.modules))
"""


def test_nothing_heavy_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heavy = {"scipy.stats", "statsmodels", "pingouin", "sklearn", "matplotlib", "formulaic"}
    assert not heavy & set(done.stdout.split())
