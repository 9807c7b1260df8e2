# Two commands do everything on a fresh machine with Python 3.11+, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo

.PHONY: help demo test tools lint format bench wheel clean

help: ## show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

SOURCES := $(shell find agentsim tui personas scenarios -type f ! -name '*.pyc')

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "agentsim needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(BIN)/agentsim: pyproject.toml $(SOURCES) | $(BIN)/python
	@echo "installing agentsim and what it stands on into $(VENV) (a minute or two) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check .
	@touch $@

$(VENV)/.tested: pyproject.toml | $(BIN)/python
	@echo "installing agentsim, what it stands on and what tests need into $(VENV) (a minute or two) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $(BIN)/agentsim $@

demo: $(BIN)/agentsim ## install, let two agents talk on the embedded model, leave a dataset in ./demo
	rm -rf $(DEMO)
	$(BIN)/agentsim run --dialogues 3 --max-turns 6 --seed 1 --out $(DEMO) --stream \
		-s trip-planning -s science-explained -s cooking-along
	@echo
	$(BIN)/agentsim show $(DEMO) 0
	@echo
	@echo "The dataset, and its card:"
	@ls -l $(DEMO)/exports/messages

test: $(VENV)/.tested tools ## install what tests need and run them all
	$(BIN)/python -m pytest -rs -n auto --maxprocesses 4 --dist loadgroup

tools: # programs that some tests need, where they can be installed
	@.ci/tools

lint: $(VENV)/.tested ## ruff and the strict type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.tested ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.tested ## measure; prints ratios against named references
	$(BIN)/python -m benchmarks.turns

wheel: $(VENV)/.tested ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

clean: ## remove what was built, the environment included
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
