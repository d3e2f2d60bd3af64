# The one interface to building, testing and installing Berth. `make` alone lists the targets.

VERSION    ?= 0.1.0
FUZZTIME   ?= 30s
# BENCHFLAGS=--help lists what make bench can be told, COMPAREFLAGS=--help what make compare-libvirt can be told. RUN=REGEXP is for test-unit, test-bus, test-nest and test-vm: the tests that it matches only.
RUN        ?=
# COUNT=N is for the same four: each test so often, one after the other, for what is red one time in ten.
COUNT      ?=
# For the storm in test/nest, at whatever strength: STORM=10m its length, SEED=7 its orders again, KINDS='berthd-kill bus-stop' its faults.
STORM      ?=
# MANY=2000: the size of the crowd in TestManyAtOnce, of test/nest.
# CALLS=5000: the calls of each of the 20 clients of TestFlood, of test/nest.
# STARTS=500: the starts of TestPairsOverKills, of test/vm.

# SELINUX=yes: make install loads the SELinux policy into this host; docs/selinux.md.
SELINUX    ?=

# /usr by default: dbus-daemon reads bus policies below /usr/share and /etc only.
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
DOCDIR     ?= $(DATADIR)/doc/berth
UNITDIR    ?= $(PREFIX)/lib/systemd/system
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
BUSPOLICYDIR ?= $(if $(filter /usr,$(PREFIX)),$(DATADIR),$(SYSCONFDIR))/dbus-1/system.d

# Where Go's own installer puts it, for a root without it in PATH.
export PATH := $(PATH):/usr/local/go/bin
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

GO       ?= go
PROGRAMS := berthd berthctl berth-supervisor
SOURCES  := $(shell find . -name .git -prune -o -name bin -prune -o -name build -prune -o \
	\( -name '*.go' ! -name '*_test.go' -o -path './contract/*.xml' \) -print) go.mod go.sum
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.supervisor=$(LIBEXECDIR)/berth/berth-supervisor \
	-X main.shippedNetworks=$(DATADIR)/berth/networks
# Address-space randomisation for the two that talk to users; the supervisor exists once per
# container, and relocations would cost each 0.35 MB of private memory or more.
MODE_berthd           := pie
MODE_berthctl         := pie
MODE_berth-supervisor := exe

# Tools are kept outside of the tree, for every clone.
CACHE    := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/berth
LINT_VERSION := $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" { print $$2 }' tools/go.mod)
LINT     := $(CACHE)/golangci-lint-$(LINT_VERSION)

# value: make must not take the $ of a regular expression for its own.
only      = $(if $(value RUN),-run '$(value RUN)')
# Results of a number that was given are not for the cache. Go adds up the units of a duration, in whatever
# order: three times one of 20 minutes and of the storm's length is 20m10s20m10s20m10s.
times     = $(if $(COUNT),-count=$(COUNT),$(1)) -timeout $(shell for _ in $$(seq $(or $(COUNT),1)); do printf '%s' '$(2)$(STORM)'; done)
# What has tests of a tier, by build tag.
tagged    = $(sort $(dir $(shell grep -rl --include='*_test.go' '^//go:build $(1)$$' .)))
DEB       = build/berth_$(VERSION)_$(shell dpkg --print-architecture).deb
SCRIPTS  := .ci/run mk/go mk/fuzz mk/deb mk/tomorrow packaging/berth-selinux.in test/deps test/rig/nest test/rig/nest-boot test/rig/untouched test/rig/untouched-inside test/rig/clients/build test/rig/vm/build test/rig/vm/vm test/demo/demo test/demo/demo-systemd test/roots/build

.PHONY: help build variants install deb fmt lint check test-unit test-bus test-nest test-vm test-clients test man fuzz bench compare-libvirt demo demo-systemd clean go FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

go:
	@mk/go

build: $(PROGRAMS:%=bin/%) bin/interfaces/.made ## build the three programs into bin/

