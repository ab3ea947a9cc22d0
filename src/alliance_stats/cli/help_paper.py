"""Help texts of the commands for meta-analyses and papers: plain ASCII."""

from __future__ import annotations

ABOUT_META = """\
Pool the effects of studies: compute effect sizes from what the studies report, fit a random-effects
model, print the mean with its interval and sentences, and with -o save a report with the forest
plot.

FILE has one row an effect, with a column of study names and the columns of the measure: for ZCOR
(correlations) ri and ni, or t, F, p and the like; 'docs/how-to/effect-sizes.md' lists them. Where a
study has several effects, a multilevel model is fitted, and --rho must say how its sampling errors
correlate."""

EXAMPLE_META = """\
example:
  alliance-stats meta studies.csv --column ri=r --column ni=n --rho 0.6 -o forest.html
  alliance-stats meta studies.csv --column ri=r --column ni=n --rho 0.6 --mods year

What you must know, such as effects that cannot be computed, is printed as lines on the error output
(stderr), also with --quiet."""

ABOUT_NEW_PAPER = """\
Make the folder of a paper whose numbers are tested. It holds a complete small paper about synthetic
data that works at once: study.toml (data, roles, questions), manuscript.md (bindings in place of
numbers), allow.toml, analysis.py, a test and a file for continuous integration. Change one after
the other into your own."""

EXAMPLE_NEW_PAPER = """\
example:
  alliance-stats new-paper mypaper
  alliance-stats run mypaper
  alliance-stats render mypaper
  alliance-stats check-paper mypaper

README.md in the folder says how to make it your own."""

ABOUT_RUN = """\
Fit the questions of study.toml and write every number under its key to results.json, with versions,
seeds and hashes in results.meta.json. Counts of few patients are suppressed, and nothing but
aggregates is written. The same study on the same machine gives the same bytes."""

EXAMPLE_RUN = """\
example:
  alliance-stats run mypaper
  alliance-stats run mypaper --force

Results that are there and would change are not replaced without --force."""

ABOUT_RENDER = """\
Put the numbers of results.json into the manuscript: {{alliance.within | apa}} becomes
'b = -0.116, SE = 0.017, t(122.1) = -6.66, p < .001, 95% CI [-0.150, -0.081]'. The formats of
study.toml (.md, .tex, .docx) are written beside the source, which stays as it is."""

EXAMPLE_RENDER = """\
example:
  alliance-stats render mypaper --force"""

ABOUT_CHECK_PAPER = """\
Test every number of a paper. Bindings must resolve; numbers typed by hand must equal a result as
rounded in print, or stand in allow.toml with a reason; tables and figures that are mentioned must
be there; t must be b / SE, and p fit t and df; results must be those of the run, and rendered files
those of the manuscript. Each finding names its line or paragraph. Nothing is written."""

EXAMPLE_CHECK_PAPER = """\
example:
  alliance-stats check-paper mypaper --rerun

exit codes: 0 nothing is wrong; 1 something is, or the paper cannot be read; 2 the command is
mistyped."""
