# SPDX-License-Identifier: MIT
# The tests: `make test`, `make test-slow`, `make test-long`, `make lint`, `make size`; and tests/fuzz/fuzz.mk.
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))
TOOLS = $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(wildcard tests/tools/*.c))
# What takes longer than people wait, or more than its share of the processors: `make test-slow`.
SLOW = tests/cli/build.t tests/setuid/attacks.t tests/hostile/passfs-users.t tests/hostile/tools-binds.t \
	tests/boot/initramfs.t tests/mount/touch.t tests/mount/wake.t tests/mount/floor.t tests/mount/trace.t tests/mount/beneath.t \
	tests/compat/abi.t tests/serve/writing.t tests/hostile/tools-paths.t tests/hostile/tools-wake.t tests/hostile/tools-trap.t \
	tests/compat/fusermount.t tests/setuid/limits.t tests/hostile/tools-fetch.t tests/serve/request-timeout.t \
	tests/mount/wake-servers.t tests/mount/wake-untold.t tests/hostile/tools-wake-server.t \
	tests/setuid/others.t tests/mount/info.t
ALL_SCRIPTS = $(wildcard tests/cli/*.t tests/compat/*.t tests/mount/*.t tests/serve/*.t tests/boot/*.t tests/setuid/*.t tests/hostile/*.t)
SCRIPTS = $(filter-out $(SLOW),$(ALL_SCRIPTS))

# One at a time, after the others: a process that tools-trap.t makes keeps every reader of /proc waiting; a helper
# that others.t holds up, the unmount of whatever mount gets its number; wake.t measures how soon hundreds of
# processes go on; and info.t wants the next mount of the machine to be given the number of a connection that has
# gone. What changes a switch of the whole machine holds a lock instead (machine in tests/lib.sh), which keeps a
# second `make test` out as well.
SLOW_ALONE = tests/hostile/tools-trap.t tests/setuid/others.t tests/mount/wake.t tests/mount/info.t

# The longest first, so that no processor is without work at the end.
LONGEST = tests/serve/replace.t tests/serve/passopts.t tests/serve/passfs.t tests/serve/descriptors.t tests/mount/unmount.t \
	tests/mount/table.t tests/compat/mount_fuse.t tests/hostile/passfs-starve.t tests/hostile/cage-server.t tests/hostile/tools-signal.t \
	tests/serve/holes.t tests/mount/all.t tests/cli/readme.t
ORDERED = $(filter $(SCRIPTS),$(LONGEST)) $(filter-out $(LONGEST),$(SCRIPTS))

# Unit tests are built with the host's libc and sanitizers, from the objects that replay the
# fuzzers' corpus.
UNIT_CFLAGS = -std=gnu11 -pthread $(WARNINGS) -Iinclude -Icore -Iapplets '-DVERSION="0"' -g -O1 \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_WITH = $(addprefix $(BUILD)/tests/replay/,obj/applets/passfs/inodes.o obj/applets/passfs/inode_places.o obj/applets/passfs/view.o box.a)

# What a small build may leave out is called by weak symbols, for which the linker takes nothing from an archive.
PARTS_LD = $(addprefix -Wl$(,)-u$(,),holders_any report_json)

$(BUILD)/tests/unit/%: tests/unit/%.c tests/unit/feed.h tests/unit/place.h $(UNIT_WITH)
	@mkdir -p $(@D)
	cc $(UNIT_CFLAGS) -o $@ $< $(PARTS_LD) $(UNIT_WITH) -lcmocka

$(BUILD)/tests/tools/faults: $(wildcard tests/faults/*.h)
$(BUILD)/tests/tools/model: $(wildcard tests/model/*.h)
$(addprefix $(BUILD)/tests/tools/,poll_trap proc_trap): tests/tools/trap.h
$(BUILD)/tests/tools/posix: tests/tools/posix_calls.h
$(BUILD)/tests/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	cc -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O2 -o $@ $<

# The box with one more applet: a server that tries to break out.
$(BUILD)/tests/escapefs: tests/serve/escapefs.c $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WHOLE_LINK) -o $@ $< $(OBJECTS)

# The box with another main: it lists the applets' option tables.
$(BUILD)/tests/options: tests/cli/options.c $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WHOLE_LINK) -o $@ $< $(filter-out %/core/main.o,$(OBJECTS))

-include tests/fuzz/fuzz.mk

# With the tools at hand now: musl may only just have been installed.
test:
	@tests/deps
	@$(MAKE) --no-print-directory -sj$$(nproc) test-tools
	@$(MAKE) --no-print-directory test-built

test-tools: all $(UNITS) $(TOOLS) $(BUILD)/tests/boot/probe $(BUILD)/tests/escapefs $(BUILD)/tests/options $(REPLAYS)

test-built: test-tools
	@CMOCKA_MESSAGE_OUTPUT=TAP BUILD=$(abspath $(BUILD)) tests/harness $(ORDERED) $(UNITS)

test-slow:
	@tests/deps
	@$(MAKE) --no-print-directory -sj$$(nproc) test-tools
	@BUILD=$(abspath $(BUILD)) tests/harness --alone '$(SLOW_ALONE)' $(SLOW)

# The same on a machine that is busy, and on which FUSE mounts of others hang, or are dead; and
# twice at once.
test-busy: test-tools
	BUILD=$(abspath $(BUILD)) tests/busy $(MAKE) --no-print-directory test-built
	@rm -rf $(BUILD)/twice && mkdir $(BUILD)/twice && git ls-files -z | xargs -0 tar -cf - | tar -xf - -C $(BUILD)/twice
	@$(MAKE) --no-print-directory -s -C $(BUILD)/twice BUILD=$(abspath $(BUILD))/twice/build test-tools >/dev/null
	$(MAKE) --no-print-directory -C $(BUILD)/twice BUILD=$(abspath $(BUILD))/twice/build test-built >$(BUILD)/twice/log 2>&1 & \
		$(MAKE) --no-print-directory test-built; status=$$?; wait $$! || { cat $(BUILD)/twice/log; exit 1; }; exit $$status

# Real work, random calls against a model, servers killed at work: a quarter of an hour; and
# other kernels and machines in QEMU, which takes as long again, and fetches them.
LONG = $(wildcard tests/long/*.t)

test-long:
	tests/deps
	LONG='$(LONG)' tests/deps-long
	@$(MAKE) --no-print-directory test-long-built

# Builds of their own, for those that are meant.
LONG_BUILDS = $(if $(filter %/faults.t %/faults-sample.t,$(LONG)),faults) $(if $(filter %/races.t %/memcheck.t,$(LONG)),watched)

test-long-built: all $(TOOLS) $(BUILD)/tests/boot/probe $(LONG_BUILDS)
	@BUILD=$(abspath $(BUILD)) tests/harness --jobs 1 $(LONG)

# All of it once more, with sanitizers; the fuzzers' corpus has them already. What runs in a
# chroot or counts bytes takes the plain one (STATIC_BOX): the other needs libraries and /proc.
# LeakSanitizer cannot work in what strace follows; there is no malloc to leak from. Nor does the
# runtime stand the limits of tests/setuid/attacks.t, or a filter of system calls.
SANITIZED = $(filter-out tests/boot/% tests/setuid/% tests/hostile/% tests/cli/build.t tests/cli/corpus.t tests/serve/cage.t,$(ALL_SCRIPTS))
test-sanitized: all $(TOOLS) $(BUILD)/tests/boot/probe
	@$(MAKE) --no-print-directory -s CONFIG=debug BUILD=$(BUILD)/debug all $(TOOLS:$(BUILD)/%=$(BUILD)/debug/%) \
		$(BUILD)/debug/tests/escapefs $(BUILD)/debug/tests/options $(BUILD)/debug/tests/boot/probe
	@STATIC_BOX=$(abspath $(BUILD))/fusebox ASAN_OPTIONS=detect_leaks=0 BUILD=$(abspath $(BUILD))/debug \
		tests/harness --jobs 1 $(SANITIZED)

# For tests/long: builds that find races, and that valgrind can look into.
watched:
	@for config in threads dynamic; do \
		$(MAKE) --no-print-directory -s CONFIG=$$config BUILD=$(BUILD)/$$config all || exit; done

# The build whose system calls fail when a test says so.
faults:
	@$(MAKE) --no-print-directory -s CONFIG=faults BUILD=$(BUILD)/faults all

lint: all
	tests/deps
	BUILD=$(abspath $(BUILD)) tests/lint

# Medians and ratios; peers and ours in turn.
bench:
	tests/deps-bench
	@$(MAKE) --no-print-directory bench-built

bench-built: all $(TOOLS)
	@missed=0; for bench in run scale growth emulated pass instructions newest; do \
		BUILD=$(abspath $(BUILD)) tests/bench/$$bench || missed=1; done; exit $$missed

# Measure the speed that README tells of, and write it there and into tests/bench/figures: on a machine that does
# nothing else.
figures: all $(TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/record

# Draw the pictures of README, and write its screens, from what the box prints now. What differs in
# numbers alone stays as it is.
pictures: all $(TOOLS)
	BUILD=$(abspath $(BUILD)) tests/screens/draw

# Every symbol's bytes by module, and the change since the last commit.
size: all
	tests/size $(BUILD)

# For the machines that are booted: nothing but itself.
$(BUILD)/tests/boot/%: tests/boot/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARNINGS) -D_FILE_OFFSET_BITS=64 -O2 -static -o $@ $<

.PHONY: faults watched test-busy test-sanitized test test-slow test-tools test-built test-long test-long-built lint size bench bench-built figures
