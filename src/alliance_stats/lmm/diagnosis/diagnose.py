"""All findings about a fit, and the simpler model that the data support."""

from __future__ import annotations

import pandas as pd

from alliance_stats.lmm.diagnosis.findings import (
    Finding,
    few_groups,
    few_rows,
    influential,
    not_converged,
    reused_labels,
    scales,
    vanished,
)
from alliance_stats.lmm.diagnosis.result import Diagnosis
from alliance_stats.lmm.diagnosis.simpler import Simpler, simpler_model
from alliance_stats.lmm.fitted import FittedModel

LOOKS = (not_converged, vanished, influential, few_groups, few_rows, scales, reused_labels)
ORDER = ("problem", "caution", "note")


def diagnose(self: FittedModel) -> Diagnosis:
    """What is wrong with this fit, or doubtful, in plain words.

    Looks for failed and singular fits and says which part is meant; random effects near zero or
    near a perfect correlation; single patients or therapists on which a coefficient rests (not
    where factors cross); too few groups or rows for what was asked; predictors in awkward units;
    factors that cross. For a singular fit it names the nearest model that is not, unless residuals
    have a structure.

    Returns
    -------
    Diagnosis

    Notes
    -----
    It looks at the fit only: not at the distribution of residuals (see `residuals`), not at
    whether the model suits the question. Limits such as 10 groups for each random effect are rules
    of thumb. A simpler model chosen after seeing the data should be reported as such.

    Examples
    --------
    >>> import alliance_stats as al
    >>> small = al.simulate_sessions(n_patients=40, n_therapists=5, within_effect_sd=0, rng=10)
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", small.frame)
    >>> found = fit.diagnose()
    >>> found.ok
    True
    """
    findings = [finding for look in LOOKS for finding in look(self)]
    simpler = None if self.residual else simpler_model(self.criterion, self.minimum)
    if simpler is not None:
        findings.append(_about_simpler(simpler))
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    table = pd.DataFrame(findings, columns=list(Finding._fields))
    return Diagnosis(table, simpler.formula if simpler else None, self.formula)


def _about_simpler(simpler: Simpler) -> Finding:
    rise = max(simpler.rise, 0.0)
    return Finding(
        "simpler model",
        "note",
        "model",
        f"The data support {simpler.formula}: it has {simpler.n_fewer} fewer variance parameters, "
        f"and the deviance rises by {rise:.2f}.",
        "Keep the model if it was planned; if you change it, say so.",
    )
