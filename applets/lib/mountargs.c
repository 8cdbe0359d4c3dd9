/* mountargs: see mountargs.h. */
#include "mountargs.h"

#include <string.h>

#include "applet.h"
#include "msg.h"
#include "out.h"

struct words { bool fake, ignored; const char *type; struct opt_set options; };

const struct opt mountargs_options[] = {
	OPT('f', NULL, OPT_FLAG, struct words, fake, NULL, NULL),
	OPT('s', NULL, OPT_FLAG, struct words, ignored, NULL, NULL),
	OPT('n', NULL, OPT_FLAG, struct words, ignored, NULL, NULL),
	OPT('v', NULL, OPT_FLAG, struct words, ignored, NULL, NULL),
	OPT('t', NULL, OPT_STRING, struct words, type, "TYPE", "which server: TYPE or fuse.TYPE"),
	OPT('o', NULL, OPT_CALL, struct words, options, "OPTIONS", "for the mount and the server, such as ro"),
	OPT_END
};

const char *mountargs_type(const char *type)
{
	if (strncmp(type, "fuse.", 5) == 0)
		return type + 5;
	return strncmp(type, "fuseblk.", 8) == 0 ? type + 8 : type;
}

int mountargs_add(struct mountargs *args, const char *option)
{
	struct out out = { .buf = args->options, .size = sizeof(args->options),
			   .len = strlen(args->options), .fd = -1 };

	if (out.len + strlen(option) + 2 > out.size)
		return applet_usage("the options are longer than a page");
	out_fmt(&out, "%s%s", out.len ? "," : "", option);
	out_text(&out);
	return 0;
}

/* For mount(8), for whoever reads fstab, or for nobody. */
static bool is_for_mount(const char *option)
{
	static const char *const names[] = {
		"", "user", "nouser", "users", "group", "owner", "auto", "noauto", "nofail", "_netdev",
	};
	static const char *const beginnings[] = { "x-", "X-", "comment=", "user=" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	for (unsigned int i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (strncmp(option, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* mount(8) takes that out of them. */
static const char *implied(const char *option)
{
	if (strcmp(option, "user") == 0 || strcmp(option, "users") == 0)
		return "nosuid,nodev,noexec";
	return strcmp(option, "owner") == 0 || strcmp(option, "group") == 0 ? "nosuid,nodev" : option;
}

/* Where an option ends: at a comma without a backslash before it. */
static char *end_of(char *option)
{
	for (; *option && *option != ','; option++)
		option += *option == '\\' && option[1];
	return option;
}

const char *mountargs_take(void *to, char *list, const char **bad)
{
	struct mountargs *args = to;
	char *next = list;

	(void)bad;
	while (next) {
		char *word = next, *end = end_of(next);
		const char *option;

		next = *end ? end + 1 : NULL;
		*end = '\0';
		option = args->alone ? implied(word) : word;
		args->nodev |= option != word || strcmp(option, "nodev") == 0;
		args->nosuid |= option != word || strcmp(option, "nosuid") == 0;
		if (strncmp(option, "setuid=", 7) == 0)
			args->setuid = option + 7;
		else if (strcmp(option, "drop_privileges") == 0)
			args->drop_privileges = true;
		else if (!is_for_mount(option) && mountargs_add(args, option) != 0)
			return "too long";
	}
	return NULL;
}

int mountargs_parse(char **argv, struct mountargs *args)
{
	struct words words = { .options = { mountargs_take, args } };
	struct opt_rest rest;

	*args = (struct mountargs) { .source = NULL };
	if (!applet_parse(mountargs_options, &words, argv, &rest))
		return 1;
	args->fake = words.fake;
	args->type = words.type ? mountargs_type(words.type) : NULL;
	if (!rest.operands[0] || !rest.operands[1] || rest.operands[2]) {
		msg_plain("usage: %s %s destination [-t type] [-o opt[,opts...]]", msg_applet,
			  args->type ? "source" : "type#[source]");
		return 1;
	}
	if (args->type && !*args->type) {
		msg("empty type given as argument to option '-t'");
		return 1;
	}
	args->source = *rest.operands[0] ? rest.operands[0] : NULL;
	args->mountpoint = rest.operands[1];
	return 0;
}
