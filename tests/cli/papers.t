#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is written of the box is what it does: man pages, --help, the parsers and shell
# completion know the same options.
#
# --help and the page's OPTIONS have the same lines; what a parser takes beyond them is
# under COMPATIBILITY in the page. What a parser takes is what its table has
# ($BUILD/tests/options prints it), and each option is tried.
. "$(dirname "$0")/../lib.sh"
start 200
need mandoc perl
box=$BUILD/fusebox
pages=("$top"/core/*.[78] "$top"/applets/*.[18] "$top"/applets/*/*.[18])
mapfile -t applets < <("$box" --list)
sorted() { LC_ALL=C sort -u; }

# ---- What --help says ----

# The left column of --help, "-l, --lazy" or "-t, --types TYPES", and "[-o OPTIONS]" of the usage.
help_lines() # help_lines APPLET...
{
	PATH=/nonexistent "$box" "$@" --help | perl -ne '
		if ($. == 1) { print "$1\n" while /\[(-\w [A-Z]+)\]/g }
		if (/--make-\[r\](\{[a-z,]+\})/) { print "$_\n" for glob "--make-{,r}$1" }
		next unless s/^ +(?=-)//;
		s/ {2,}.*//s or s/^((?:-\S+,? )*-\S+(?: [A-Z]\S*)?).*/$1/s;
		print "$_\n"' | sorted
}
# The options of fusebox itself are listed only in its usage: "[-s] [--force] [--root DIR]".
help_of_box() { "$box" --help | sed '1d; /^Applets:/,$d' | grep -Eo -- '--?[a-z][a-z-]*( [A-Z]+)?' | sed '/^--help/s/ .*//' | sorted; }

# ---- What a page says ----

names_of() { sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$1"; }
declare -A page_of
for page in "${pages[@]}"; do
	while read -r name; do page_of[$name]+=${page_of[$name]:+$'\n'}$page; done < <(names_of "$page")
done
# The options in a section of a page; in a section with parts, those in the part about the applet.
page_lines() # page_lines PAGE SECTION APPLET
{
	mandoc -Tascii -O width=1000 "$1" | SECTION=$2 APPLET=$3 perl -ne '
		s/.\x08//g;
		if (/^(\S.*)/) { $in = $1 eq $ENV{SECTION}; $ours = 1 }
		if (/^   (\S.*)/) { $ours = grep { $_ eq $ENV{APPLET} } split /,? (?:and )?/, $1 }
		print "$1\n" if $in && $ours && /^     (-.*?)(  |$)/' | sorted
}

# Turns "-t, --types TYPES" and "--kill[=SIGNAL]" into -t, --types and --kill, one per line.
options_in() { grep -Eo -- '(^|, )--?[a-zA-Z][a-zA-Z-]*' | sed 's/^, //' | sorted; }

# ---- What a parser takes ----

# No applet does anything here: whether or not the option takes a value, the last word is wrong.
knows() # knows OPTION APPLET...
{
	local option=$1 said; shift
	said=$(PATH=/nonexistent "$box" "$@" "$option" --papers-test --papers-test 2>&1 </dev/null)
	case $said in
	*": $option: unknown option;"*) return 1 ;;
	*": --papers-test: "*) return 0 ;;
	esac
	[[ $option = -h || $option = --help ]] && [[ $said = *sage:* ]] && return
	if [[ $option = -V || $option = --version ]] && [[ $said = *' (fusebox '* ]]; then return; fi
	bail "$* $option: $said"
}
# The options that main() handles for every applet; each is tried below.
without_general() { grep -vxE -- '-h|--help|-V|--version'; }
taken_by() # taken_by APPLET
{
	local word
	"$BUILD/tests/options" "$1" | sorted | while read -r word; do
		knows "$word" "$1" && printf '%s\n' "$word"	# echo would take -n
	done
}
# --install parses its options by itself: take every letter and every quoted word of its source.
taken_by_install()
{
	local word
	for word in -{a..z} -{A..Z} -{0..9} $(grep -Eo '"[a-z][a-z0-9-]+"' "$top/core/install.c" | tr -d '"' | sed 's/^/--/'); do
		knows "$word" --install && printf '%s\n' "$word"
	done | sorted
}

