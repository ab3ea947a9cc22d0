from alliance_stats.report import plots as plots
from alliance_stats.report.frames import frame_table as frame_table
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
from alliance_stats.report.prose import ReportText as ReportText
from alliance_stats.report.save import save_report as save_report
from alliance_stats.report.table import Table as Table
from alliance_stats.report.tables import coef_table as coef_table
from alliance_stats.report.text import report_text as report_text
