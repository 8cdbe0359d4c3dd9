/* SPDX-License-Identifier: MIT */
/* start_options: the options of the ways to mount for a server and to run it. */
#include "fmount.h"

const struct opt fmount_start_options[] = {
	OPT('u', "user", OPT_STRING, struct fmount, launch.user, "USER[:GROUP]", "run the program as this user"),
	OPT(0, "drop-caps", OPT_FLAG, struct fmount, launch.drop_caps, "", "run it without any capability"),
	OPT(0, "no-new-privs", OPT_FLAG, struct fmount, launch.no_new_privs, "", "run it with no_new_privs"),
	OPT(0, "clones", OPT_NUMBER, struct fmount, clones, "N", "N more descriptors, in FUSE_CLONE_FDS"),
	OPT(0, "fd-socket", OPT_STRING, struct fmount, fd_socket, "PATH", "hand the descriptor to a server over this socket"),
	OPT('w', "wait", OPT_FLAG, struct fmount, wait, "", "run it in the background; return once it answers"),
	OPT(0, "timeout", OPT_NUMBER, struct fmount, timeout, "SECONDS", "for --wait and --fd-socket (30; 0: none)"),
	OPT(0, "root-daemon", OPT_FLAG, struct fmount, root_daemon, "", "survive switch_root and the SIGKILL of shutdown"),
	OPT(0, "auto-unmount", OPT_FLAG, struct fmount, auto_unmount, "", "unmount when the program ends"),
	OPT(0, "replace-stale", OPT_FLAG, struct fmount, replace_stale, "", "take the place of a dead or hung mount there"),
	OPT(0, "beneath", OPT_FLAG, struct fmount, beneath, "", "with --wait: mount below the mount that is there"),
};
