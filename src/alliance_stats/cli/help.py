"""Help texts of the program and its commands: plain ASCII."""

from __future__ import annotations

ABOUT = """\
Does the therapeutic alliance go with outcome, within and between patients?

Give a file with one row a session. 'check' says whether it can be used, 'analyse' fits the model
and writes a report. 'meta' pools the effects of studies; 'new-paper' begins a paper whose numbers
are tested."""

EXAMPLES = """\
example:
  alliance-stats analyse sessions.csv --alliance wai_total --outcome phq9 -o report.html

Each command has its own help: alliance-stats analyse --help

exit codes: 0 fine; 1 the data or an option cannot be used (one message says why), or check-paper
found something; 2 the command is mistyped; 70 an error of the program; 130 stopped with Ctrl-C; 141
the output was closed, as by head."""

FILE = "the data: text, Excel, SPSS, Stata, SAS or .parquet, one row a session"

ABOUT_ANALYSE = """\
Fit the model of alliance and outcome within and between patients, print its coefficients, and
with -o save a report: first the description of the data, then the model with its sentences,
tables and figure.

FILE has one row a session: text (.csv .tsv .txt), Excel (.xlsx .xlsm .ods), SPSS (.sav .zsav
.por), Stata (.dta), SAS (.sas7bdat .xpt) or .parquet. Separators, encodings and decimal commas
are recognised. Name the columns that are not called patient, session, alliance and outcome."""

EXAMPLE_ANALYSE = """\
example:
  alliance-stats analyse clinic.csv --patient id --alliance "WAI total" --outcome phq9 \\
      --therapist therapist --outcome-better lower -o report.html

Put names with blanks in quotation marks; write a name that begins with a hyphen as
--alliance=-name.

What you must know, such as sessions that were dropped or a singular fit, is printed as lines on
the error output (stderr), also with --quiet; the report holds it too. In a terminal a step that
takes more than two seconds is announced there."""

ABOUT_CHECK = """\
Read a file of sessions and say what is in it: what was recognised, rows, missing values and where
they lie, columns that look identifying, what occurs twice, patients, how the ratings vary within
and between patients, and whether 'analyse' can fit its default model (exit code 0) or not (exit
code 1, with one message that says what to correct). No coefficient is shown, and nothing is
written.

If the file lacks the columns patient, session, alliance and outcome and no option names others,
the file is only read and its columns are listed."""

EXAMPLE_CHECK = """\
example:
  alliance-stats check clinic.csv --patient id --alliance "WAI total" --outcome phq9
  alliance-stats check clinic.xlsx --sheet Ratings

The file may be text, a workbook, or of SPSS, Stata or SAS; 'alliance-stats analyse --help' lists
the extensions."""

ABOUT_SCORE = """\
Score a questionnaire by its published key: items are found by their names, checked, reversed and
added up. Prints the scores and the items; with -o writes the file with a column for each score.
The questionnaires are listed in docs/instruments.md and by al.list_instruments() in Python."""

EXAMPLE_SCORE = """\
example:
  alliance-stats score answers.csv --instrument wai_sr --item-prefix wai -o scored.csv

What you must know, such as items that run against the others, is printed as lines on the error
output (stderr), also with --quiet."""

ABOUT_RELIABILITY = """\
Say how reliable the scores of a questionnaire are that is answered session after session: between
patients, within patients (change, on which within effects rest) and between therapists, with
intervals and a recommendation in words. With -o a report holds all coefficients, items, sessions
needed and the figure.

FILE has one row a session and one column an item, not scored."""

EXAMPLE_RELIABILITY = """\
example:
  alliance-stats reliability answers.csv --instrument wai_sr --item-prefix wai \\
      --therapist therapist -o reliability.html"""
