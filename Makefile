# make demo   the main job on real parts, in a minute      make lint   ruff and mypy
# make test   everything                                   make dev    .venv/bin/rsyncgate
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint dev clean bench-journal
.DELETE_ON_ERROR:

demo: dev
	@tests/demo/demo.sh

test: dev
	@.ci/machine test
	@$(BIN)/python -m pytest

lint: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dev: $(VENV)/.ready

# The launcher gets its interpreter in line 1, unless that is a path with a blank or the like, and
# finds the package as it stands in src/.
$(VENV)/.ready: pyproject.toml deploy/bin/rsyncgate Makefile .ci/machine
	@.ci/machine
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@ln -sfn "$$PWD/src/rsyncgate" "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/rsyncgate"
	@cp deploy/bin/rsyncgate $(BIN)/rsyncgate
	@case "$$PWD" in *[!A-Za-z0-9/._+-]*) ;; \
	*) sed -i "1s|.*|#!$$PWD/$(BIN)/python3 -ISXutf8|" $(BIN)/rsyncgate ;; esac
	@$(BIN)/python -m compileall -q src
	@touch $@

# How fast a journal of 5 million records is learned and replayed; wants 4 GB in $TMPDIR.
bench-journal: dev
	@tests/bench/learn.sh 5000000

clean:
	@rm -rf $(VENV) build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -prune -exec rm -rf {} +
