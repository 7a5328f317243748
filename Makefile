# Cardea: the short names of what can be done here. Meson does the work; see
# meson.build. Variables: ONCE=1 plays the demo unattended, STORY=NAME one story of it;
# DESTDIR and PREFIX for install; SECONDS_EACH for fuzz; BENCH="ROW ..." for bench.
PREFIX ?= /usr/local
export PREFIX
SECONDS_EACH ?= 60
# The system's own: pytest comes as a package of the system.
PYTHON3 := $(firstword $(wildcard /usr/bin/python3) python3)
PYTHON = env PYTHONDONTWRITEBYTECODE=1 CARDEA_BUILD=$(CURDIR)/build/release $(PYTHON3)
# The virtual home needs network namespaces: root, and a root that is a mount point.
AS_ROOT = $(shell [ "$$(id -u)" = 0 ] || echo sudo -E) tools/own-root

all: ## build everything for use (build/release)
	@tools/build release

demo: all ## play a virtual home; ONCE=1 unattended, STORY=home or quarantine for one
	@$(AS_ROOT) $(PYTHON) -m lab.demo $(if $(ONCE),--once) \
		$(if $(STORY),--story "$(STORY)")

check: ## all tests, with gcc and clang and sanitizers
	@tools/own-root $(PYTHON) tools/run-checks

check-long: ## check, and 60 s of fuzzing each, 50 kills each, coverage
	@tools/own-root $(PYTHON) tools/run-checks --long

bench: all ## the benchmarks with their verdicts; BENCH="P1 D1" for some
	@$(AS_ROOT) $(PYTHON) -m bench $(BENCH)

screenshots: all ## a picture of every screen, in build/screenshots
	@tools/npm-modules
	@rm -rf build/screenshots
	@$(AS_ROOT) env CARDEA_SHOTS=$(CURDIR)/build/screenshots $(PYTHON) -m pytest -q \
		-p no:cacheprovider tests/browser/test_screens.py
	@echo "see build/screenshots"

fuzz: ## fuzz each parser for SECONDS_EACH seconds
	@tools/own-root $(PYTHON) tools/run-checks --fuzz $(SECONDS_EACH)

install: all ## install below PREFIX (DESTDIR is honoured)
	@meson install -C build/release --no-rebuild --quiet

clean: ## remove everything that was built
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

.PHONY: all demo check check-long bench screenshots fuzz install clean help
.DEFAULT_GOAL := help