# ---- Its form ----

# EXAMPLES come before OPTIONS, where a reader looks first. mandoc would want them late.
lint_page() { mandoc -Tlint -Wwarning "$1" 2>&1 | grep -v 'mandoc.db\|sections out of conventional order: Sh ENVIRONMENT$'; }
out_of_form() # out_of_form PAGE
{
	local sections
	sections=$(sed -n 's/^\.Sh //p' "$1" | paste -sd,)
	case $1 in
	*.7) [[ $sections = NAME,DESCRIPTION,EXAMPLES,*'SEE ALSO'* ]] || echo "$sections" ;;
	*) [[ $sections = NAME,SYNOPSIS,DESCRIPTION,EXAMPLES,*'EXIT STATUS'*'SEE ALSO'* ]] || echo "$sections" ;;
	esac
	grep -qx '[.]Os fusebox' "$1" || echo 'no ".Os fusebox"'
}

# ---- The same ----

for page in "${pages[@]}"; do
	is "${page##*/}: mandoc has nothing to complain about" "$(lint_page "$page")" ''
	is "${page##*/}: the sections are in our order" "$(out_of_form "$page")" ''
done
for applet in "${applets[@]}"; do
	page=${page_of[$applet]:-}
	is "$applet: exactly one page has its name" "$(wc -w <<<"$page")" 1
	help=$(help_lines "$applet")
	is "$applet: the page has what --help has" "$(page_lines "$page" OPTIONS "$applet")" "$help"
	more=$(page_lines "$page" COMPATIBILITY "$applet")
	is "$applet: the parser takes what the page has" "$(taken_by "$applet" | without_general)" "$(options_in <<<"$help"$'\n'"$more" | without_general)"
	for option in -h --help -V --version; do ok "$applet: the parser takes $option" knows "$option" "$applet"; done
	exits 1 "$applet: an option that is in neither page nor --help fails" "$box" "$applet" --papers-test
	like "$applet: the error names that option" "$err" "$applet: --papers-test: unknown option"
done
is 'the box: the page has what --help has' "$(page_lines "$top/core/fusebox.8" OPTIONS fusebox)" "$(help_of_box)"
more=$(page_lines "$top/core/fusebox.8" COMPATIBILITY fusebox)
is 'the box: --install takes what the page has' "$(taken_by_install)" \
	"$(options_in <<<"$(help_of_box)"$'\n'"$more" | grep -vxE -- '--(help|list|list-full|version|install|uninstall)')"
for option in -h -V --help --list --list-full --version; do exits 0 "the box: $option" "$box" "$option"; done
is 'every name in a page is one of the box' "$(for page in "${pages[@]}"; do [[ $page = *.7 ]] || names_of "$page"; done | sorted)" \
	"$(printf '%s\n' fusebox "${applets[@]}" | sorted)"

