# A few words over meson. `make help` lists them.
B ?=
F ?=
H ?=
N ?= 500
T ?=
PREFIX ?= /usr/local

.PHONY: all help demo test bench fuzz soak race deep browser lint docs lambda install clean

all: build/build.ninja  ## build build/letterlock and build/letterlock-inspector
	@ninja --quiet -C build

build/build.ninja:
	@tools/install-packages build
	@meson setup build --prefix=$(PREFIX) >build-setup.log 2>&1 || { cat build-setup.log; rm -rf build; exit 1; }
	@rm -f build-setup.log

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

demo: all  ## send to three people and open what they got
	@tools/install-packages demo
	@tools/demo

test:  ## all tests; T=folder/name[/pattern] for some
	@test/run $(T)

bench: all  ## measure against other programs; B=name for one
	@test/bench/run $(B)

fuzz:  ## fuzz the parsers; F=name for one, T=seconds each
	@test/fuzz/run "$(F)" $(or $(T),60)

soak: all  ## kill -9 in mid-work, N times, and look for what was lost
	@test/soak $(N)

race:  ## a run of threads under the thread sanitizer; N people
	@test/race $(N)

deep:  ## the large rows of the stories: gigabytes, minutes
	@DEEP=1 LETTERLOCK_DEEP=1 test/run story/interop story/interop_keys story/seal_zip

browser: all  ## what the cleaner of HTML lets through, in Chromium
	@tools/install-packages browser
	@test/browser/clean_html

lint:  ## clang-format, clang-tidy, cppcheck and the house's own rules
	@tools/install-packages build test
	@tools/lint

docs: all  ## manual pages into doc/man, completion into doc/completion
	@mkdir -p doc/man doc/completion
	@build/letterlock help --man doc/man
	@build/letterlock completion bash >doc/completion/letterlock.bash
	@build/letterlock completion zsh >doc/completion/_letterlock

lambda: all  ## build/lambda.zip, for AWS Lambda; H=DIR puts that house into it
	@tools/install-packages lambda
	@tools/lambda-package build build/lambda.zip $(H)

install: all docs  ## below PREFIX, /usr/local unless told; DESTDIR is honoured
	@meson configure build --prefix=$(PREFIX) >/dev/null
	@DESTDIR="$(DESTDIR)" meson install -C build --no-rebuild --quiet
	@install -d "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man5"
	@install -m 644 doc/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
	@install -m 644 doc/man/*.5 "$(DESTDIR)$(PREFIX)/share/man/man5"
	@sed 's|/usr/local/bin|$(PREFIX)/bin|' packaging/letterlock.service | \
		install -D -m 644 /dev/stdin "$(DESTDIR)$(PREFIX)/lib/systemd/system/letterlock.service"
	@install -D -m 644 doc/completion/letterlock.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/letterlock"
	@install -D -m 644 doc/completion/_letterlock "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_letterlock"

clean:  ## remove what was built
	@rm -rf build build-* doc/man doc/completion
