# Every target sets up what it needs. `make run` and `make test` are all a newcomer has to know.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --no-header --no-annotate pyproject.toml
EXTRAS := --extra service --extra redis --extra metrics
FRAMEWORKS := bootstrap@5.3.9 bulma@1.0.4 @picocss/pico@2.1.1 @tailwindcss/browser@4.3.4
TRANSLATIONS := src/billing_proxy/language/translations

.DEFAULT_GOAL := help
.PHONY: help run example test lint messages pictures hosts bench soak weights check-live wheel upgrade clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: $(VENV)/run.stamp ## Serve the page on http://127.0.0.1:8000, as a demo unless STRIPE_SECRET_KEY is set
	@$(BIN)/python -m demo --port $(or $(PORT),8000)

example: $(VENV)/test.stamp ## Serve a site that embeds the card on http://127.0.0.1:8001, or on PORT
	@$(BIN)/python -m examples.host --port $(or $(PORT),8001)

test: $(VENV)/test.stamp ## Run the tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

lint: $(VENV)/test.stamp ## Check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

messages: $(VENV)/test.stamp ## Collect the Dutch texts into the catalogues, and compile those
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg -k t -k text -k mark -k plural:1,2 --no-location --sort-output --no-wrap -o build/billing.pot src/billing_proxy
	@$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap -D billing -i build/billing.pot -d $(TRANSLATIONS)
	@$(BIN)/pybabel compile --use-fuzzy --statistics -D billing -d $(TRANSLATIONS)

pictures: $(VENV)/test.stamp build/hosts.stamp ## Take the documents' pictures anew, from the running demo
	@$(BIN)/python -m demo.pictures

hosts: build/hosts.stamp ## Fetch the CSS frameworks on which the card is tried

build/hosts.stamp: Makefile
	@npm install --prefix build/hosts --no-save --ignore-scripts --no-audit --no-fund --silent $(FRAMEWORKS)
	@touch $@

bench: $(VENV)/test.stamp ## Measure against what else there is, in one table (ONLY=warm,cold)
	@$(BIN)/python -m bench --only "$(ONLY)"

soak: $(VENV)/test.stamp ## Ten minutes of mixed load with faults switching on and off (MINUTES=10)
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),10)

weights: $(VENV)/run.stamp ## Show how heavy the repository is, against what it may weigh
	@$(BIN)/python -m bench.weights

check-live: $(VENV)/test.stamp ## Run the contract tests against Stripe's sandbox (STRIPE_SECRET_KEY=sk_test_…)
	@case "$$STRIPE_SECRET_KEY" in sk_test_*|rk_test_*) ;; *) echo "Set STRIPE_SECRET_KEY to a test key (sk_test_…) first." >&2; exit 2;; esac
	@BILLING_CONTRACT_LIVE=1 $(BIN)/python -m pytest tests/contract

wheel: $(VENV)/test.stamp ## Build the wheel and the source package into dist/
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . >/dev/null
	@$(BIN)/check-wheel-contents dist/*.whl
	@$(BIN)/twine check --strict dist/*

upgrade: $(VENV)/test.stamp ## Pin the newest allowed versions of everything, in both requirements files
	@mkdir -p build
	@$(COMPILE) $(EXTRAS) -o build/service.txt >/dev/null
	@$(COMPILE) $(EXTRAS) --extra dev --constraint build/service.txt -o build/all.txt >/dev/null
	@{ head -1 requirements.txt; cat build/service.txt; echo .; } > build/requirements.txt
	@{ head -1 requirements-dev.txt; grep -vxFf build/service.txt build/all.txt; } > build/requirements-dev.txt
	@mv build/requirements.txt build/requirements-dev.txt .

clean: ## Remove the virtual environment and everything that was built
	@rm -rf $(VENV) $(VENV)-bench dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@python=; for candidate in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python; do \
	  if [ -n "$$candidate" ] && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed, and none was found. Install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; fi; \
	echo "Making a virtual environment in $(VENV) with $$($$python --version) ..."; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); echo "That failed. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/run.stamp: $(VENV)/bin/python requirements.txt pyproject.toml
	@echo "Installing what the service needs (about a minute the first time) ..."
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-dev.txt
	@echo "Installing what the tests need (about a minute the first time) ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@
