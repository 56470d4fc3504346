# Two commands on a fresh machine: `make demo` and `make test`.
# Only Python 3.11+, pip and make are needed; everything else comes into .venv.

PYTHON ?= python3
VENV   ?= .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
# A CPU build is enough for everything here; set TORCH= to take another one.
TORCH  ?= torch==2.13.0

# Compiled modules are kept, whatever the shell says: without them every process of the tests
# compiles PyTorch's again, 1.4 s each.
export PYTHONDONTWRITEBYTECODE =

.PHONY: setup demo lint test suite docs release clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	@# The pip of Python 3.11 takes half as long again for what follows.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1,<27"
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
	  "$(TORCH)" --editable ".[dev,demo]"
	touch $@

$(VENV)/.fetched: $(VENV)/.installed src/facedit/weights/asset_list.py
	$(BIN)/facedit doctor --fetch core
	$(BIN)/facedit doctor --fetch bench || echo "Measures that need these weights will be left out."
	touch $@

setup: $(VENV)/.fetched

demo: setup
	$(BIN)/facedit demo -o demo --force

lint: $(VENV)/.installed
	$(BIN)/ruff check src tests benchmarks examples integrations
	$(BIN)/ruff format --check src tests benchmarks examples integrations
	$(BIN)/mypy
	$(BIN)/pydoclint --quiet src
	$(BIN)/lint-imports

test: lint suite

suite: setup
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  echo "No Chromium: the tests of the studio's page are skipped (Debian: apt-get install chromium)."
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  --hypothesis-profile=ci

# The guide and the reference as a site, in site/: every link is checked. The pictures of the
# studio are taken by its browser test, where there is a Chromium; the first page's loop is made of
# what the demo leaves.
docs: demo
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --editable ".[docs]"
	$(BIN)/python docs/first_page.py demo/edited.mp4 docs/see-the-edit.mp4
	FACEDIT_GUIDE_PICTURES=docs $(BIN)/python -m pytest -n 0 -m full -k new_user tests/studio/test_page_full.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Wheel and source distribution in dist/, checked, and the wheel tried in an empty environment.
release: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "build>=1.2,<2" "twine>=6,<8"
	rm -rf dist build
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/$(notdir $(BIN))/python -m pip install --quiet --no-compile "$(TORCH)"
	build/empty/$(notdir $(BIN))/python -m pip install --quiet --no-compile "$$(echo dist/*.whl)[demo]"
	cd build && empty/$(notdir $(BIN))/facedit doctor --fetch core && \
	  empty/$(notdir $(BIN))/facedit demo -o demo --force

clean:
	rm -rf $(VENV) demo build dist site
