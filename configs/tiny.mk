# SPDX-License-Identifier: MIT
# Only mounting and unmounting: fmount runs a server, fumount unmounts, with -l and -f as well.
APPLETS ?= fmount fumount
CONFIG_CFLAGS = $(SMALL)

# What to leave out: a part of an applet, APPLET/PART for applets/APPLET/PART.c, or a file of core/; % stands for
# any rest of a name. fumount refuses an option without its part: "this build has no -k and -w".
define PARTS
fmount/check           --check
fmount/as_mount        -a, and the options of mount(8)
fmount/userns          --userns
fmount/reattach%       --reattach
fmount/keep%           --keep
fmount/relay%          its part of --keep=relay, which goes with fmount/keep%
fmount/beneath         --beneath and --replace-stale
fmount/hand_out        --fd-socket
fmount/wait_server     --wait
fumount/all            -a
fumount/all_list
fumount/recover%       -R
fumount/collect
fumount/wake%          --wake
fumount/enter          -N
fumount/wait_holders   -k and -w, and the names of the processes that keep a mount busy
fumount/busy           the advice for a busy mount by the state of its server
fumount/aftermath      what is left after -l
core/install           fusebox --install
core/cli/near          "did you mean"
core/cli/rare_errors   the words for errors that are rare
endef
WITHOUT ?= $(filter fmount/% fumount/% core/%,$(PARTS))
# Refuses --wait, --fd-socket, --beneath, --replace-stale and -N.
CONFIG_SOURCES = configs/tiny/left_out.c
