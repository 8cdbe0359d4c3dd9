# SPDX-License-Identifier: MIT
# Fuzzing: `make fuzz`, `make fuzz-merge`, `make fuzz-replay`, `make coverage`.
#
# Each target of this directory is built with libFuzzer, with AFL++ (`make fuzz ENGINE=afl`),
# by cc with a main that feeds it files (`replay`), and by clang so that it counts (`coverage`).
FUZZ ?= $(filter-out fuzz fake replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
ENGINE ?= libfuzzer
SECONDS ?= 60

FUZZ_CFLAGS = $(UNIT_CFLAGS) -Itests/fuzz -D_FILE_OFFSET_BITS=64
# Counters are in a file from the start (%c), one for all runs of a program (%m), so that a process
# that ends by _exit() or a signal is counted.
PROFILES = $(abspath $(BUILD))/coverage
COUNTING = -fprofile-instr-generate=$(PROFILES)/%m%c.profraw -mllvm -runtime-counter-relocation \
	-fcoverage-mapping -fcoverage-prefix-map=$(CURDIR)=. -Wno-unused-command-line-argument
COVERAGE_CFLAGS = $(filter-out -fsanitize=% -fno-sanitize%,$(FUZZ_CFLAGS)) $(COUNTING)

# The targets that have a fake kernel in place of core/sys, and what the other targets need besides.
FAKED = argv conf dev fstab helper mount mountinfo statmount uring
FUZZ_WITH_argv = $(patsubst %.c,%.o,$(filter applets/%,$(SOURCES)))
FUZZ_WITH_helper = $(patsubst %.c,%.o,$(call applet_sources,fusermount))
FUZZ_WITH_fstab = applets/fmount/bind.o applets/fmount/idmap.o
FUZZ_WITH_passfs = applets/passfs/inodes.o applets/passfs/inode_places.o applets/passfs/journal.o applets/passfs/resume.o applets/passfs/view.o
FUZZ_WITH_wake = applets/fumount/wake_request.o
FUZZ_WITH_view = applets/passfs/view.o
FUZZ_WITH_relay = $(patsubst %,applets/fmount/relay_%.o,request reply calls ids table)
WRAP = -Wl$(,)--wrap=
FUZZ_LD_passfs = $(addprefix $(WRAP),vfs_backing_open vfs_backing_close thread_start)
FUZZ_LD_commfd = $(addprefix $(WRAP),sys_fork sys_socketpair sys_wait sys_executable)
FUZZ_LD_dev = $(addprefix $(WRAP),sys_read sys_writev sys_poll_alive)
FUZZ_LD_uring = $(addprefix $(WRAP),sys_read)

FUZZ_CORE = $(filter-out core/main.c core/install.c,$(CORE))

# flavour NAME, COMPILER, FLAGS, FLAGS TO COMPILE, FLAGS TO LINK, MAIN. The linker takes from the
# archive only what a target calls, so a target's own definitions come first.
define flavour
$(BUILD)/tests/$(1)/obj/%.o: %.c $(wildcard include/*.h core/*/*.h applets/*/*.h tests/fuzz/*.h)
	@mkdir -p $$(@D)
	$(2) $(3) $(4) -c -o $$@ $$<

.PRECIOUS: $(BUILD)/tests/$(1)/obj/%.o
$(BUILD)/tests/$(1)/box.a: $(patsubst %.c,$(BUILD)/tests/$(1)/obj/%.o,$(FUZZ_CORE) tests/fuzz/fuzz.c)
	@rm -f $$@
	ar rcs $$@ $$^

$(BUILD)/tests/$(1)/%: tests/fuzz/%.c $(BUILD)/tests/$(1)/box.a $(SOURCES) \
		$(patsubst %,$(BUILD)/tests/$(1)/obj/%,$(FUZZ_WITH_argv) tests/fuzz/fake.o tests/fuzz/replay.o)
	$(2) $(3) $(5) -o $$@ $$< $$(patsubst %,$(BUILD)/tests/$(1)/obj/%,$$(FUZZ_WITH_$$*) \
		$$(if $$(filter $$*,$(FAKED)),tests/fuzz/fake.o) $(6)) $(PARTS_LD) $(BUILD)/tests/$(1)/box.a $$(FUZZ_LD_$$*)
endef
$(eval $(call flavour,libfuzzer,clang,$(FUZZ_CFLAGS),-fsanitize=fuzzer-no-link,-fsanitize=fuzzer,))
$(eval $(call flavour,afl,AFL_QUIET=1 afl-clang-fast,$(FUZZ_CFLAGS),,-fsanitize=fuzzer,))
$(eval $(call flavour,replay,cc,$(FUZZ_CFLAGS),,,tests/fuzz/replay.o))
$(eval $(call flavour,coverage,clang,$(COVERAGE_CFLAGS),,,tests/fuzz/replay.o))

FUZZERS = $(FUZZ:%=$(BUILD)/tests/$(ENGINE)/%)
REPLAYS = $(FUZZ:%=$(BUILD)/tests/replay/%)
FUZZING = BUILD=$(abspath $(BUILD)) tests/fuzz/run

fuzz:
	tests/deps-fuzz
	@$(MAKE) --no-print-directory fuzz-built

fuzz-built: $(FUZZERS)
	@for target in $(FUZZ); do ENGINE=$(ENGINE) $(FUZZING) $$target $(SECONDS) || exit 1; done

fuzz-merge: $(FUZZ:%=$(BUILD)/tests/libfuzzer/%)
	@for target in $(FUZZ); do ENGINE=libfuzzer $(FUZZING) $$target merge || exit 1; done

fuzz-replay: $(REPLAYS)
	BUILD=$(abspath $(BUILD)) prove tests/cli/corpus.t

# How much of core/ is reached by the corpus, by the unit tests, and by the tests of the whole box.
COVER_UNITS = $(UNITS:$(BUILD)/tests/%=$(BUILD)/tests/coverage/%)
COVER_SCRIPTS = tests/cli/multicall.t $(wildcard tests/compat/*.t tests/mount/*.t tests/serve/*.t tests/setuid/*.t)

$(BUILD)/tests/coverage/unit/%: tests/unit/%.c $(BUILD)/tests/coverage/box.a
	@mkdir -p $(@D)
	clang $(COVERAGE_CFLAGS) -o $@ $< $(PARTS_LD) $(BUILD)/tests/coverage/box.a -lcmocka

counting-box: $(TOOLS)
	$(MAKE) --no-print-directory BUILD=$(BUILD)/counting CC=clang CFLAGS='$(COUNTING)' \
		LDFLAGS=-fprofile-instr-generate all $(BUILD)/counting/tests/escapefs
	cp -r $(BUILD)/tests/tools $(BUILD)/counting/tests/

coverage:
	tests/deps
	tests/deps-fuzz
	@$(MAKE) --no-print-directory coverage-built

coverage-built: counting-box $(FUZZ:%=$(BUILD)/tests/coverage/%) $(COVER_UNITS)
	BUILD=$(abspath $(BUILD)) tests/fuzz/coverage $(COVER_SCRIPTS)

.PHONY: fuzz fuzz-built fuzz-merge fuzz-replay counting-box coverage coverage-built