# Cross references, and the options in examples.
wrong_references() # wrong_references PAGE...
{
	local name section
	grep -h '^\.Xr ' "$@" | while read -r _ name section _; do
		[ -n "${page_of[$name]:-}" ] || continue
		[[ ${page_of[$name]} = *.$section ]] || echo "$name $section"
	done
}
is 'references have the right section' "$(wrong_references "${pages[@]}")" ''
# Prints the words with a dash of examples such as "$ fumount -w 10 mnt".
examples()
{
	grep -hE "^(\.Dl )?[\$#] (fusebox )?($(IFS='|'; echo "${applets[*]}")) " "$@" |
		sed 's/^\.Dl //; s/^[$#] //; s/^fusebox //; s/ |.*//'
}
wrong_examples() # wrong_examples FILE...
{
	local line word applet
	examples "$@" |
		while read -r applet line; do
			for word in $line; do
				[ "$word" != -- ] || break
				[[ $word != -* ]] || knows "$word" "$applet" || echo "$applet $word"
			done
		done
}
ok 'the pages have examples' test "$(examples "${pages[@]}" | wc -l)" -gt 20
is 'examples have options that there are' "$(wrong_examples "${pages[@]}")" ''
# The commands of README: those in sh blocks, and those between backquotes.
sed -n '/^```sh$/,/^```$/{/^```/d; s/ *#.*//; s/^build.bin.//; p}' "$top/README.md" | sed 's/^/$ /' >commands
grep -o '`[^`]*`' "$top/README.md" | tr -d '`' | sed 's/^/$ /' >>commands
sed -n 's/^ExecStart[A-Za-z]*=-*.usr.bin./$ /p' "$top"/configs/systemd/*.service | tee units >>commands
ok "systemd's units have commands" test -s units
ok 'README has commands' test "$(examples commands | wc -l)" -gt 20
is 'the options in the commands of README exist' "$(wrong_examples commands)" ''

# ---- The comparison itself: it notices ----

changed() { sed "$1" "$top/applets/fumount/fumount.8" >changed.8; cmp -s changed.8 "$top/applets/fumount/fumount.8" && bail "nothing changed by: $1"; }
notices() # notices NAME SED
{
	changed "$2"
	ok "notices $1" test "$(page_lines changed.8 OPTIONS fumount)" != "$(help_lines fumount)"
}
notices 'an option that the page lacks' '/^\.It Fl q , /d'
notices 'one that it invents' '/^\.It Fl q , /i .It Fl Fl invented\nX.'
notices 'another letter' 's/^\.It Fl q , /.It Fl Q , /'
notices 'a value that is none' 's/^\.It Fl Fl json/& Ar FILE/'
notices 'a value with another name' 's/Ar TYPES$/Ar LIST/'
notices 'one in another section' '/^\.It Fl z/i .Sh OTHER\n.Bl -tag -width Ds'
changed '/^\.Sh COMPATIBILITY/,$ { /^\.It Fl u/d }'
ok 'notices what the parser takes in silence' test "$(page_lines changed.8 COMPATIBILITY fumount)" != "$(page_lines "$top/applets/fumount/fumount.8" COMPATIBILITY fumount)"
changed 's/^\.Sh EXAMPLES/.Sh MORE/'
like 'notices missing examples' "$(out_of_form changed.8)" 'DESCRIPTION,MORE'
changed 's/^\.Xr fmount 8/.Xr fmount 1/'
is 'notices a wrong reference' "$(wrong_references changed.8)" 'fmount 1'
changed 's/fumount -w 10/fumount --wait-for 10/'
is 'notices an example that cannot be' "$(wrong_examples changed.8)" 'fumount --wait-for'

# ---- Completion ----

exits 0 'the completion files can be generated' "$top/configs/completion/generate" "$box" "$T/completion"
is 'there is a completion file for each shell' "$(echo completion/*)" 'completion/_fusebox completion/fusebox.bash completion/fusebox.fish'
if command -v shellcheck >/dev/null; then
	is "bash's is clean" "$(shellcheck completion/fusebox.bash)" ''
else
	skip "bash's is clean" 'no shellcheck'
fi

# Each function prints the completions of its last argument, one per line.
with_bash()
{
	# shellcheck disable=SC2016
	timeout 10 bash --norc --noprofile -c '. "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _fusebox; printf "%s\n" "${COMPREPLY[@]}"' \
		completion/fusebox.bash "$@" | sed '/^$/d' | sorted
}
with_zsh() # by one zsh for all: it takes a second to start
{
	local line
	printf '%s\n' "$*" >&"$to_zsh"
	while read -r -t 30 line <&"$from_zsh" && [ "$line" != "<$*>" ]; do printf '%s\n' "$line"; done | sorted
}
# fish brings a completion of fusermount, too; an installed one of fusebox takes precedence.
with_fish() { HOME=$T timeout 10 fish --no-config -c 'complete -e fusermount; . completion/fusebox.fish; complete -C $argv[1]' "$*" | cut -f1 | sed 's/=$//' | sorted; }
shells=(bash)
for shell in zsh fish; do
	if command -v "$shell" >/dev/null; then shells+=("$shell"); else skip "$shell's completion" "no $shell"; fi
done
[[ " ${shells[*]} " != *' fish '* ]] || exits 0 "fish's is well-formed" fish -n completion/fusebox.fish
if [[ " ${shells[*]} " = *' zsh '* ]]; then
	exits 0 "zsh's is well-formed" zsh -n completion/_fusebox
	coproc zsh -f "$here/cli/capture.zsh" "$T/completion"
	exec {to_zsh}>&"${COPROC[1]}" {from_zsh}<&"${COPROC[0]}"
	eval "exec ${COPROC[1]}>&-"
fi

last() { sed 's/.*,//'; }	# zsh tells only the word that it completes
mkdir dir mnt 'hung one' other
: >file
hellofs -b mnt
faulty silent "$T/hung one"
pids+=("$(newest faulty)")
for shell in "${shells[@]}"; do
	for applet in "${applets[@]}"; do
		want=$(help_lines "$applet" | options_in)
		is "$shell: $applet has the options of --help" "$("with_$shell" "$applet" -)" "$want"
		is "$shell: so has fusebox $applet" "$("with_$shell" fusebox "$applet" -)" "$want"
	done
	is "$shell: the box has the applets" "$("with_$shell" fusebox '')" "$(printf '%s\n' "${applets[@]}" | sorted)"
	is "$shell: also behind help" "$("with_$shell" fusebox help mount.)" "$(printf '%s\n' mount.fuse mount.fuse3 mount.hellofs mount.passfs)"
	is "$shell: and its own options" "$("with_$shell" fusebox -)" "$(printf '%s\n' --help --install --list --list-full --uninstall --version)"
	is "$shell: and those of --install" "$("with_$shell" fusebox --install -)" "$(printf '%s\n' --force --root -s | sorted)"
	is "$shell: words that an option takes" "$("with_$shell" passfs --cache '')" "$(printf '%s\n' always auto none)"
	is "$shell: types that are mounted" "$("with_$shell" fumount -t fuse.)" $'fuse.faulty\nfuse.hellofs'
	is "$shell: one more of them" "$("with_$shell" fuse-info -t fuse.x,fuse.h | last)" fuse.hellofs
	is "$shell: mount options" "$("with_$shell" hellofs -o ro,allow | last)" allow_other
	is "$shell: columns" "$("with_$shell" fuse-info -o state,mou | last)" $'mount\nmountpoint'
	is "$shell: groups" "$("with_$shell" passfs --force-group nogrou)" nogroup
	is "$shell: users" "$("with_$shell" fmount -u noboda)$("with_$shell" fmount -u nobod)" nobody
	# FUSE mountpoints are completed from the mount table: a stat of the hung one would block
	# the test.
	case $shell in fish) want="$T/hung one $T/mnt" ;; *) want="$T/hung\\ one $T/mnt" ;; esac
	for command in 'fumount' 'fuse-info' 'umount.fuse' 'fusermount3 -u' 'fumount -l'; do
		# shellcheck disable=SC2086
		is "$shell: $command has the mountpoints" "$("with_$shell" $command "$T/" | paste -sd' ')" "$want"
	done
	is "$shell: by a way from here" "$("with_$shell" fumount m)" mnt
done
# bash has these functions write what stands behind an open quote.
is 'bash: mountpoints behind a double quote' "$(with_bash fumount "\"$T/h")" "$T/hung one"
is 'bash: mountpoints behind a single quote' "$(with_bash fumount "'$T/h")" "$T/hung one"
abort_detach "$T/hung one"
# Completing a directory to mount on has to stat the directories.
for applet in hellofs fmount passfs fusermount3; do
	is "bash: $applet has directories" "$(with_bash "$applet" "$T/d")$(with_bash "$applet" "$T/f")" "$T/dir"
done
is 'bash: --name=value is three words to it' "$(with_bash hellofs --transport = u)" uring
is 'bash: just behind it' "$(with_bash hellofs --transport =)" $'auto\ndev\nuring'
is 'bash: signals only there' "$(with_bash fumount --kill = KI)$(with_bash fumount --kill KI)" KILL
is 'bash: a program behind --' "$(with_bash fmount mnt -- fumoun)" fumount
is 'bash: whose options are not ours' "$(with_bash fmount mnt -- fumount -)" ''
fumount mnt
[ -z "${to_zsh:-}" ] || exec {to_zsh}>&-
finish
