# The commands of the house. `make help` lists them.
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 3600

.DEFAULT_GOAL := help
.PHONY: help demo demo-kubernetes program image servers test fuzz lint format bench install clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; \
	  do printf '  make %-15s %s\n' "$$name" "$$what"; done

demo: program ## install what is missing, build the program, run the main job
	@build/release/trimtab experiment run demo

demo-kubernetes: servers program build/demo/hotel-reservation.profile.json ## the same on a real Kubernetes API server and a real Prometheus, in minutes
	@scripts/build.sh release trimtab_kubernetes_demo
	@build/release/demo/trimtab_kubernetes_demo build/release/trimtab \
	  build/demo/hotel-reservation.profile.json deploy/helm/trimtab

# Trained once, and again when the scenario changes.
build/demo/%.profile.json: scenarios/%.yaml | program
	@mkdir -p build/demo
	@build/release/trimtab profile $* --demo --out build/demo/$*.samples.csv.gz
	@build/release/trimtab train --samples build/demo/$*.samples.csv.gz --out $@

program: ## install what is missing, build build/release/trimtab
	@scripts/install_dependencies.sh build
	@scripts/build.sh release trimtab

image: program ## pack the program into an OCI archive in build/image, print its digest
	@scripts/build_image.sh

servers: ## build the real servers that tests start into build/servers, once
	@scripts/build_servers.sh

test: ## everything that CI runs
	@scripts/test.sh

fuzz: ## fuzz every parser, FUZZ_SECONDS=3600 in all
	@scripts/install_dependencies.sh build fuzz
	@tests/fuzz/run.sh --total $(FUZZ_SECONDS)

lint: ## clang-tidy on every source
	@scripts/install_dependencies.sh build lint
	@scripts/lint.sh

format: ## clang-format on every source
	@scripts/install_dependencies.sh lint
	@scripts/format.sh

bench: ## one table of measurements: what, ours, peer, ratio
	@scripts/install_dependencies.sh build bench
	@bench/run.sh

install: program ## install the program under PREFIX=/usr/local
	@cmake --install build/release --component trimtab --prefix $(PREFIX)

clean: ## remove build/
	@rm -rf build
