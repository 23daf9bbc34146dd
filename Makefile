# Each target sets up what it needs in .venv and installs again only when pyproject.toml changes.
# Another Python: make test PYTHON=python3.12

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The first Python that is new enough; empty when there is none.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

.PHONY: help demo serve test lint docs site bench wheel clean distclean
help:
	@echo "make demo    solve the built-in case zhuji, verify it and say where the report is"
	@echo "make serve   open the planner's page in the browser"
	@echo "make test    run the tests"
	@echo "make lint    check style and types"
	@echo "make docs    write rule library, data dictionary, Python reference and figures into docs/"
	@echo "make site    build the documentation site into site/; open site/index.html"
	@echo "make bench   measure speed and memory"
	@echo "make wheel   build the wheel into dist/"
	@echo "make clean   remove what was built; make distclean removes .venv too. Results stay."

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "quota-opt needs Python 3.11 or newer; found: $$("$(or $(PYTHON),python3)" --version 2>&1 | head -n 1)."; \
	  echo "Install one and name it, for example: make demo PYTHON=python3.12"; exit 2; }
	"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "The venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) -e .
	@touch $@
$(VENV)/.installed-web: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[web]'
	@touch $@ $(VENV)/.installed
$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[test,browser]'
	@touch $@ $(VENV)/.installed
$(VENV)/.installed-lint: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[lint]'
	@touch $@ $(VENV)/.installed

DEMO := results/demo
demo: $(VENV)/.installed
	@rm -rf $(DEMO)
	$(BIN)/quota-opt run zhuji --out $(DEMO)
	$(BIN)/quota-opt verify $(DEMO)
	@echo "Report: $(CURDIR)/$(DEMO)/report.html"

serve: $(VENV)/.installed-web
	$(BIN)/quota-opt serve $(SERVE_ARGS)

# Two processes; make test JOBS=0 runs the tests one after the other.
JOBS ?= 2
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed
	$(BIN)/quota-opt dictionary --out docs
	$(BIN)/python tools/make_python_reference.py
	$(BIN)/python tools/make_doc_figures.py

$(VENV)/.installed-docs: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[docs]'
	@touch $@ $(VENV)/.installed
site: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Site: $(CURDIR)/site/index.html"

bench: $(VENV)/.installed-test
	$(BIN)/quota-opt bench
	$(BIN)/python -m pytest -m bench || [ $$? -eq 5 ]  # 5: no test bears the mark

wheel: $(VENV)/.installed-test
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf build dist site bench-results .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
distclean: clean
	rm -rf $(VENV)
