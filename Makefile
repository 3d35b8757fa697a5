# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT

# make demo   the main job on real parts, in a minute      make lint   what can be told without a test
# make test   everything                                   make dev    .venv/bin/rsyncgate
# make deb    build/rsyncgate_VERSION_all.deb              make install PREFIX=/usr/local DESTDIR=
# make zipapp build/zipapp/rsyncgate, the gate in a file   make test-deb   the e2e tests against the deb
# make wheel  build/rsyncgate-VERSION-py3-none-any.whl     make sbom   build/rsyncgate.cdx.json
# make screens  the README's pictures                      make compare  the attacks on other gates, as a table
# make bench    how long each gate takes, as ratios        make lock   the pins in .ci
# make fuzz     each target of tests/fuzz, SECONDS=60
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
pinned = sed -n '/^$(1)==/,/\# via/p' .ci/requirements-dev.txt
RELEASED = $$(dpkg-parsechangelog -l deploy/debian/changelog -S Timestamp)

# Where make install puts things. The interpreter stands in line 1 of the gate.
PREFIX ?= /usr/local
DESTDIR ?=
INTERPRETER ?= /usr/bin/python3
SYSTEMD ?= $(PREFIX)/lib
bin := $(DESTDIR)$(PREFIX)/bin
lib := $(DESTDIR)$(PREFIX)/lib/python3/dist-packages
share := $(DESTDIR)$(PREFIX)/share
etc := $(DESTDIR)/etc

.PHONY: demo screens test fuzz lint dev lock install deb wheel sbom zipapp test-deb compare bench bench-journal clean
.DELETE_ON_ERROR:

demo: $(VENV)/.ready
	@tests/demo/demo.sh

test: dev
	@.ci/machine test
	@$(BIN)/python -m pytest

# Each target of tests/fuzz for a minute, from what clients really sent. What is found lies in
# build/fuzz, and belongs into tests/fuzz/findings.
SECONDS ?= 60
fuzz: dev
	@.ci/machine test
	@$(PIP) install --only-binary :all: --require-hashes -r .ci/requirements-fuzz.txt
	@mkdir -p build/fuzz
	@for target in command secluded toml; do log=build/fuzz/$$target.log; \
	    TMPDIR=build/fuzz PYTHONPATH=tests $(BIN)/python tests/fuzz/run.py $$target $(SECONDS) build/fuzz >$$log 2>&1 || \
	    { tail -n 40 $$log; exit 1; }; \
	    echo "$$target: $$(grep '^Done' $$log), $$(grep -c NEW $$log) inputs that reached something new"; done

# The README's pictures, drawn anew from commands that run in a copy of this machine.
screens: dev
	@.ci/machine test
	@$(BIN)/python tests/demo/screens.py tests/demo/screens

lint: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/reuse lint --lines
	@.ci/audit

dev: $(VENV)/.tools

# Nothing gets in but what is pinned by its hash. The launcher gets its interpreter in line 1, unless
# that is a path with a blank or the like, and finds the package as it stands in src/.
$(VENV)/.ready: pyproject.toml .ci/requirements.txt deploy/bin/rsyncgate Makefile .ci/machine
	@.ci/machine
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call pinned,setuptools) | $(PIP) install --require-hashes -r /dev/stdin
	@$(PIP) install --only-binary :all: --require-hashes -r .ci/requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@ln -sfn "$$PWD/src/rsyncgate" "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/rsyncgate"
	@cp deploy/bin/rsyncgate $(BIN)/rsyncgate
	@case "$$PWD" in *[!A-Za-z0-9/._+-]*) ;; \
	*) sed -i "1s|.*|#!$$PWD/$(BIN)/python3 -ISXutf8|" $(BIN)/rsyncgate ;; esac
	@$(BIN)/python -m compileall -q src
	@touch $@

# PyPI has reuse as source alone, so its builder, pinned too, comes first.
$(VENV)/.tools: $(VENV)/.ready .ci/requirements-dev.txt
	@$(call pinned,poetry-core) | $(PIP) install --require-hashes -r /dev/stdin
	@$(PIP) install --only-binary :all: --no-binary reuse --no-build-isolation --require-hashes \
	    -r .ci/requirements-dev.txt
	@touch $@