# For other tools: the introspection XML with its documentation as annotations.
bin/interfaces/.made: contract/introspection/*.xml test/apidoc/*.go test/apidoc/annotate/*.go | go
	mkdir -p bin/interfaces
	CGO_ENABLED=0 $(GO) run ./test/apidoc/annotate bin/interfaces contract/introspection/*.xml
	touch $@

bin/%: $(SOURCES) bin/.flags | go
	CGO_ENABLED=0 $(GO) build -trimpath -buildmode=$(MODE_$*) -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*

# For tests: berthd with points at which it dies or fails, both programs of a version to come, another message bus, and what the docs have.
variants: bin/berthd-faultpoint bin/tomorrow/berthd bin/dbus-broker.deb bin/example bin/libvirt/.made bin/compare

# The program in docs/dbus.md. A directory with such a name is no package of ours.
bin/example: docs/dbus.md go.mod go.sum | go
	mkdir -p bin/_example
	awk '/^```go$$/ { code = 1; next } /^```$$/ { code = 0 } code' docs/dbus.md > bin/_example/main.go
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./bin/_example

# Never installed on the machine: it would be the bus there.
bin/dbus-broker.deb:
	test/deps --fetch dbus-broker $@

# The same holds for libvirt, which a nest gets beside Berth.
bin/libvirt/.made: test/deps
	test/deps --unpack bin/libvirt libvirt-clients libvirt-daemon libvirt-daemon-driver-lxc >&2
	touch $@

bin/compare: $(SOURCES) | go
	CGO_ENABLED=0 $(GO) build -o $@ ./test/compare

bin/berthd-faultpoint: $(SOURCES) | go
	CGO_ENABLED=0 $(GO) build -trimpath -tags faultpoint -ldflags '$(LDFLAGS)' -o $@ ./cmd/berthd

bin/tomorrow/berthd: $(SOURCES) mk/tomorrow | go
	mk/tomorrow bin/tomorrow

# Changes only when the flags do, so that the programs are linked again then.
bin/.flags: FORCE
	@mkdir -p bin
	@echo '$(LDFLAGS)' | cmp -s - $@ || echo '$(LDFLAGS)' > $@

substitute = sed -e 's,@BINDIR@,$(BINDIR),g' -e 's,@SBINDIR@,$(SBINDIR),g' -e 's,@LIBEXECDIR@,$(LIBEXECDIR),g' \
	-e 's,@SYSCONFDIR@,$(SYSCONFDIR),g' -e 's,@DATADIR@,$(DATADIR),g' -e 's,@VERSION@,$(VERSION),g'

install: build ## install below DESTDIR; PREFIX=/usr SYSCONFDIR=/etc unless given; SELINUX=yes loads the policy
	install -D -m 0755 -t '$(DESTDIR)$(SBINDIR)' bin/berthd
	install -D -m 0755 -t '$(DESTDIR)$(BINDIR)' bin/berthctl
	install -D -m 0755 -t '$(DESTDIR)$(LIBEXECDIR)/berth' bin/berth-supervisor
	install -d -m 0755 '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(SYSCONFDIR)/berth/berth.conf.d'
	install -d -m 0700 '$(DESTDIR)$(SYSCONFDIR)'/berth/containers{,/autostart}
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)/berth/networks' packaging/networks/*.xml
	$(substitute) units/files/berthd.service.in > '$(DESTDIR)$(UNITDIR)/berthd.service'
	install -D -m 0644 -t '$(DESTDIR)$(UNITDIR)' units/files/berth-{metrics,libvirt,libvirt-ro}.socket
	$(substitute) units/files/berth@.service.in > '$(DESTDIR)$(UNITDIR)/berth@.service'
	$(substitute) units/files/berth-autostart.service.in > '$(DESTDIR)$(UNITDIR)/berth-autostart.service'
	! grep -E '@[A-Z]+@' '$(DESTDIR)$(UNITDIR)'/berth{d,@,-autostart}.service
	chmod 0644 '$(DESTDIR)$(UNITDIR)'/berth{d,@,-autostart}.service
	install -d '$(DESTDIR)$(UNITDIR)/multi-user.target.wants'
	ln -sf ../berth-autostart.service '$(DESTDIR)$(UNITDIR)/multi-user.target.wants/berth-autostart.service'
	install -D -m 0644 -t '$(DESTDIR)$(SYSCONFDIR)/berth' packaging/berth.conf
	install -D -m 0644 -t '$(DESTDIR)$(BUSPOLICYDIR)' contract/org.berth1.conf
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)/polkit-1/actions' contract/org.berth1.policy
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)/dbus-1/system-services' units/files/org.berth1.service
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)/dbus-1/interfaces' bin/interfaces/*.xml
	install -D -m 0644 units/files/berth.tmpfiles '$(DESTDIR)$(TMPFILESDIR)/berth.conf'
	install -D -m 0644 -t '$(DESTDIR)$(CATALOGDIR)' packaging/berth.catalog
	install -D -m 0644 -t '$(DESTDIR)$(DOCDIR)/examples/polkit' packaging/rules/*.rules
	install -D -m 0644 -t '$(DESTDIR)$(DOCDIR)' $(filter-out docs/threats.md,$(wildcard docs/*.md))
	install -D -m 0644 -t '$(DESTDIR)$(DOCDIR)/examples' examples/*
	for page in man/*.[1-8]; do \
		install -D -m 0644 -t "$(DESTDIR)$(MANDIR)/man$${page##*.}" "$$page"; \
	done
	install -D -m 0644 -t '$(DESTDIR)$(DATADIR)/selinux/packages/berth' selinux/policy/*.cil
	$(substitute) packaging/berth-selinux.in > '$(DESTDIR)$(LIBEXECDIR)/berth/berth-selinux'
	! grep -E '@[A-Z]+@' '$(DESTDIR)$(LIBEXECDIR)/berth/berth-selinux'
	chmod 0755 '$(DESTDIR)$(LIBEXECDIR)/berth/berth-selinux'
	install -d '$(DESTDIR)$(DATADIR)'/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
	bin/berthctl completion bash > '$(DESTDIR)$(DATADIR)/bash-completion/completions/berthctl'
	bin/berthctl completion zsh > '$(DESTDIR)$(DATADIR)/zsh/vendor-completions/_berthctl'
	bin/berthctl completion fish > '$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/berthctl.fish'
	if [ '$(SELINUX)' = yes ] && [ -z '$(DESTDIR)' ]; then '$(LIBEXECDIR)/berth/berth-selinux' load; \
	elif [ -z '$(DESTDIR)' ] && [ -e /sys/fs/selinux/enforce ]; then \
		echo 'SELinux: berthd is not confined until $(LIBEXECDIR)/berth/berth-selinux load was run, as SELINUX=yes does'; \
	fi

deb: build ## make build/berth_VERSION_ARCH.deb
	rm -rf build/deb
	$(MAKE) --no-print-directory install DESTDIR=build/deb PREFIX=/usr SYSCONFDIR=/etc
	gzip -9 -n -r build/deb/usr/share/man
	mk/deb build/deb $(VERSION) $(DEB)
	rm -rf build/deb

# The name has the version: a new clone's go.mod is younger, and no reason to build it again.
$(LINT): | go
	mkdir -p '$(CACHE)'
	cd tools && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o '$@' github.com/golangci/golangci-lint/v2/cmd/golangci-lint

fmt: $(LINT) ## format the Go files
	'$(LINT)' fmt

lint: $(LINT) ## golangci-lint and shellcheck
	test/deps lint
	'$(LINT)' run
	shellcheck -x $(SCRIPTS)

check: $(LINT) | go ## before a commit: format, linters, unit tests, import rules, modules
	test/deps check
	'$(LINT)' fmt --diff
	$(MAKE) --no-print-directory --keep-going lint test-unit
	$(GO) mod verify
	$(GO) mod tidy -diff

test-unit: | go ## the unit tests, with RUN=REGEXP some of them, with COUNT=50 each so often
	CGO_ENABLED=1 $(GO) test -race $(call times,,30m) $(only) ./...

test-bus: | go ## the same on a private message bus
	CGO_ENABLED=1 $(GO) test -race $(call times,,30m) -tags bus $(only) $(call tagged,bus)

# One package after the other: each has a whole host of its own. A result of yesterday's host is
# no result, hence no cache.
test-nest: build variants | go ## the same in throw-away hosts (root); RUN=Storm STORM=10m SEED=7: a long storm
	CGO_ENABLED=0 $(GO) test $(call times,-count=1,30m) -p 1 -tags nest $(only) $(call tagged,nest)

test-vm: build variants | go ## the same in a virtual machine with SELinux enforcing (root)
	test/deps test-vm
	test/rig/vm/build
	CGO_ENABLED=0 $(GO) test $(call times,-count=1,30m) -p 1 -tags vm $(only) $(call tagged,vm)

test-clients: build | go ## the same with libvirt's clients, Debian's packages as they are (root)
	test/deps test-clients
	test/rig/clients/build
	CGO_ENABLED=0 $(GO) test $(call times,-count=1,30m) -p 1 -tags clients $(only) $(call tagged,clients)

# Of the tiers with hosts of their own, two at the same time: a processor is enough for each, and none measures time.
test: ## set up, build, and run all tests: unit, bus, nest, vm, clients (root, Debian 12)
	mk/go
	test/deps test test-vm test-clients
	$(MAKE) --no-print-directory build
	test/rig/untouched $(MAKE) --no-print-directory test-unit test-bus
	test/rig/untouched $(MAKE) --no-print-directory -j2 test-nest test-vm test-clients

man: | go ## make man/org.berth1.5 of the introspection XML and its template
	$(GO) test -count=1 ./man -run TestInterfacePageIsMade -update

fuzz: | go ## each fuzz target for FUZZTIME=30s
	mk/fuzz $(FUZZTIME)

demo: ## set up, and show a container's life in a throw-away host (root, Debian 12)
	@mk/go
	@test/deps demo
	@$(MAKE) --no-print-directory --silent deb
	@test/rig/untouched test/demo/demo $(DEB)

demo-systemd: ## boot Debian's systemd in a container, with and without a user namespace
	@mk/go
	@test/deps demo demo-systemd
	@$(MAKE) --no-print-directory --silent deb
	@test/rig/untouched test/demo/demo-systemd $(DEB)

bench: build | go ## compare start, stop and exec with other container managers (root, Debian 12)
	test/deps bench
	$(GO) build -o bin/bench ./test/bench
	exec bin/bench $(BENCHFLAGS)

compare-libvirt: build bin/libvirt/.made bin/compare ## define and convert each test document in Debian's libvirt and in Berth (root, Debian 12)
	test/deps compare
	exec bin/compare $(COMPAREFLAGS)

clean: ## remove what was built in the tree
	rm -rf bin build
