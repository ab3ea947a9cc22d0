"""lavaan code of a panel model, from the file of sessions on."""

from __future__ import annotations

from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.sem.r_code import quoted, r_program, read_line
from alliance_stats.sem.result import SemResult


def panel_r_code(fit: SemResult, prepared: PreparedPanel, data: str) -> str:
    """The text of `CrossLaggedResult.to_r`, which documents the arguments."""
    roles = prepared.roles
    patient, session = quoted(roles.patient), quoted(roles.session)
    ratings = f"{quoted(roles.alliance)}, {quoted(roles.outcome)}"
    units = [name for name in (prepared.group, prepared.cluster) if name is not None]
    lines = [
        read_line(data, "long"),
        *_waves(prepared, patient, session),
        "long <- long[!is.na(long$wave), ]",
        f'd <- reshape(long[c({patient}, "wave", {ratings})], direction = "wide",',
        f'             idvar = {patient}, timevar = "wave", sep = "_")',
    ]
    for name in units:
        lines.append(
            f"d[[{quoted(name)}]] <- first_of[[{quoted(name)}]]"
            f"[match(d[[{patient}]], first_of[[{patient}]])]"
        )
    if units:
        columns = ", ".join(map(quoted, (roles.patient, *units)))
        lines.insert(1, f"first_of <- long[!duplicated(long[[{patient}]]), c({columns})]")
        if prepared.cluster is not None:
            lines.insert(1, _in_order(patient, session, prepared.cluster))
    return r_program(fit.spec, fit.settings, *lines)


def _in_order(patient: str, session: str, cluster: str) -> str:
    """Rows in order of time, those without a therapist last, so that the first one counts."""
    return (
        f"long <- long[order(long[[{patient}]], is.na(long[[{quoted(cluster)}]]), "
        f"long[[{session}]]), ]"
    )


def _waves(prepared: PreparedPanel, patient: str, session: str) -> list[str]:
    """Which wave a session is: named by its number, or counted back from the last one."""
    if prepared.align == "start":
        numbers = ", ".join(map(str, prepared.sessions))
        return [f"long$wave <- ifelse(long[[{session}]] %in% c({numbers}), long[[{session}]], NA)"]
    n = len(prepared.sessions)
    last = f"ave(long[[{session}]], long[[{patient}]], FUN = max)"
    return [
        f"long$wave <- {n} - ({last} - long[[{session}]])",
        "long$wave[long$wave < 1] <- NA",
    ]
