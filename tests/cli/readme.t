#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# README: its screens and pictures are what the box prints now, its links lead somewhere.
# `make pictures` writes the screens and pictures anew.
. "$(dirname "$0")/../lib.sh"
start 400
need perl python3 sshfs script
readme=$top/README.md screens=$top/tests/screens/screens

# ---- Its form ----

ok 'README has at most 250 lines' test "$(wc -l <"$readme")" -le 250
links() { grep -oE '\]\([^)]*\)' "$readme" | sed 's/^](//; s/)$//'; }
ok 'README has links' test "$(links | wc -l)" -gt 15
is 'each link of README leads to a file' "$(links | grep -v '^#' | while read -r link; do [ -e "$top/$link" ] || echo "$link"; done)" ''
headings() { sed -n 's/^##* //p' "$readme" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n-'; }
is 'each link of README to a heading leads to one' "$(links | sed -n 's/^#//p' | grep -vxFf <(headings))" ''

# ---- Its screens ----

same_screens() { "$screens" paste "$readme" "$T/played" | diff -u "$readme" -; }
pictured() { "$screens" text "$1" | "$screens" canonical; }
same_picture() { diff -u <(pictured "$top/.github/terminal.svg") <("$screens" canonical <"$T/played/clear"); }
# On a busy machine a process that was woken may still hold its mount when the next line is printed:
# try again.
played()
{
	local try
	for try in 1 2 3; do
		diag "try $try"
		"$top/tests/screens/play" "$T/played" || return
		if same_screens && same_picture; then return; fi
	done >"$T/differs" 2>&1
	return 1
}
if [ "$(awk '{ print $3 }' /proc/self/uid_map)" = 4294967295 ]; then
	ok 'the screens and the picture are what is printed now' played ||
		diag "$(tail -n 60 "$T/differs")"
	for screen in $(sed -n 's/^<!-- screen: \(.*\) -->$/\1/p' "$readme") clear; do
		ok "$screen was played" test -s "$T/played/$screen"
	done
	# The comparison of screens notices a changed word, and ignores numbers.
	sed 's/held by/kept by/' "$T/played/busy" >"$T/changed" && mv "$T/changed" "$T/played/busy"
	ok 'a changed word of a screen is noticed' differs "$(same_screens)" '^$'
	sed -i 's/kept by/held by/; s/[0-9]\{4\}/65432/' "$T/played/busy"
	ok 'another process id in a screen is not noticed' same_screens
else
	skip 'the screens are what is printed now' 'not root'
fi
is 'the chart is drawn from tests/bench/figures' "$(cat "$top/.github/chart.svg")" "$("$screens" chart "$top/tests/bench/figures")"
for picture in terminal chart diagram; do
	ok "$picture.svg is well-formed" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$top/.github/$picture.svg"
done
finish
