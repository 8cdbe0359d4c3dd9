# Fuzzing: `make fuzz`, `make fuzz-merge`, `make fuzz-replay`.
#
# Each target of this directory is built with libFuzzer, with AFL++ (`make fuzz ENGINE=afl`),
# and by cc with a main that feeds it files (`replay`).
FUZZ ?= $(filter-out fuzz fake replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
ENGINE ?= libfuzzer
SECONDS ?= 60

FUZZ_CFLAGS = $(UNIT_CFLAGS) -Itests/fuzz -D_FILE_OFFSET_BITS=64

# Those that have a kernel of their own in place of core/sys/sys.c; what others have besides.
FAKED = argv conf dev fstab helper mount mountinfo statmount uring
FUZZ_WITH_argv = $(APPLETS:%=applets/%.o) $(PARTS:%=applets/%.o)
FUZZ_WITH_helper = applets/fusermount.o
WRAP = -Wl$(,)--wrap=
FUZZ_LD_passfs = $(addprefix $(WRAP),sysfs_backing_open sysfs_backing_close thread_start)
FUZZ_LD_commfd = $(addprefix $(WRAP),sys_fork sys_socketpair sys_wait sys_executable)
FUZZ_LD_dev = $(addprefix $(WRAP),sys_read sys_writev)
FUZZ_LD_uring = $(addprefix $(WRAP),sys_read)

FUZZ_CORE = $(filter-out core/main.c core/install.c,$(CORE))

# flavour NAME, COMPILER, FLAGS, FLAGS TO COMPILE, FLAGS TO LINK, MAIN. Of the archive each
# target takes what it calls, so that what it brings itself comes first.
define flavour
$(BUILD)/tests/$(1)/obj/%.o: %.c $(wildcard include/*.h tests/fuzz/*.h)
	@mkdir -p $$(@D)
	$(2) $(3) $(4) -c -o $$@ $$<

.PRECIOUS: $(BUILD)/tests/$(1)/obj/%.o
$(BUILD)/tests/$(1)/box.a: $(patsubst %.c,$(BUILD)/tests/$(1)/obj/%.o,$(FUZZ_CORE) tests/fuzz/fuzz.c)
	@rm -f $$@
	ar rcs $$@ $$^

$(BUILD)/tests/$(1)/%: tests/fuzz/%.c $(BUILD)/tests/$(1)/box.a $(SOURCES) \
		$(patsubst %,$(BUILD)/tests/$(1)/obj/%,$(FUZZ_WITH_argv) tests/fuzz/fake.o tests/fuzz/replay.o)
	$(2) $(3) $(5) -o $$@ $$< $$(patsubst %,$(BUILD)/tests/$(1)/obj/%,$$(FUZZ_WITH_$$*) \
		$$(if $$(filter $$*,$(FAKED)),tests/fuzz/fake.o) $(6)) $(BUILD)/tests/$(1)/box.a $$(FUZZ_LD_$$*)
endef
$(eval $(call flavour,libfuzzer,clang,$(FUZZ_CFLAGS),-fsanitize=fuzzer-no-link,-fsanitize=fuzzer,))
$(eval $(call flavour,afl,AFL_QUIET=1 afl-clang-fast,$(FUZZ_CFLAGS),,-fsanitize=fuzzer,))
$(eval $(call flavour,replay,cc,$(FUZZ_CFLAGS),,,tests/fuzz/replay.o))

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

.PHONY: fuzz fuzz-built fuzz-merge fuzz-replay
