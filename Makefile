# `make run` and `make test` are the two commands to know; each does its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run demo compact check build test compiler mosquitto rabbitmq browser postgres race fuzz soak bench lint lint-page vuln

FUNCTIONS := recorder query compactor

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: build ## run everything on this machine: page and webhooks on port 8080, MQTT on 1883
	@exec .build/local

demo: ## while `make run` runs: make devices drop in every way and print their traces
	@go run ./infra/local/demo

compact: build ## compact the local data once
	@exec .build/local compact

check: build ## re-read the local data and verify it
	@exec .build/local check

build: ## build the three functions and the local cloud into .build
	@set -e; for f in $(FUNCTIONS); do go build -trimpath -ldflags=-s -o .build/$$f/$$f ./functions/$$f; done
	@go build -o .build/local ./infra/local

# Cached results are not used: Go's cache does not track the programs that tests build and
# run, nor does it keep the figures.
GO_TEST := go test -count=1 -timeout 30m

test: lint mosquitto rabbitmq browser postgres ## run all checks and tests
	@mkdir -p .build && : > $(FIGURES)
	FIGURES=$(FIGURES) $(GO_TEST) ./...
	go test -run '^$$' -bench . -benchtime 1x ./pkg/...
	cd infra/verify/e2e && FIGURES=$(FIGURES) $(GO_TEST) ./...
	cd infra/verify/bench && $(GO_TEST) ./...
	@$(PRINT_FIGURES)

# The proofs of the guarantees count their attacks in this file (infra/verify/figures). They
# fail if an event is lost, duplicated or invented.
FIGURES := $(CURDIR)/.build/figures
PRINT_FIGURES = echo "Proofs, with no event lost, duplicated or invented:"; \
	awk -F'\t' '{n[$$2] += $$1} END {for (name in n) printf "  %9d  %s\n", n[name], name}' $(FIGURES) | sort -k2

# infra/verify/e2e and infra/verify/bench read segments with DuckDB, which is written in C++.
compiler:
	@command -v g++ >/dev/null || { apt-get update && apt-get install -y --no-install-recommends g++; }

# infra/verify/e2e follows the log of a real Mosquitto. The package is unpacked, not installed,
# because installing it would start a broker on port 1883. Its dependencies start nothing.
mosquitto:
	@command -v mosquitto /usr/sbin/mosquitto .build/mosquitto/usr/sbin/mosquitto >/dev/null || { set -e; \
	  apt-get update; apt-get install -y --no-install-recommends $$(apt-cache depends --important mosquitto | sed -n 's/^ *Depends: //p'); \
	  rm -rf .build/mosquitto; mkdir -p .build/mosquitto; cd .build/mosquitto; \
	  apt-get download mosquitto; dpkg -x mosquitto_*.deb .; rm mosquitto_*.deb; }

# infra/verify/e2e follows the log of a real RabbitMQ. RabbitMQ and Erlang are unpacked, not
# installed, because installing them would start services. The libraries that they need start
# nothing. Debian's erl expects Erlang in /usr/lib; the unpacked erl takes the folder from
# ERL_ROOTDIR.
RABBITMQ_PACKAGES = $$(apt-cache depends --recurse --important rabbitmq-server | sed -n 's/^\(erlang-[a-z0-9-]*\|rabbitmq-server\)$$/\1/p' | sort -u)
RABBITMQ_LIBRARIES = $$(apt-cache depends --important erlang-base erlang-crypto | sed -n 's/^ *Depends: \(lib[^ ]*\|zlib1g\)$$/\1/p' | sort -u)
rabbitmq:
	@test -e .build/rabbitmq/usr/lib/erlang/bin/erl || { set -e; \
	  apt-get update; apt-get install -y --no-install-recommends $(RABBITMQ_LIBRARIES); \
	  rm -rf .build/unpacked; mkdir -p .build/unpacked; cd .build/unpacked; \
	  apt-get download $(RABBITMQ_PACKAGES); for package in *.deb; do dpkg -x $$package .; done; rm *.deb; \
	  sed -i 's#=/usr/lib/erlang$$#="$$ERL_ROOTDIR"#' usr/lib/erlang/bin/erl; \
	  cd ..; rm -rf rabbitmq; mv unpacked rabbitmq; }

# infra/verify/e2e drives the page in a real browser.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || { apt-get update && apt-get install -y --no-install-recommends chromium; }