# Pins what pyproject.toml asks for, with hashes, for every Python: what runs, and what make dev takes.
# What is pinned stays as it is; LOCK=--upgrade takes what is new.
lock: UV = build/lock/bin/uv pip compile -q pyproject.toml --universal --python-version 3.11 \
    --generate-hashes --custom-compile-command 'make lock' $(LOCK)
lock:
	@rm -rf build/lock && $(PYTHON) -m venv build/lock && build/lock/bin/pip install -qq uv==0.13.9
	@$(UV) --extra audit -o .ci/requirements.txt
	@$(UV) --extra dev -c .ci/requirements.txt -o .ci/requirements-dev.txt
	@$(UV) --extra fuzz -c .ci/requirements.txt -o .ci/requirements-fuzz.txt

# How fast a journal of 5 million records is learned and replayed; wants 4 GB in $TMPDIR.
bench-journal: dev
	@tests/bench/learn.sh 5000000

# Settings that are there already stay as they are. With a known interpreter the launcher needs none of
# what sh reads, which Python would read too.
install:
	@install -d $(bin) $(lib) $(share)/man/man5 $(share)/man/man8 $(etc)/rsyncgate/clients
	@sed -n '1s|.*|#!$(INTERPRETER) -ISXutf8|p; /^import/,$$p' deploy/bin/rsyncgate >$(bin)/rsyncgate
	@chmod 755 $(bin)/rsyncgate
	@rm -rf $(lib)/rsyncgate
	@cd src && find rsyncgate -type f ! -name '*.pyc' -exec install -D -m 644 {} $(lib)/{} \;
	@$(if $(DESTDIR),,$(INTERPRETER) -m compileall -q $(lib)/rsyncgate)
	@$(if $(DESTDIR),,$(INTERPRETER) -ISB $(lib)/rsyncgate/bundle.py)
	@install -m 644 deploy/man/*.5 $(share)/man/man5
	@install -m 644 deploy/man/*.8 $(share)/man/man8
	@for shell in bash/bash-completion/completions/rsyncgate zsh/zsh/vendor-completions/_rsyncgate \
	    fish/fish/vendor_completions.d/rsyncgate.fish; do \
	    file=$(share)/$${shell#*/}; mkdir -p "$${file%/*}" && \
	    _RSYNCGATE_COMPLETE=$${shell%%/*}_source PYTHONPATH=src $(INTERPRETER) -B -m rsyncgate >"$$file" || \
	    exit; done
	@install -D -m 644 deploy/tmpfiles.d/rsyncgate.conf $(DESTDIR)$(SYSTEMD)/tmpfiles.d/rsyncgate.conf
	@install -D -m 644 deploy/sysusers.d/rsyncgate.conf $(DESTDIR)$(SYSTEMD)/sysusers.d/rsyncgate.conf
	@[ -e $(etc)/rsyncgate/gate.toml ] || install -m 644 deploy/etc/gate.toml $(etc)/rsyncgate
	@for file in logrotate.d/rsyncgate fail2ban/filter.d/rsyncgate.conf fail2ban/jail.d/rsyncgate.conf; do \
	    [ -e $(etc)/$$file ] || install -D -m 644 deploy/$$file $(etc)/$$file; done

# Debian's tools want debian/ at the top of the source, so they get a copy.
deb:
	@.ci/machine deb
	@rm -rf build/deb && mkdir -p build/deb/source
	@cp -R Makefile pyproject.toml README.md LICENSE src deploy build/deb/source
	@find build/deb -name __pycache__ -prune -exec rm -rf {} +
	@mv build/deb/source/deploy/debian build/deb/source/debian
	@cd build/deb/source && dpkg-buildpackage -us -uc -b --no-check-builddeps >../log 2>&1 || { cat ../log; exit 1; }
	@lintian --allow-root --info --display-info --fail-on error,warning,info build/deb/*.changes
	@cp build/deb/*.deb build && ls build/*.deb

# The same bytes from the same source, wherever and whenever it is made.
wheel: dev
	@rm -rf build/wheel build/*.whl && mkdir -p build/wheel/src
	@cp -R pyproject.toml README.md LICENSE deploy build/wheel && cp -R src/rsyncgate build/wheel/src
	@find build/wheel -name __pycache__ -prune -exec rm -rf {} +
	@chmod -R u=rwX,go=rX build/wheel
	@SOURCE_DATE_EPOCH=$(RELEASED) $(PIP) wheel --no-deps --no-build-isolation -w build build/wheel
	@rm -rf build/wheel && ls build/*.whl

# What the wheel runs on, as pinned: names, versions, licences, and who needs whom.
sbom: wheel
	@rm -rf build/sbom && $(BIN)/python -m venv --without-pip build/sbom
	@$(PIP) --python build/sbom install --only-binary :all: --require-hashes -r .ci/requirements.txt
	@$(PIP) --python build/sbom install --no-deps --no-index build/*.whl
	@version=$$(build/sbom/bin/python -c 'import rsyncgate; print(rsyncgate.__version__)') && \
	    sed "s/^dynamic = .*/version = \"$$version\"/" pyproject.toml >build/sbom/pyproject.toml
	@SOURCE_DATE_EPOCH=$(RELEASED) $(BIN)/cyclonedx-py environment --output-reproducible \
	    --pyproject build/sbom/pyproject.toml -o build/rsyncgate.cdx.json build/sbom/bin/python
	@rm -rf build/sbom && ls build/rsyncgate.cdx.json

# The gate's half in one file, as source and as bytecode for this very interpreter. Others take the
# source.
zipapp:
	@rm -rf build/zipapp && mkdir -p build/zipapp/tree
	@cp -R src/rsyncgate build/zipapp/tree && rm -rf build/zipapp/tree/rsyncgate/admin
	@find build/zipapp -name __pycache__ -prune -exec rm -rf {} +
	@printf 'import sys\n\nfrom rsyncgate.__main__ import run\n\nrun(sys.argv[1:])\n' \
	    >build/zipapp/tree/__main__.py
	@$(INTERPRETER) -m compileall -qb --invalidation-mode unchecked-hash -s build/zipapp/tree build/zipapp/tree
	@find build/zipapp/tree -exec touch -d @$(RELEASED) {} +
	@$(INTERPRETER) -m zipapp -p '$(INTERPRETER) -ISXutf8' -o build/zipapp/rsyncgate build/zipapp/tree
	@chmod 755 build/zipapp/rsyncgate && rm -rf build/zipapp/tree && ls build/zipapp/rsyncgate

# The package is the same byte for byte when it is made again. Then, in a copy of this machine that
# nothing outlives, it is installed and tested: the gate, and the admin half on Debian's own libraries.
# The Ansible role installs the source, in such a copy of its own.
test-deb: dev deb
	@.ci/machine test
	@cp build/*.deb build/first && $(MAKE) deb && cmp build/first build/*.deb
	@tests/install/throwaway sh -ec 'dpkg -i build/*.deb >/dev/null; export RSYNCGATE=/usr/bin/rsyncgate; \
	    $(BIN)/python -m pytest tests/e2e --ignore tests/e2e/test_ansible.py; \
	    PYTHONPATH=/usr/lib/python3/dist-packages $(BIN)/python -m pytest tests/unit/admin'

# tests/attack on rsyncgate and on its peers, which are installed in a copy of this machine that
# nothing outlives.
compare: dev
	@tests/install/throwaway sh -ec '$(PEERS); exec $(BIN)/python -m attack.compare'

# How long each gate takes, in the same kind of copy; wants 10 GB of memory and an idle machine.
bench: dev
	@tests/install/throwaway sh -ec '$(PEERS); $(MAKE) -s install INTERPRETER=$(INTERPRETER); \
	    export RSYNCGATE=/usr/local/bin/rsyncgate INTERPRETER=$(INTERPRETER); \
	    $(BIN)/python -m bench.pulls; \
	    $(BIN)/python -m bench.sessions 40'

PEERS = .ci/machine compare >/dev/null; $(PYTHON) -m venv /opt/lshell; \
    /opt/lshell/bin/pip install -qq --disable-pip-version-check limited-shell==0.11.1; \
    export LSHELL=/opt/lshell/bin/lshell PYTHONPATH=tests

clean:
	@rm -rf $(VENV) build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -prune -exec rm -rf {} +
