# SPDX-License-Identifier: MIT
# fusebox: `make` builds build/fusebox, `make run` serves ./mnt, `make test` proves it.
CONFIG ?= default
VERSION = 0.2.0-dev
BUILD ?= build$(if $(filter-out default,$(CONFIG)),/$(CONFIG))
PREFIX ?= /usr
STATIC = -static
, := ,
STRIP = strip
MUSL ?= $(shell command -v musl-gcc 2>/dev/null)

include configs/$(CONFIG).mk

# Use musl if it is available: musl-gcc, or cc on a system whose libc is musl.
ifeq ($(origin CC),default)
CC := $(if $(filter-out no,$(MUSL)),musl-gcc,cc)
endif
LIBC := $(if $(filter musl-gcc,$(CC)),musl,$(if $(findstring musl,$(shell $(CC) -dumpmachine)),musl,glibc))

# Optimise for size (-Oz: clang, and gcc since 12). A jump table is larger than the
# comparisons that it replaces; tables aligned to 32 bytes pad the file; and gcc's other passes left out here save
# a jump or a load for some instructions more.
accepted = $(shell $(CC) -Werror $(1) -c -x c -o /dev/null /dev/null >/dev/null 2>&1 && echo $(1))
SMALL := $(or $(call accepted,-Oz),-Os) -fno-jump-tables $(foreach flag,-malign-data=abi -fno-shrink-wrap -fno-caller-saves \
	-fno-tree-dominator-opts -fno-move-loop-invariants -fno-tree-loop-im -fno-ipa-sra,$(call accepted,$(flag)))
# What these passes save is time: they are for what serves requests.
COLD := $(if $(findstring $(firstword $(SMALL)),$(CONFIG_CFLAGS)),$(foreach flag,-fno-expensive-optimizations \
	-fno-optimize-sibling-calls -fno-if-conversion -fno-forward-propagate -fno-tree-tail-merge,$(call accepted,$(flag))))

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion
ALL_CFLAGS = -std=gnu11 -pthread $(WARNINGS) -Iinclude -Icore -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	$(if $(STATIC),-fno-pie -fno-stack-protector) \
	-ffile-prefix-map=$(CURDIR)=. $(CONFIG_CFLAGS) $(CFLAGS)
# Let the data segment share a page of the file with the segment before it: no padding.
ALL_LDFLAGS = $(STATIC) -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noseparate-code \
	$(if $(STATIC),-Wl$(,)-z$(,)norelro -Wl$(,)-z$(,)common-page-size=16 -Wl$(,)-T$(,)configs/serving.ld) \
	$(CONFIG_LDFLAGS) $(LDFLAGS)

