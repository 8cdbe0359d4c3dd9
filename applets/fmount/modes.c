/* SPDX-License-Identifier: MIT */
/* modes: which options exclude each other, and the choice between the parts. */
#include <string.h>

#include "applet.h"
#include "fmount.h"
#include "out.h"

static bool is_for_program(const struct fmount *f)
{
	return f->keep || f->clones || f->wait || f->root_daemon || f->auto_unmount || f->launch.drop_caps || f->launch.no_new_privs;
}

static int run_like_mount(struct fmount *f, char **operands)
{
	if (is_for_program(f) || f->userns || f->replace_stale || f->beneath || f->launch.user)
		return applet_usage("the options of a program, such as --wait, take MOUNTPOINT -- PROGRAM");
	return fmount_like ? fmount_like(f, operands) : applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS");
}

/* With --keep the mount of a keeper that was killed goes on. */
static int mount_or_continue(struct fmount *f, const char *where, char **program)
{
	static struct mountpoint at;
	int device = f->keep ? fmount_keep_stored(&at, where, f->relay) : -1;

	f->auto_unmount |= text_in_list(f->list, fmount_auto_unmount);
	return device >= 0 ? fmount_start(f, &at, device, program) : fmount_run(f, where, program);
}

int fmount_modes(struct fmount *f, const struct opt_rest *rest)
{
	char **program;
	int how;

	program = rest->after && rest->after[0] ? rest->after : NULL;
	if (f->check)
		return fmount_check(f, rest->operands[0]);
	if (f->reattach) {
		if (program || rest->count != 1 || !rest->operands[0])
			return applet_usage("--reattach: wanted: MOUNTPOINT");
		return fmount_reattach(f, rest->operands[0]);
	}
	if (rest->after && !program && rest->count == 1 && !f->fd_socket)
		return applet_usage("wanted: a program after --");
	if (!program && !f->fd_socket)
		return run_like_mount(f, rest->operands);
	if (rest->count != 1 || (program && f->fd_socket) || f->idmap)
		return applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS, or --fd-socket PATH MOUNTPOINT");
	if (f->fd_socket && is_for_program(f))
		return applet_usage("--fd-socket: it starts no program, and takes no option of one");
	how = f->keep && *f->keep ? opt_word("direct|relay", f->keep) : 0;
	if (how < 0)
		return applet_usage("--keep: wanted: direct or relay");
	f->relay = how == 1;
	if (f->clones && f->relay)
		return applet_usage("--keep=relay takes no --clones");
	if (f->beneath && (f->keep || !fmount_can_attach_later(f) || f->userns || f->replace_stale))
		return applet_usage("--beneath takes --wait, without --keep, --auto-unmount, --user, --drop-caps, --userns and --replace-stale");
	if (f->userns && fmount_userns() != 0)
		return 1;
	return mount_or_continue(f, rest->operands[0], program);
}

const char fmount_operands[56] = "[SOURCE] MOUNTPOINT | MOUNTPOINT -- PROGRAM [ARGUMENTS]";
const char fmount_more[] =
	"Examples:\n"
	"  fmount mnt -- sshfs host: {}   mount, and run sshfs without fusermount3\n"
	"  fmount --check                 whether a mount would work here\n"
	"  fmount -t sshfs host: mnt      as mount(8) does, by mount.fuse3\n"
	"Exit status: that of PROGRAM; 127: not found; 1: usage, or not mounted; 32, 64: as mount(8)\n";
