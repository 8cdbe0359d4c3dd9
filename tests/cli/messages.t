#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How messages are written. tests/messages lists every text that the box can print; each has to be
# plain, to begin in lower case unless it begins with a name, and to end in no full stop.
. "$(dirname "$0")/../lib.sh"
start 60
need perl
list() { (cd "$top" && tests/messages "$@"); }
list >texts
ok 'the list has what is printed' test "$(wc -l <texts)" -gt 400
for text in 'nothing is mounted there' 'busy; fumount -l detaches it' 'no such program in PATH' 'mounting needs CAP_SYS_ADMIN' \
	'same as -l, as in fusermount3' 'not unmounted, since its mountpoint is not visible to this server; fumount does it, or fmount --auto-unmount'; do
	ok "such as: $text" grep -qF "	$text" texts
done

# Sentences that users see contain a blank. Leave out the usages, and the messages of the helper,
# whose words are libfuse's.
sentences() { awk -F '\t' '$2 !~ /^(out_str|out_fmt|view_text|APPLET)$/ && $3 ~ / /' "$@"; }
breaks() # breaks REGEX FILE...: the sentences that match
{
	local rule=$1; shift
	sentences "$@" | awk -F '\t' -v rule="$rule" '$3 ~ rule { print $1 ": " $3 }'
}
riddles='(^|[ (])(who|whom|whose) |[a-z] who |what is (to be|gone)|to be (seen|had)|is well$|let go|lets go|all the same|say it|wanted it|takes Landlock|for ever'
rules()
{
	echo "in US-ASCII	[^ -~]"
	echo "without a full stop	[^.]\\.\$"
	echo "not cut off	[;:,] ?\$"
	echo "without riddles	$riddles"
	echo "lower case	^(%s: )*(The|A|An|No|Not|Is|It|This|Cannot|Can|There|Unable|Failed|Error) "
	echo "without blame	[Pp]lease|[Oo]ops|[Ss]orry|invalid argument"
}
# Literals that are joined to other text.
allowed='Usage|usage: '
while IFS=$'\t' read -r name rule; do
	is "$name" "$(breaks "$rule" texts | grep -vE "$allowed")" ''
done < <(rules)

# The rules notice.
cat >bad.c <<'C'
static int f(const char *x)
{
	msg("%s: who waits is woken", x);
	report(to, "state", "its server is well");
	applet_usage("not a number.");
	return refuse("The server is " "gone");	/* msg("a comment.") */
}
static const char *why(void) { return a ? "mounted; " : "a \303\274ber name"; }
C
list "$T/bad.c" >bad
is 'list finds seven texts in the sample' "$(wc -l <bad)" 7
is 'string literals that C joins are listed as one text' "$(grep -c 'The server is gone$' bad)" 1
while IFS=$'\t' read -r name rule; do
	case $name in *US-ASCII | *blame) continue ;; esac
	unlike "notices: $name" "$(breaks "$rule" bad)" '^$'
done < <(rules)
finish