# infra/verify/bench compares with PostgreSQL. The package is unpacked, not installed, because
# installing it would start a service. Its dependencies start nothing.
postgres:
	@ls /usr/lib/postgresql/*/bin/postgres .build/postgresql/usr/lib/postgresql/*/bin/postgres 2>/dev/null | grep -q . || { set -e; \
	  apt-get update; package=$$(apt-cache depends postgresql | sed -n 's/^ *Depends: \(postgresql-[0-9]*\)$$/\1/p'); \
	  apt-get install -y --no-install-recommends $$(apt-cache depends --important $$package | sed -n 's/^ *Depends: \(lib[^ ]*\|tzdata\)$$/\1/p'); \
	  rm -rf .build/postgresql; mkdir -p .build/postgresql; cd .build/postgresql; \
	  apt-get download $$package; dpkg -x $${package}_*.deb .; rm $${package}_*.deb; }

race: ## run the tests under the race detector
	go test -race -timeout 30m ./...

# Until Go 1.27, go test may report "context deadline exceeded" when a target's time is up
# (golang.org/issue/75804). That is no failure.
FUZZTIME ?= 1m
fuzz: ## run each fuzz target for FUZZTIME (1m)
	@set -o pipefail; mkdir -p .build; failed=; \
	for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package | tee .build/fuzz \
	      || { grep -q '^ *context deadline exceeded' .build/fuzz && ! grep -q 'Failing input' .build/fuzz; } \
	      || failed="$$failed $$target"; \
	  done; \
	done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

soak: compiler ## attack the system with floods, large buckets and, for DURATION (10m), kills, freezes and outages
	@mkdir -p .build && : > $(FIGURES)
	@cd infra/verify/e2e && go test -tags soak -c -o ../../../.build/soak . && DURATION=$${DURATION:-10m} FIGURES=$(FIGURES) exec ../../../.build/soak -test.run '^TestSoak' -test.v -test.timeout 0
	@$(PRINT_FIGURES)

bench: compiler postgres ## measure costs, also of other engines; SCALE=1 (default) is a million devices, 0.01 takes three minutes
	@set -o pipefail; mkdir -p .build; cd infra/verify/bench; export SCALE=$${SCALE:-1}; \
	go test -run '^TestDeliveries$$' -bench . -timeout 0 . | tee ../../../.build/benchmarks.txt && \
	go run . ../../../.build/benchmarks.txt | tee ../../../.build/bench.txt

# Errors about a Config begin with the name of the field, so ST1005 (no capitals) is off.
STATICCHECK := go tool -modfile=$(CURDIR)/go.mod staticcheck -checks inherit,-ST1005
lint: compiler lint-page ## check format, vet, staticcheck, and the page's JavaScript
	@unformatted=$$(gofmt -l functions pkg infra) || exit 1; [ -z "$$unformatted" ] || { echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; }
	go vet ./... && $(STATICCHECK) ./...
	cd infra/verify/e2e && go vet -tags soak ./... && $(STATICCHECK) -tags soak ./...
	cd infra/verify/bench && go vet ./... && $(STATICCHECK) ./...

# ESLint checks the page's JavaScript; users of the page need no Node.js. npm installs beside
# package.json, so the project is copied into .build first.
PAGELINT := .build/pagelint
ESLINT_INSTALLED := $(PAGELINT)/node_modules/.package-lock.json
lint-page:
	@command -v npm >/dev/null || { echo "lint-page: skipped, because npm is not installed (Node.js 20.19 or newer)"; exit 0; }; \
	  $(MAKE) --silent --no-print-directory $(ESLINT_INSTALLED) && cp infra/verify/pagelint/eslint.config.js $(PAGELINT) && \
	  $(PAGELINT)/node_modules/.bin/eslint --config $(PAGELINT)/eslint.config.js --max-warnings 0 pkg/console/page

$(ESLINT_INSTALLED): infra/verify/pagelint/package-lock.json
	@rm -rf $(PAGELINT) && mkdir -p .build && cp -R infra/verify/pagelint .build/
	@npm ci --prefix $(PAGELINT) --prefer-offline
	@touch $@

vuln: ## look for known vulnerabilities in the code that is called; asks vuln.go.dev
	@for module in . infra/verify/e2e infra/verify/bench; do \
	  echo "$$module"; \
	  said=$$(cd $$module && go tool -modfile=$(CURDIR)/go.mod govulncheck ./... 2>&1); status=$$?; echo "$$said"; \
	  case "$$said" in *"fetching vulnerabilities"*) echo "vuln.go.dev cannot be reached: nothing was checked" >&2; exit 4;; esac; \
	  [ $$status = 0 ] || exit $$status; \
	done
