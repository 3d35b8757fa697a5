# make demo   the main job on real parts, in a minute      make lint   ruff and mypy
# make test   everything                                   make dev    .venv/bin/rsyncgate
# make deb    build/rsyncgate_VERSION_all.deb              make install PREFIX=/usr/local DESTDIR=
# make zipapp build/zipapp/rsyncgate, the gate in a file   make test-deb   the e2e tests against the deb
# make screens  the README's pictures                      make compare  the attacks on other gates, as a table
# make bench    how long each gate takes, as ratios
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Where make install puts things. The interpreter stands in line 1 of the gate.
PREFIX ?= /usr/local
DESTDIR ?=
INTERPRETER ?= /usr/bin/python3
SYSTEMD ?= $(PREFIX)/lib
bin := $(DESTDIR)$(PREFIX)/bin
lib := $(DESTDIR)$(PREFIX)/lib/python3/dist-packages
share := $(DESTDIR)$(PREFIX)/share
etc := $(DESTDIR)/etc

.PHONY: demo screens test lint dev install deb zipapp test-deb compare bench bench-journal clean
.DELETE_ON_ERROR:

demo: dev
	@tests/demo/demo.sh

test: dev
	@.ci/machine test
	@$(BIN)/python -m pytest

# The README's pictures, drawn anew from commands that run in a copy of this machine.
screens: dev
	@.ci/machine test
	@$(BIN)/python tests/demo/screens.py tests/demo/screens

lint: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dev: $(VENV)/.ready

# The launcher gets its interpreter in line 1, unless that is a path with a blank or the like, and
# finds the package as it stands in src/.
$(VENV)/.ready: pyproject.toml deploy/bin/rsyncgate Makefile .ci/machine
	@.ci/machine
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@ln -sfn "$$PWD/src/rsyncgate" "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/rsyncgate"
	@cp deploy/bin/rsyncgate $(BIN)/rsyncgate
	@case "$$PWD" in *[!A-Za-z0-9/._+-]*) ;; \
	*) sed -i "1s|.*|#!$$PWD/$(BIN)/python3 -ISXutf8|" $(BIN)/rsyncgate ;; esac
	@$(BIN)/python -m compileall -q src
	@touch $@

# How fast a journal of 5 million records is learned and replayed; wants 4 GB in $TMPDIR.
bench-journal: dev
	@tests/bench/learn.sh 5000000

# Settings that are there already stay as they are.
install:
	@install -d $(bin) $(lib) $(share)/man/man5 $(share)/man/man8 $(etc)/rsyncgate/clients
	@sed '1s|.*|#!$(INTERPRETER) -ISXutf8|' deploy/bin/rsyncgate >$(bin)/rsyncgate
	@chmod 755 $(bin)/rsyncgate
	@rm -rf $(lib)/rsyncgate
	@cd src && find rsyncgate -type f ! -name '*.pyc' -exec install -D -m 644 {} $(lib)/{} \;
	@$(if $(DESTDIR),,$(INTERPRETER) -m compileall -q $(lib)/rsyncgate)
	@$(if $(DESTDIR),,$(INTERPRETER) -ISBXno_debug_ranges $(lib)/rsyncgate/bundle.py)
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

# The gate's half in one file, as source and as bytecode for this very interpreter. Others take the
# source.
zipapp:
	@rm -rf build/zipapp && mkdir -p build/zipapp/tree
	@cp -R src/rsyncgate build/zipapp/tree && rm -rf build/zipapp/tree/rsyncgate/admin
	@find build/zipapp -name __pycache__ -prune -exec rm -rf {} +
	@printf 'import sys\n\nfrom rsyncgate.__main__ import run\n\nrun(sys.argv[1:])\n' \
	    >build/zipapp/tree/__main__.py
	@$(INTERPRETER) -m compileall -qb --invalidation-mode unchecked-hash -s build/zipapp/tree build/zipapp/tree
	@find build/zipapp/tree -exec touch -d @$$(dpkg-parsechangelog -l deploy/debian/changelog -S Timestamp) {} +
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
	@tests/install/throwaway sh -ec '.ci/machine compare >/dev/null; $(PYTHON) -m venv /opt/lshell; \
	    /opt/lshell/bin/pip install -qq --disable-pip-version-check limited-shell==0.11.1; \
	    export LSHELL=/opt/lshell/bin/lshell PYTHONPATH=tests; exec $(BIN)/python -m attack.compare'

# How long each gate takes, in the same kind of copy; wants 10 GB of memory and an idle machine.
bench: dev
	@tests/install/throwaway sh -ec '.ci/machine compare >/dev/null; export PYTHONPATH=tests; \
	    $(BIN)/python -m bench.pulls; $(BIN)/python -m bench.sessions 40'

clean:
	@rm -rf $(VENV) build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -prune -exec rm -rf {} +
