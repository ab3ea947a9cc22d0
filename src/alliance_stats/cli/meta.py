"""The command `meta`: effect sizes of studies pooled, with a report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.cli.arguments import check_file, sheet_chosen
from alliance_stats.cli.lines import as_paragraph, print_result
from alliance_stats.cli.machine import print_json, result_content
from alliance_stats.cli.outputs import check_report, output_path, save
from alliance_stats.cli.steps import step


def meta(args: argparse.Namespace) -> None:
    """Load, compute effect sizes, pool, save the report, print the mean and the sentences."""
    output = output_path(args.output)
    if output is not None:
        check_report(output, args.force)
    check_file(args.file)
    with step("Reading the file", args):
        frame = _loaded(args)
    with step("Pooling the effects", args):
        result = _fitted(_with_sizes(frame, args), args)
    if output is not None:
        with step("Writing the report", args):
            save([result], output, args.title or "Meta-analysis")
    if args.json:
        print_json(result_content(result) | {"report": output and str(output)}, args)
        return
    table = replace(al.coef_table(result), messages=())  # they are on stderr
    print_result(repr(table), args)
    sentences = "\n\n".join(map(as_paragraph, str(al.report_text(result)).split("\n\n")))
    print_result(f"\n{sentences}", args)
    if output is not None:
        print_result(f"\nReport: {output}", args)


def _loaded(args: argparse.Namespace) -> Any:
    """The studies, with their names as text."""
    study = args.study or "study"
    frame: Any = args.file
    if (sheet := sheet_chosen(args)) is not None:
        frame = al.load_sessions(args.file, sheet=sheet).frame
    return al.load_effects(frame, study=study)


def _with_sizes(frame: Any, args: argparse.Namespace) -> Any:
    """The frame with yi and vi, computed unless the file has them."""
    if args.yi or args.vi:
        computed = args.measure or args.columns or args.direction or args.unreported_zero
        if computed or not (args.yi and args.vi):
            raise ArgumentError(
                "--yi and --vi name effect sizes that are computed already. Give both, without "
                "--measure, --column, --direction and --unreported-zero."
            )
        return frame
    more = {"direction": args.direction} if args.direction else {}
    return al.effect_sizes(
        frame,
        measure=args.measure or "ZCOR",
        study=args.study or "study",
        unreported="zero" if args.unreported_zero else "exclude",
        **more,
        **_renamed(args),
    )


def _renamed(args: argparse.Namespace) -> Any:
    """``--column ri=r`` as the argument ri="r"."""
    found = {}
    for given in args.columns or ():
        name, parted, column = given.partition("=")
        if not (parted and name and column):
            raise ArgumentError(f"--column {given} is not INPUT=COL. Write --column ri=r.")
        found[name.strip()] = column.strip()
    from alliance_stats.meta.effects.columns import InputColumns

    known = sorted(InputColumns.__annotations__)
    for name in found:
        if name not in known:
            raise ArgumentError(f"--column {name}: no measure has this input. {_known(known)}")
    return found


def _known(names: list[str]) -> str:
    return f"There are: {', '.join(names)}."


def _fitted(frame: Any, args: argparse.Namespace) -> Any:
    """One effect a study: a random-effects model; several: a multilevel model."""
    study = args.study or "study"
    columns = {"yi": args.yi or "yi", "vi": args.vi or "vi", "study": study}
    shared: dict[str, Any] = columns | {"method": args.method or "REML", "mods": args.mods}
    usable = frame[frame[columns["yi"]].notna()] if columns["yi"] in frame.columns else frame
    times = usable[study].value_counts()
    several = int((times > 1).sum())
    if not several:
        if args.rho is not None:
            raise ArgumentError("--rho is of no use: each study has one effect. Leave it out.")
        return al.fit_meta(frame, **shared)
    if args.rho is None:
        from alliance_stats._base.checks import counted

        raise ArgumentError(
            f"{counted(several, 'study')} of {len(times):,} have several effects, up to "
            f"{int(times.max())}. Say with --rho how the sampling errors of one study correlate, "
            "such as --rho 0.6."
        )
    return al.fit_meta_multilevel(frame, rho=args.rho, **shared)