# musl alone starts a program; what gcc adds to it is for C++ and for shared objects.
ifeq ($(CC),musl-gcc)
MUSL_LIB := $(patsubst %/crti.o,%,$(shell $(CC) -\#\#\# -x c /dev/null 2>&1 | grep -o "[^ ]*/crti\.o"))
START = $(if $(STATIC),-nostartfiles $(addprefix $(MUSL_LIB)/,crt1.o crti.o))
END = $(if $(STATIC),$(MUSL_LIB)/crtn.o)
endif

# Where the set-uid binary starts by itself; see below.
LEAN := $(if $(STATIC),$(if $(filter musl-gcc,$(CC)),$(if $(findstring $(firstword $(SMALL)),$(CONFIG_CFLAGS)),\
	$(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),$(BUILD)/pie/core/single_start.o $(BUILD)/pie/core/single_libc.o))))

# Flags for the set-uid binary. Without vector registers, functions like printf need not save them.
PIE_CFLAGS = $(filter-out -fno-pie -fno-stack-protector -fno-tree-dominator-opts,$(ALL_CFLAGS)) -fPIE -DFUSEBOX_SETUID \
	$(PROTECTED) $(if $(LEAN),-mgeneral-regs-only -fno-tree-forwprop) $(if $(findstring clang,$(CC)),,-flto)
PROTECTED := $(call accepted,-fstack-protector-strong)

CORE = $(sort $(filter-out core/single%.c $(WITHOUT:%=%.c),$(wildcard core/*.c core/*/*.c)) \
	$(if $(strip $(WITHOUT)),configs/left_out.c) $(CONFIG_SOURCES))
# An applet is a file or a directory with its name. A configuration can leave parts out.
applet_sources = $(filter-out $(WITHOUT:%=applets/%.c),$(wildcard applets/$(1).c applets/$(1)/*.c))
SOURCES = $(CORE) $(foreach applet,$(APPLETS),$(call applet_sources,$(applet)))
OBJECTS = $(SOURCES:%.c=$(BUILD)/obj/%.o)

# Optimise across files what a small static program does not serve with: the linker places the rest by the
# names of its objects, which the optimiser would lose. tests/house reads the symbols of all objects.
PLACED := $(patsubst %,$(BUILD)/obj/%,$(subst *,%,$(shell grep -o "[a-z][a-z/_*]*\.o" configs/serving.ld)))
WHOLE := $(if $(STATIC),$(if $(findstring $(firstword $(SMALL)),$(CONFIG_CFLAGS)),$(if $(call accepted,-flto=2),-flto)))
HOT = $(PLACED) $(BUILD)/obj/applets/passfs/% $(BUILD)/obj/core/sys/vfs.o $(BUILD)/obj/core/sys/priv_act.o
WHOLE_LINK = $(WHOLE:-flto=-flto=2 -flto-partition=one -Wno-maybe-uninitialized)

# The only binary that may be set-uid root is separate from the box.
SETUID = $(if $(filter fusermount,$(APPLETS)),$(BUILD)/fusermount3)

# The names of the applets, with where they are installed; a foreign box could not be asked.
NAMES = $(shell sed -n 's|^APPLET[A-Z_]*.[a-z0-9_]*, "\([^"]*\)", "\([^"]*\)".*|\2/\1|p' $(SOURCES))

# mount(8) of BusyBox calls the helper of fuse.passfs by its whole type.
LINKS = $(NAMES) $(patsubst sbin/mount.%,sbin/mount.fuse.%,$(filter-out sbin/mount.fuse%,$(filter sbin/mount.%,$(NAMES))))

# V=1 shows whole commands, -s nothing.
Q = $(if $(V),,@)
SILENT = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(SILENT),,@echo '  $(1) $(2)')

all: $(BUILD)/fusebox links $(SETUID)
	$(if $(SILENT),,@$(call built,$(BUILD)/fusebox,$(if $(STATIC),static,dynamic)))
	$(if $(SILENT),,$(if $(SETUID),@$(call built,$(SETUID),$(if $(STATIC),static-pie,dynamic))))
	$(if $(SILENT),,@echo '$(BUILD)/bin/: $(words $(NAMES)) names of the box')
built = echo "$(1): $$(wc -c <$(1)) bytes, $(2) $(LIBC)"

help:
	@echo 'make                 build $(BUILD)/fusebox, $(BUILD)/fusermount3, and links in $(BUILD)/bin'
	@echo 'make run             serve ./mnt with hellofs; make umount ends it'
	@echo 'make test            the tests, for people: minutes; test-slow, test-long, test-busy, test-sanitized: more'
	@echo 'make lint            static checks'
	@echo 'make bench           speed, beside libfuse and others'
	@echo 'make figures         record the figures of the chart of README on this machine'
	@echo 'make size            bytes of each symbol, and the change since the last commit'
	@echo 'make fuzz            SECONDS=60 of each fuzz target; coverage'
	@echo 'make install         into DESTDIR and PREFIX; install-setuid: fusermount3 alone'
	@echo 'make pictures        draw the pictures and screens of README anew'
	@echo 'make cross, dist     for other machines, by the compilers of Debian'
	@echo 'make clean           remove $(BUILD)'
	@echo 'V=1 shows commands; CONFIG=tiny|debug|dynamic: configs/; CC=aarch64-linux-gnu-gcc STRIP=... for a foreign machine'

# Rebuild everything if the compiler, the flags or the applets change.
STAMP = $(BUILD)/obj/.made-with
MADE_WITH = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(APPLETS) $(WITHOUT) $(PIE_CFLAGS) $(WHOLE) $(COLD)
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(shell printf %s '$(MADE_WITH)'))
.PHONY: $(STAMP)
endif
$(STAMP):
	@mkdir -p $(@D)
	@printf %s '$(MADE_WITH)' >$@

$(BUILD)/obj/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(filter $(PLACED),$@),,$(WHOLE)) $(if $(filter $(HOT),$@),,$(COLD)) -MMD -MP -c -o $@ $<

STRIPPED = $(Q)if $(STRIP) -R .comment -o $@ $@.full 2>/dev/null; then configs/headerless $@ 2>/dev/null || :; \
	else cp $@.full $@; fi

$(BUILD)/fusebox: $(OBJECTS) configs/serving.ld configs/headerless
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WHOLE_LINK) -o $@.full $(START) $(OBJECTS) $(END)
	$(STRIPPED)

# The set-uid binary: one applet, position-independent, with relocations read-only
# after startup and no page both writable and executable. Debian's musl-gcc silently
# ignores -static-pie, so link by hand there.
SINGLE = $(patsubst %.c,$(BUILD)/pie/%.o,core/single.c $(call applet_sources,fusermount) \
	$(filter-out core/cli/rare_errors.c core/cli/near.c,$(filter core/cli/% core/mount/% core/sys/%,$(CORE))) $(filter configs/%,$(CORE)))
PIE_LDFLAGS = $(if $(STATIC),-static-pie) -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code \
	-Wl,--gc-sections,--build-id=none,--hash-style=sysv,--sort-section=alignment $(if $(STATIC),,$(CONFIG_LDFLAGS)) $(LDFLAGS)
ifeq ($(CC),musl-gcc)
PIE_LDFLAGS += -nostdlib -nostartfiles -Wl,--no-dynamic-linker
PIE_START = $(addprefix $(MUSL_LIB)/,rcrt1.o crti.o)
PIE_END = -Wl,--start-group $(MUSL_LIB)/libc.a -lgcc -Wl,--end-group $(MUSL_LIB)/crtn.o
endif

# On x86-64 with musl it needs no relocation at all (configs/setuid.ld), and has its own start code. If the
# linker finds a relocation all the same, the helper is linked as on other machines.
RELRO = $(if $(STATIC),$(if $(filter musl,$(LIBC)),$(BUILD)/pie/core/single_relro.o))
LEAN_CFLAGS = -fno-lto -fno-builtin -fno-stack-protector -fno-tree-loop-distribute-patterns
link_plain = $(CC) $(PIE_CFLAGS) $(PIE_LDFLAGS) -o $@.full $(PIE_START) $(RELRO) $(SINGLE) $(PIE_END)
link_lean = $(CC) $(PIE_CFLAGS) $(PIE_LDFLAGS) -Wl,-T,configs/setuid.ld -o $@.full $(LEAN) $(SINGLE) $(MUSL_LIB)/libc.a -lgcc

$(BUILD)/pie/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$< (set-uid))
	$(Q)$(CC) $(PIE_CFLAGS) $(COLD) $(if $(filter $@,$(LEAN)),$(LEAN_CFLAGS)) -MMD -MP -c -o $@ $<

$(BUILD)/fusermount3: $(LEAN) $(RELRO) $(SINGLE) configs/headerless configs/setuid.ld
	$(call say,LD,$@)
	$(Q)$(if $(LEAN),$(link_lean) 2>/dev/null || { echo '$@: configs/setuid.ld does not fit; linked as for other machines' >&2; $(link_plain); },$(link_plain))
	$(STRIPPED)

links: $(BUILD)/fusebox
	@mkdir -p $(BUILD)/bin
	@for name in $(notdir $(LINKS)); do ln -sf $(abspath $(BUILD))/fusebox $(BUILD)/bin/$$name; done

run: all
	@mkdir -p mnt
	$(BUILD)/bin/hellofs ./mnt

# Unmount ./mnt after `make run`, even after kill -9 and if the mount is busy.
umount: all
	@if grep -q " $(CURDIR)/mnt .* - fuse" /proc/self/mountinfo; then \
		$(BUILD)/bin/fumount ./mnt || $(BUILD)/bin/fumount -l ./mnt; fi

# Generate completions for bash, zsh and fish from --help.
completion: $(BUILD)/fusebox
	@if $(BUILD)/fusebox --list >/dev/null 2>&1; then \
		configs/completion/generate $(BUILD)/fusebox $(BUILD)/completion; \
	else mkdir -p $(BUILD)/completion; echo 'no completion: $(BUILD)/fusebox does not run here'; fi

# Installs no fusermount3 and fusermount, which are useful to other users than root only
# set-uid: see install-setuid.
install: all install-papers install-hooks
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/fusebox $(DESTDIR)$(PREFIX)/bin/fusebox
	install -d $(DESTDIR)$(PREFIX)/sbin
	for a in $(LINKS); do case $$a in \
		*/fusermount*) ;; \
		usr/bin/*) ln -sf fusebox $(DESTDIR)$(PREFIX)/bin/$${a##*/} ;; \
		*) ln -sf ../bin/fusebox $(DESTDIR)$(PREFIX)/sbin/$${a##*/} ;; \
	esac; done

# Install a manual page under each of its names that is an applet of the box.
SHARE = $(DESTDIR)$(PREFIX)/share
names_of = $$(sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' $(1))
install-papers: completion
	install -d $(SHARE)/man/man7 $(SHARE)/man/man8 $(SHARE)/bash-completion/completions \
		$(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	names=" fusebox $(notdir $(NAMES)) "; \
	for page in core/fusebox.8 applets/*.8 applets/*/*.8; do for name in $(call names_of,$$page); do \
		case $$names in *" $$name "*) install -m 644 $$page $(SHARE)/man/man8/$$name.8 ;; esac; \
	done; done
	for name in $(filter mount.fuse.%,$(notdir $(LINKS))); do \
		ln -sf mount.$${name#mount.fuse.}.8 $(SHARE)/man/man8/$$name.8; done
	$(if $(filter fumount,$(APPLETS)),install -m 644 core/fuse-recovery.7 $(SHARE)/man/man7/fuse-recovery.7)
	[ ! -e $(BUILD)/completion/_fusebox ] || { \
	install -m 644 $(BUILD)/completion/fusebox.bash $(SHARE)/bash-completion/completions/fusebox && \
	install -m 644 $(BUILD)/completion/_fusebox $(SHARE)/zsh/site-functions/_fusebox && \
	install -m 644 $(BUILD)/completion/fusebox.fish $(SHARE)/fish/vendor_completions.d/fusebox.fish && \
	for a in $(notdir $(NAMES)); do \
		ln -sf fusebox $(SHARE)/bash-completion/completions/$$a; \
		ln -sf fusebox.fish $(SHARE)/fish/vendor_completions.d/$$a.fish; \
	done; }

# Install what users read, and what administrators enable: documents, systemd's units, and the hooks of
# configs/initramfs, each of which says at its top where it belongs.
HOOKS = $(SHARE)/fusebox
UNITS_DIR = $(DESTDIR)$(PREFIX)/lib/systemd/system
install-hooks:
	install -d $(SHARE)/doc/fusebox $(UNITS_DIR) $(HOOKS)
	install -m 644 README.md LICENSE .github/CHANGELOG.md applets/WRITING.md applets/THREATS.md $(SHARE)/doc/fusebox
	install -m 644 configs/initramfs/*.service $(wildcard configs/systemd/*.service) $(UNITS_DIR)
	install -m 644 configs/initramfs/fuse-root $(HOOKS)
	install -m 755 configs/initramfs/shutdown $(HOOKS)
	for kind in initramfs-tools dracut mkinitcpio cpio; do \
		install -d $(HOOKS)/$$kind && cp configs/initramfs/$$kind/* $(HOOKS)/$$kind/ || exit; done

# Install the only file that is set-uid root; fusermount is a link to it.
install-setuid: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 4755 $(BUILD)/fusermount3 $(DESTDIR)$(PREFIX)/bin/fusermount3
	ln -sf fusermount3 $(DESTDIR)$(PREFIX)/bin/fusermount
	install -d $(SHARE)/man/man1
	for name in $(call names_of,applets/fusermount/fusermount.1); do \
		install -m 644 applets/fusermount/fusermount.1 $(SHARE)/man/man1/$$name.1; done

# Build for other machines with Debian's cross compilers (configs/cross/machines), and put
# release files for each into $(BUILD)/dist.
cross:
	+@BUILD=$(abspath $(BUILD)) configs/cross/build
dist: cross
	@BUILD=$(abspath $(BUILD)) VERSION=$(VERSION) configs/cross/dist

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(SINGLE:.o=.d) $(LEAN:.o=.d) $(RELRO:.o=.d)
-include tests/tests.mk
.PHONY: all help links run umount completion install install-papers install-hooks install-setuid cross dist clean
