# goldrun: `make demo` shows everything, `make test` proves it; `make help` lists the rest.

SHELL := /bin/bash
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := src:.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help setup demo marketplace kafka kafka-messages kafka-stop cluster cluster-stop \
	attacks demo-refusal faults bench bench-growth bench-start bench-forms bench-profile bench-cluster bench-layouts bench-marketplace \
	bench-stream bench-batch bench-memory bench-snapshots bench-gate docs test test-e2e test-spark test-slow check structure cases readme exports \
	sequences layouts mutants lock clean results
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 19

setup: .venv/.ready  ## environment from the lock

demo: .venv/.ready  ## raw files to champion models, on the sample data
	@MLFLOW_LOGGING_LEVEL=WARNING mlflow run . --env-manager local --experiment-name goldrun-pipeline \
		--run-name workflow

CUSTOMERS ?= 2000

# A store of its own, because its lake is deleted each time.
marketplace: export MLFLOW_TRACKING_URI = sqlite:///marketplace-store/mlflow.db
marketplace: .venv/.ready-dev  ## simulate a marketplace with every kind of dirt, run it, prove every table
	@rm -rf marketplace-lake marketplace-store
	@python pipelines/simulate.py --customers=$(CUSTOMERS) --dirt=all --overwrite=true
	@python pipelines/main.py --source=marketplace --lake=marketplace-lake
	@python -m tests.marketplace.verify --data=data/marketplace --lake=marketplace-lake \
		--search $$(ls -d logs 2> /dev/null) marketplace-store

kafka: .venv/.ready  ## a Kafka broker on 127.0.0.1:9092, its messages in .kafka
	@python pipelines/kafka.py --action=start

MESSAGES ?= 1000

kafka-messages: .venv/.ready-dev  ## send it simulated sales: make kafka-messages MESSAGES=1000
	@python -m benchmarks.messages --brokers=127.0.0.1:9092 --topic=transactions --rows=$(MESSAGES)

kafka-stop: .venv/.ready  ## stop it; the messages stay
	@python pipelines/kafka.py --action=stop

ONLY ?=

PYTEST := python -m pytest -n 2 --no-loadscope-reorder

test: .venv/.ready-dev  ## tests of parts: with Sail; those marked of_spark with Spark
	@GOLDRUN_ENGINE=sail $(PYTEST) -m "not slow and not e2e"
	@GOLDRUN_ENGINE=spark $(PYTEST) -m "(of_spark or spark_too) and not slow and not e2e"

test-e2e: .venv/.ready-dev  ## tests of whole commands, streams, and of several jobs in a row
	@GOLDRUN_ENGINE=sail $(PYTEST) -m "e2e and not slow"
	@GOLDRUN_ENGINE=spark $(PYTEST) -m "(of_spark or spark_too) and e2e and not slow"

test-spark: .venv/.ready-dev  ## all tests but the long ones, with Spark
	@GOLDRUN_ENGINE=spark $(PYTEST)

test-slow: .venv/.ready-dev  ## the long ones: streams, kills, mlflow run with an environment; ONLY=names
	@GOLDRUN_ENGINE=sail python -m pytest -m slow -k "$(ONLY)"
	@GOLDRUN_ENGINE=spark python -m pytest -m "(of_spark or spark_too) and slow" -k "$(ONLY)"

check: .venv/.ready-dev  ## lint, types, import law, limits of structure
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	python -m tests.structure.limits

ROW_PATH ?= yes

structure: .venv/.ready-dev  ## figures of the code's structure: sizes, names, files that a row passes
	@python -m tests.structure.run --row-path=$(ROW_PATH)

WAYS_OF_CASES ?= sail,spark,stream,connect

cases: .venv/.ready-dev  ## small inputs with known outcomes, with every engine: expected and computed
	@python -m tests.cases.run --ways=$(WAYS_OF_CASES)

exports: .venv/.ready-dev  ## propose settings of exports in usual layouts; rows read right, by layout
	@python -m tests.exports.run

readme: .venv/.ready-dev  ## every documented command in a copy, at small sizes; ONLY=part of a command
	@python -m tests.readme.run

SEQUENCES ?= 200
SEED ?= 0

sequences: .venv/.ready-dev  ## random corrections, refunds and damages: each lake equals a new one
	@GOLDRUN_ENGINE=sail python -m tests.sequences.run --sequences=$(SEQUENCES) --seed=$(SEED)

DRAWS ?= 1000

layouts: WAYS = readers
layouts: .venv/.ready-dev  ## random files beside plain Python: make layouts WAYS=readers,commands,streams DRAWS=50
	@python -m tests.layouts.run --draws=$(DRAWS) --seed=$(SEED) --ways="$(WAYS)"

mutants: .venv/.ready-dev  ## break promises on purpose; a test must fail for each; JOBS=2 runs two at once
	@python tests/mutants/run.py

KILLS ?= 100

faults: .venv/.ready-dev  ## kill, damage, fill, disturb the stream: it must recover or stop by name
	@python -m tests.faults.run --kills=$(KILLS) --only="$(ONLY)"

attacks: .venv/.ready-dev  ## attack the gate through the commands: each must be refused by name; ONLY=part
	@GOLDRUN_ENGINE=sail python -m tests.attacks.run --only="$(ONLY)" --write="$(WRITE)"

demo-refusal: .venv/.ready-dev  ## six models that must not become champion, and why the gate refuses each
	@GOLDRUN_ENGINE=sail python -m tests.attacks.run --demo

