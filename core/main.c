/* SPDX-License-Identifier: MIT */
/* main: finds and runs the applet that argv[0] names. */
#include <signal.h>
#include <string.h>

#include "applet.h"
#include "msg.h"
#include "out.h"
#include "sys/priv.h"
#include "sys.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { UNKNOWN_APPLET = 127 };

const bool applet_boxed = true;

/* NULL in a small build. */
extern __typeof__(opt_nearer) opt_nearer __attribute__((weak));
extern __typeof__(install_main) install_main __attribute__((weak));

/* Of name's first len bytes. */
static const struct applet *find_part(const char *name, size_t len)
{
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		if (strncmp((*a)->name, name, len) == 0 && !(*a)->name[len])
			return *a;
	return NULL;
}

/* mount.fuse.sshfs runs mount.fuse, which takes the type from its name. */
static const struct applet *find(const char *name)
{
	const struct applet *applet = find_part(name, strlen(name));
	const char *dot = strrchr(name, '.');

	return applet || !dot ? applet : find_part(name, (size_t)(dot - name));
}

static int list(const char *fmt_dir)
{
	char text[512];
	struct out out = OUT_FD(text, 1);

	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		out_fmt(&out, "%s%s%s\n", fmt_dir ? (*a)->dir : "", fmt_dir ? "/" : "", (*a)->name);
	return msg_flush(&out);
}

static int usage(void)
{
	char text[1024];
	struct out out = OUT_FD(text, 1);

	out_str(&out, "fusebox " VERSION ": mount, serve, inspect and unmount FUSE file systems\n\n"
		"Usage: fusebox APPLET [ARGUMENTS]\n"
		"   or: APPLET [ARGUMENTS], by a link of that name\n"
		"   or: fusebox --list | --list-full | --help [APPLET] | --version\n");
	if (install_main)
		out_str(&out, "   or: fusebox --install | --uninstall [-s] [--force] [--root DIR] [DIR]\n");
	out_str(&out, "\nApplets:\n");
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		out_fmt(&out, "  %-13s %s\n", (*a)->name, (*a)->summary);
	out_str(&out, "\nExample: fusebox fumount -l /mnt\nExit status: the applet's; 127: no such applet\n");
	return msg_flush(&out);
}

/* "fusebox 0.1.0", "fumount (fusebox 0.1.0)". */
static int show_version(void)
{
	char text[64];
	struct out out = OUT_FD(text, 1);
	bool whole = strcmp(msg_applet, "fusebox") == 0;

	out_fmt(&out, whole ? "fusebox " VERSION "\n" : "%s (fusebox " VERSION ")\n", msg_applet);
	return msg_flush(&out);
}

static int unknown(const char *name)
{
	const char *near = NULL;

	for (const struct applet *const *a = __start_applets; opt_nearer && a < __stop_applets; a++)
		opt_nearer(name, (*a)->name, &near);
	if (near)
		msg("%s: no such applet; did you mean %s?", name, near);
	else
		msg("%s: no such applet; see fusebox --help", name);
	return UNKNOWN_APPLET;
}

/* The drop-in replacements print their own --help. */
static bool helps_itself(const struct applet *applet)
{
	const struct opt *o;

	for (unsigned int i = 0; (o = opt_at(applet->options, i)); i++)
		if (o->letter == 'h')
			return true;
	return false;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_version(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0;
}

static int run(const struct applet *applet, char **argv)
{
	msg_applet = applet->name;
	/* A --help after "--" is not an option of the applet. */
	for (char **word = argv + 1; !helps_itself(applet) && *word && strcmp(*word, "--") != 0; word++) {
		if (is_help(*word))
			return applet_help(applet);
		if (is_version(*word))
			return show_version();
	}
	return applet->main(argv);
}

static int by_name(const char *name, char **argv)
{
	const struct applet *applet = find(name);

	return applet ? run(applet, argv) : unknown(name);
}

static int install(char **argv)
{
	return install_main ? install_main(argv) : applet_usage("this build has no --install");
}

static int own_command(char **argv)
{
	const char *word = argv[0];

	if (strcmp(word, "--list") == 0)
		return list(NULL);
	if (strcmp(word, "--list-full") == 0)
		return list("/");
	if (strcmp(word, "--install") == 0 || strcmp(word, "--uninstall") == 0)
		return install(argv);
	if (is_version(word))
		return show_version();
	if (is_help(word) || strcmp(word, "help") == 0) {
		char *call[] = { argv[1], (char *)"--help", NULL };

		return argv[1] ? by_name(argv[1], call) : usage();
	}
	return by_name(word, argv);
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? applet_name(argv[0]) : "fusebox";

	applet_occupy_stdio();
	sys_signal(SIGCHLD, SIG_DFL);	/* A parent may pass on SIG_IGN, with which wait4(2) fails. */
	if (priv_drop() < 0)
		return msg_refuse("cannot give up set-uid privileges");
	/* fusebox, fusebox-1.0, fusebox.static: the box itself, under any name. */
	if (strncmp(name, "fusebox", 7) != 0)
		return by_name(name, argv);
	return argc > 1 ? own_command(argv + 1) : usage();
}
