# `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
# Works with GNU make 3.81 (macOS) and newer.

PYTHON ?=
TORCH_INDEX ?=
DEMO_FLAGS ?=
PYTEST_FLAGS ?=
WORKERS ?= auto

VENV := .venv
STAMP := $(VENV)/installed
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo environment studio cpp-tools browser test check lint format bench constraints clean distclean

help:  ## List what make can do here
	@echo "Chromasonic: small music models, trained on real music."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Variables: PYTHON=python3.12 (which Python makes .venv), TORCH_INDEX=ADDRESS (wheel index"
	@echo "for torch without CUDA), DEMO_FLAGS='--dataset nottingham', PYTEST_FLAGS='-k tokens', WORKERS=2"

demo: $(STAMP)  ## Train, compare, write tunes, and open the report (about 10 minutes)
	$(PY) -m chromasonic.cli.app demo $(DEMO_FLAGS)

environment: $(STAMP)  ## Make .venv and install everything into it

# The stamp is written last, so an interrupted installation is never taken for a whole one.
$(STAMP): pyproject.toml constraints.txt scripts/make_environment.sh
	@PYTHON='$(PYTHON)' TORCH_INDEX='$(TORCH_INDEX)' sh scripts/make_environment.sh

studio: $(STAMP)  ## Open the studio in the browser: compose, harmonize, groove, train, listen
	$(VENV)/bin/chromasonic studio

cpp-tools:  ## See that CMake, a compiler and headers for cpp/ are here; root on Debian gets them
	@sh scripts/install_cpp_tools.sh

browser:  ## See that a Chromium is here for the studio's tests; root on Debian gets it
	@sh scripts/install_browser.sh

test: cpp-tools browser lint  ## Everything that CI runs: format, lint, types, imports, tests
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

check: test  ## The same as test

lint: $(STAMP)  ## What can be said of the code without running it: seconds
	$(PY) -m ruff format --check .
	find cpp -name '*.[ch]pp' -exec $(VENV)/bin/clang-format --dry-run --Werror {} +
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

format: $(STAMP)  ## Lay out the code and mend what ruff can mend
	$(PY) -m ruff format .
	find cpp -name '*.[ch]pp' -exec $(VENV)/bin/clang-format -i {} +
	$(PY) -m ruff check --fix .

# Those that judge a model of yours want its path, or train for an hour: each says so with --help.
OF_A_MODEL := ab_offline ab_online cpp_humanize gesture_results gesture_results_page \
  groove_listening harmonizer melody_companion scaling_corpora scaling_corpora_page \
  scaling_training tracking tuning
bench: $(STAMP)  ## Run the benchmarks that need no trained model (minutes); see also benchmarks/realtime
	for file in $(filter-out $(OF_A_MODEL:%=benchmarks/%.py),$(wildcard benchmarks/*.py)); do \
	  $(PY) "$$file" || exit 1; done

# Local suffixes and platform-only packages stay out, so that the file resolves everywhere.
constraints: $(STAMP)  ## Write constraints.txt anew from what is installed in .venv
	@{ sed -n '/^#/p' constraints.txt; \
	  $(PY) -m pip freeze --exclude-editable \
	  | sed -e 's/+[a-z0-9.]*$$//' -e '/ @ /d' -e '/^nvidia-/d' -e '/^cuda-/d' -e '/^triton==/d' \
	  | awk '{ print } sub(/^mlflow-skinny==/, "mlflow==")'; \
	} > constraints.txt.new && mv constraints.txt.new constraints.txt

clean:  ## Remove caches and build leftovers; results and .venv stay
	rm -rf build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	find src -name '*.egg-info' -type d -prune -exec rm -rf {} +

distclean: clean  ## Remove .venv as well
	rm -rf $(VENV)