cluster: .venv/.ready  ## a Spark master and two workers on this machine, spark://127.0.0.1:7077
	@python pipelines/cluster.py --action=start

cluster-stop: .venv/.ready  ## stop them
	@python pipelines/cluster.py --action=stop

ROUNDS ?= 3

WAYS ?= goldrun,DuckDB + delta-rs,the brief's way

bench: ROWS ?= 5000000
bench: .venv/.ready-dev  ## a build beside the brief's way and DuckDB: make bench ROWS=5000000 ROUNDS=3
	@python -m benchmarks.full_build --rows=$(ROWS) --rounds=$(ROUNDS) --ways="$(WAYS)"

GROWTH ?= 1000000,5000000,20000000

bench-growth: .venv/.ready-dev  ## as the feed grows, and a day more: make bench-growth GROWTH=1000000,5000000
	@GOLDRUN_DRIVER_MEMORY=8g python -m benchmarks.growth --sizes=$(GROWTH)

bench-start: ROUNDS = 5
bench-start: .venv/.ready-dev  ## seconds until a command answers: make bench-start
	@python -m benchmarks.start --rounds=$(ROUNDS)

bench-forms: ROWS ?= 1000000
bench-forms: .venv/.ready-dev  ## bronze of CSV with line breaks, UTF-16, Parquet: make bench-forms ROWS=1000000
	@python -m benchmarks.forms --rows=$(ROWS) --rounds=$(ROUNDS)

bench-profile: ROWS ?= 5000000
bench-profile: .venv/.ready-dev  ## seconds of a build by kind of work: make bench-profile ROWS=5000000
	@python -m benchmarks.profile --rows=$(ROWS)

bench-cluster: ROWS ?= 1000000
bench-cluster: .venv/.ready-dev  ## a cluster beside local Spark: make bench-cluster ROWS=1000000 ROUNDS=3
	@python -m benchmarks.cluster --rows=$(ROWS) --rounds=$(ROUNDS)

USERS ?= 2000000

bench-layouts: ROUNDS = 5
bench-layouts: .venv/.ready-dev  ## partitioned, Z-ordered, clustered, cached: make bench-layouts USERS=2000000
	@python -m benchmarks.layouts --users=$(USERS) --rounds=$(ROUNDS)

LIMIT ?= 8

SETS ?= 400
CHAINS ?= 100

bench-gate: .venv/.ready-dev  ## error rates of the gate on simulated challengers: make bench-gate SETS=400
	@python -m benchmarks.gate_errors --sets=$(SETS) --chains=$(CHAINS)

bench-memory: CUSTOMERS = 100000
bench-memory: .venv/.ready-dev  ## a marketplace within a limit: make bench-memory CUSTOMERS=100000 LIMIT=8
	@python -m benchmarks.memory --customers=$(CUSTOMERS) --limit=$(LIMIT)

bench-snapshots: CUSTOMERS = 1000000
bench-snapshots: ROUNDS = 1
bench-snapshots: DATES = 12
bench-snapshots: .venv/.ready-dev  ## features as of many dates at once: make bench-snapshots CUSTOMERS=1000000 DATES=12
	@python -m benchmarks.snapshots --customers=$(CUSTOMERS) --dates=$(DATES) --rounds=$(ROUNDS)

bench-marketplace: .venv/.ready-dev  ## five entities, raw to gold: make bench-marketplace CUSTOMERS=40000
	@python -m benchmarks.raw_to_gold --customers=$(CUSTOMERS)

RATE ?= 1000
SECONDS ?= 180
SIZES ?= 100000,1000000,10000000

bench-stream: ROWS ?= 1500000
bench-stream: .venv/.ready-dev  ## Kafka to gold: make bench-stream ROWS=1500000 RATE=1000 SECONDS=180
	@python -m benchmarks.stream --rows=$(ROWS) --rate=$(RATE) --seconds=$(SECONDS)

bench-batch: .venv/.ready-dev  ## cost of a micro-batch by size of silver: make bench-batch SIZES=100000,1000000
	@python -m benchmarks.micro_batch --sizes=$(SIZES)

WEEKS ?= 12
TIMES ?= yes

results: .venv/.ready-dev  ## the churn model at twelve test dates, beside its baselines, and times (TIMES=no: without): docs/results.md
	@folder=$$(mktemp -d); export MLFLOW_TRACKING_URI=sqlite:///$$folder/mlflow.db; \
		python -m benchmarks.churn --folder=$$folder --weeks=$(WEEKS) --times=$(TIMES); code=$$?; rm -rf $$folder; exit $$code

bench-truth: .venv/.ready-dev  ## the churn model beside the best possible score, on simulated shops
	@python -m benchmarks.truth

docs: .venv/.ready-dev  ## write docs/data-model.md and docs/reference from the code
	@python pipelines/data_model.py

lock:  ## renew the locks from requirements*.in (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" -c requirements.txt requirements-dev.in -o requirements-dev.txt

clean:  ## delete the lake, the runs and the models; keep the environment
	rm -rf lake marketplace-lake marketplace-store data/marketplace mlflow.db* mlruns/[!R]* logs

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "goldrun needs Python 3.11 or newer: install one"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no environment could be made: install python3-venv"; exit 1; }

.venv/.ready: .venv/bin/python requirements.txt
	@echo "Installing the environment (a few minutes the first time)"
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.txt src/goldrun/devtools/jars.lock
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@python pipelines/toolchain.py
	@touch $@
