/* SPDX-License-Identifier: MIT */
/* mount_args: see mount_args.h. */
#include "mount_args.h"

#include <string.h>

#include "applet.h"
#include "msg.h"
#include "optlist.h"
#include "out.h"

struct words { bool fake, verbose, ignored; const char *type; struct opt_set options; };

const struct opt mount_args_options[] = {
	OPT('f', "", OPT_FLAG, struct words, fake, "", ""),
	OPT('s', "", OPT_FLAG, struct words, ignored, "", ""),
	OPT('n', "", OPT_FLAG, struct words, ignored, "", ""),
	OPT('v', "", OPT_FLAG, struct words, verbose, "", ""),
	OPT('t', "", OPT_STRING, struct words, type, "TYPE", "which server: TYPE or fuse.TYPE"),
	OPT('o', "", OPT_CALL, struct words, options, "OPTIONS", "for the mount and the server, such as ro"),
	OPT_END
};

const char *mount_args_type(const char *type)
{
	if (strncmp(type, "fuse.", 5) == 0)
		return type + 5;
	return strncmp(type, "fuseblk.", 8) == 0 ? type + 8 : type;
}

int mount_args_add(struct mount_args *args, const char *option)
{
	struct out out = { .buf = args->options, .size = sizeof(args->options),
			   .len = strlen(args->options), .fd = -1 };

	if (out.len + strlen(option) + 2 > out.size)
		return applet_usage("the options are longer than a page");
	out_fmt(&out, "%s%s", out.len ? "," : "", option);
	out_text(&out);
	return 0;
}

/* Like mount(8), replaces an option such as "user" by the options that it implies. */
static const char *expand_option(const char *option)
{
	if (strcmp(option, "user") == 0 || strcmp(option, "users") == 0 || strncmp(option, "user=", 5) == 0)
		return "nosuid,nodev,noexec";
	return strcmp(option, "owner") == 0 || strcmp(option, "group") == 0 ? "nosuid,nodev" : option;
}

const char *mount_args_unmet(const char *option)
{
	static const char why[] = "only mount(8) does that";
	const char *name = option + strlen("X-mount.");

	if (strncmp(option + 1, "-mount.", 7) != 0 || opt_word("mkdir|nocanonicalize|noloop", name) >= 0
	    || strncmp(name, "mkdir=", 6) == 0)
		return NULL;
	if (strncmp(name, "idmap=", 6) == 0 || strncmp(name, "subdir=", 7) == 0)
		return why;
	msg("%s: %s; left out", option, why);
	return NULL;
}

const char *mount_args_take(void *to, char *list, const char **bad)
{
	struct mount_args *args = to;
	const char *why = NULL;
	char *next = list;

	(void)bad;
	while (next && !why) {
		char *word = next;
		const char *option;

		next = optlist_cut(word);
		option = args->alone ? expand_option(word) : word;
		args->nodev |= option != word || strcmp(option, "nodev") == 0;
		args->nosuid |= option != word || strcmp(option, "nosuid") == 0;
		why = args->alone ? mount_args_unmet(option) : NULL;
		if (why)
			applet_refuse(option, why);
		args->remount |= strcmp(option, "remount") == 0;
		if (strncmp(option, "setuid=", 7) == 0)
			args->setuid = option + 7;
		else if (strcmp(option, "drop_privileges") == 0)
			args->drop_privileges = true;
		else if (*option && !optlist_is_for_mount(option) && mount_args_add(args, option) != 0)
			why = "too long";
	}
	return why;
}

int mount_args_parse(char **argv, struct mount_args *args)
{
	struct words words = { .options = { mount_args_take, args } };
	struct opt_rest rest;

	*args = (struct mount_args) { .held = -1 };
	if (!applet_parse(mount_args_options, &words, argv, &rest))
		return 1;
	args->fake = words.fake;
	args->verbose = words.verbose;
	args->type = words.type ? mount_args_type(words.type) : NULL;
	if (!rest.operands[0] || !rest.operands[1] || rest.operands[2]) {
		bool serves = strncmp(msg_applet, "mount.fuse", 10) != 0;

		msg_plain("usage: %s %s destination%s [-o opt[,opts...]]", msg_applet,
			  args->type || serves ? "source" : "type#[source]", serves ? "" : " [-t type]");
		return 1;
	}
	if (args->type && !*args->type)
		return msg_refuse("empty type given as argument to option '-t'");
	args->source = *rest.operands[0] ? rest.operands[0] : NULL;
	args->mountpoint = rest.operands[1];
	return 0;
}
