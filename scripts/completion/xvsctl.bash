# SPDX-License-Identifier: GPL-2.0-only
# bash completion for xvsctl

# Names of a kind of object, as the daemon knows them.
_xvsctl_names()
{
	timeout 2 xvsctl -br "$1" list 2>/dev/null | cut -d ' ' -f 1
}

# The options of the command $1 (object), $2 (verb).
_xvsctl_options()
{
	echo --json --pretty --stats --details --brief --color --socket --version --help
	case $1:$2 in
	apply:) echo -f --file --dry-run --save ;;
	diff:) echo -f --file ;;
	try:) echo -f --file --timeout --no-wait ;;
	confirm:) echo --save ;;
	show:) echo --yaml ;;
	*:add | *:set | *:unset | *:del) [[ $1 != fdb ]] && echo --dry-run --save ;;
	esac
}

# What may follow the words $1 (object), $2 (verb), $3 (the name), $4 (the word before).
_xvsctl_candidates()
{
	case $1:$2 in
	:) echo apply diff try confirm cancel save show features switch port mac-pool fdb flow monitor help; return ;;
	help:) echo apply diff try confirm cancel save show features switch port mac-pool fdb flow monitor; return ;;
	apply: | diff: | try:) echo -f; return ;;
	switch: | port:) echo list show add set unset del help; return ;;
	mac-pool:) echo set del help; return ;;
	fdb:) echo list show flush add del help; return ;;
	flow:) echo list show flush help; return ;;
	switch:set | switch:unset | switch:del | port:set | port:unset | port:del)
		[[ $3 ]] || { _xvsctl_names "$1"; return; }
		;;
	*:add) [[ $3 ]] || return ;;
	esac
	[[ $2 ]] || return
	case $4 in
	switch) _xvsctl_names switch; return ;;
	port) _xvsctl_names port; [[ $1 == fdb ]] && echo uplink host; return ;;
	mac | vlan) return ;;
	esac
	case $1:$2 in
	switch:list | switch:show) _xvsctl_names switch ;;
	port:list | port:show) _xvsctl_names port; echo switch ;;
	fdb:list | fdb:show) echo switch vlan port mac ;;
	fdb:flush | fdb:add) echo switch vlan port ;;
	fdb:del) echo switch vlan ;;
	flow:list | flow:show | flow:flush) echo port switch ;;
	esac
}

_xvsctl()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local object='' verb='' name='' word skip='' words

	COMPREPLY=()
	case $before in
	-f | --file | --socket)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-c | --color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
		return
		;;
	--timeout) return ;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $skip$word in
		-f | --file | --socket | --timeout) skip=+ ;;
		+* | -* | auto | always | never) skip='' ;;
		*)
			if [[ ! $object ]]; then object=$word
			elif [[ ! $verb ]]; then verb=$word
			else name=$word; fi
			;;
		esac
	done
	if [[ $current == -* ]]; then
		words=$(_xvsctl_options "$object" "$verb")
	else
		words=$(_xvsctl_candidates "$object" "$verb" "$name" "$before")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _xvsctl xvsctl
