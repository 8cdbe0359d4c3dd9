# SPDX-License-Identifier: MIT
# Only mounting and unmounting: fmount runs a server, fumount unmounts, with -l as well.
APPLETS ?= fmount fumount
CONFIG_CFLAGS = $(SMALL)

# What to leave out: a part of an applet, APPLET/PART for applets/APPLET/PART.c, or a file of core/; % stands for
# any rest of a name. What is left out takes its options along: "--wait: this build has no such option".
define PARTS
fmount/modes           the choice between the parts below, and which of their options exclude each other
fmount/start%          --user, --drop-caps, --no-new-privs, --root-daemon, --auto-unmount, --replace-stale and the
fmount/become           options of the next six lines, which go with it
fmount/root_daemon
fmount/auto_unmount
fmount/clones          --clones
fmount/hand_out        --fd-socket
fmount/wait_server     --wait and --timeout
fmount/beneath         --beneath
fmount/check           --check
fmount/as_mount        -a, -B, -M, --make-*, and whatever else mount(8) does
fmount/bind
fmount/idmap
fmount/userns          --userns
fmount/reattach%       --reattach
fmount/keep%           --keep
fmount/relay%          its part of --keep=relay, which goes with fmount/keep%
fumount/modes%         --json, the choice between the parts below, and which of their options exclude each other
fumount/umount_fuse    umount.fuse, the helper of umount(8)
fumount/abort          -f and --abort
fumount/await          -l of a fuseblk whose server does not answer
fumount/refuse         -t; and at once, not after a second: a server on the path does not answer
fumount/read_only      -r
fumount/all            -a
fumount/all_list
fumount/recover%       -R
fumount/wake%          --wake
fumount/collect        for -R and --wake: the connections that a word means
fumount/enter          -N
fumount/wait_holders   -k and -w, and the names of the processes that keep a mount busy
fumount/busy           the advice for a busy mount by the state of its server
fumount/aftermath      what is left after -l
core/fuse/%            what only servers of file systems need
core/serve/%
core/target/resolve_child   for fumount/enter
core/health/report_json     for --json
core/health/census     whether a server answers
core/health/holders    a plain unmount by root where other users can change names in the directory
core/health/server     which process serves
core/install           fusebox --install
core/cli/near          "did you mean"
core/cli/rare_errors   the words for errors that are rare
endef
WITHOUT ?= $(filter fmount/% fumount/% core/%,$(PARTS))
