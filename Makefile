# Every target installs what it needs first; see scripts in .ci.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test lint docs fuzz bench bench-transforms bench-insights clean

run: $(READY)                ## open the app with the sample flow
	$(BIN)/dataprep app sample

test: $(READY)               ## everything that has to hold
	@bash .ci/system java postgresql browser
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: $(READY)               ## generated pages
	$(BIN)/python -m tests.house.generated

fuzz: $(READY)               ## laws on new random tables, 20 times as many as in the tests
	DATAPREP_FUZZ=20 $(BIN)/python -m pytest -n 2 --dist loadgroup tests/transforms/test_law_of_pieces.py \
		tests/connectors tests/spark/test_spark_statistics.py

bench: $(READY)              ## ratios against the same steps written by hand
	$(BIN)/python -m tests.benchmarks.flows
	$(BIN)/python -m tests.benchmarks.smote
	$(BIN)/python -m tests.benchmarks.page

bench-transforms: $(READY)   ## every transform on a million rows, against a scan
	$(BIN)/python -m tests.benchmarks.transforms

bench-insights: $(READY)     ## the quality report, against the floor and ydata-profiling
	$(BIN)/python -m tests.benchmarks.insights

$(READY): requirements.lock pyproject.toml .ci/environment
	@PYTHON=$(PYTHON) bash .ci/environment $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) sample build dist *.egg-info
