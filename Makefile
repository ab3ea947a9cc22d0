# `make help` lists what there is. Every target sets up what it needs.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?=
BIN := .venv/bin
READY := .venv/.ready
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export MPLBACKEND := agg

.PHONY: help setup reproduce test test-slow test-oldest check data references notebooks figure docs paper bench calibrate clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(READY): pyproject.toml constraints.txt tools/setup_venv.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash tools/setup_venv.sh

setup: $(READY)  ## make .venv from the pinned constraints (VENV=without-pip: without ensurepip)

reproduce: $(READY)  ## run the notebooks; write them as HTML and one report to build/
	$(BIN)/python tools/run_notebooks.py --export build/notebooks
	$(BIN)/python tools/reproduce_report.py --out build/report.html
	@echo "Open build/report.html and build/notebooks/*.html"

test: check  ## ruff, mypy, pytest, then every notebook
	$(BIN)/python -m pytest -n 2 -q -m "not slow"
	$(BIN)/python tools/run_notebooks.py

test-slow: $(READY)  ## the slow simulations
	$(BIN)/python -m pytest -n 2 -q -m slow

test-oldest:  ## the tests under the oldest supported versions, in .venv-oldest
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --constraint constraints-oldest.txt \
	    -e '.[test]' hatchling==1.33.0
	.venv-oldest/bin/python -m pytest -n 2 -q -m "not slow"

check: $(READY)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

data: $(READY)  ## write data/synthetic again, byte for byte
	$(BIN)/python data/make_synthetic.py

references:  ## write tests/reference again (needs R with the packages named in tests/reference/README.md)
	Rscript tests/reference/make_references.R
	for script in tests/reference/make_*_references.R; do Rscript "$$script" || exit 1; done
	cd tests/replications/data && Rscript export.R

notebooks: $(READY)  ## run every notebook
	$(BIN)/python tools/run_notebooks.py

figure: $(READY)  ## draw the figures of the README and of pages of the documentation again
	$(BIN)/python tools/readme_figure.py
	$(BIN)/python tools/page_figure.py

docs: $(READY)  ## build the documentation with Sphinx
	PYTHON="$(PYTHON)" bash tools/install.sh -e '.[docs]'
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

paper: $(READY)  ## fit, render and check the example paper again
	$(BIN)/python examples/paper/analysis.py

bench: $(READY)  ## speed against lme4 (R, if installed), mixedlm and statsmodels
	PYTHON="$(PYTHON)" bash tools/install.sh -e '.[bench]'
	$(BIN)/python benchmarks/bench_lmm.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_inference.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_glmm.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_reliability.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_sem.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_lagged.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_mediation.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_dyads.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_panel.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_moderation.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_event.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_importance.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_multiverse.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_therapist.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_perspectives.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_meta.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_meta_multilevel.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_meta_influence.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_meta_bias.py --write docs/performance.md
	$(BIN)/python benchmarks/bench_statcheck.py --write docs/performance.md

calibrate: $(READY)  ## type I error of tests and coverage of intervals with few therapists
	$(BIN)/python benchmarks/calibrate_tests.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_coverage.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_lagged.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_mediation.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_growth.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_latent.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_panel.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_moderation.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_perspectives.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_congruence.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_dyads.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_event.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_importance.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_multiverse.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_multiverse.py --ruptures --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_therapist.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_ruptures.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_rupture_outcome.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_meta.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_participants.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_meta_multilevel.py --write docs/calibration.md
	$(BIN)/python benchmarks/calibrate_meta_bias.py --write docs/calibration.md

clean:  ## remove what was built
	rm -rf .venv .venv-oldest build dist docs/_build .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
