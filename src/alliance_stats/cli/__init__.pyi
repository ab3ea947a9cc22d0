from alliance_stats.cli.program import main as main
