# SPDX-License-Identifier: GPL-2.0-only
# bash completion for xvsctl

# Names of a kind of object, as the daemon knows them.
_xvsctl_names()
{
	timeout 2 xvsctl -br "$1" list 2>/dev/null | cut -d ' ' -f 1
}

# What may follow the words $1 (object), $2 (verb), $3 (the word before).
_xvsctl_candidates()
{
	case $3 in
	switch) [[ $2 ]] && _xvsctl_names switch && return ;;
	port) [[ $2 ]] && { _xvsctl_names port; [[ $1 == fdb ]] && echo uplink host; } && return ;;
	mac | vlan) [[ $2 ]] && return ;;
	esac
	case $1:$2 in
	:) echo apply show switch port fdb help ;;
	switch: | port:) echo list show help ;;
	fdb:) echo list show flush add del help ;;
	switch:list | switch:show) _xvsctl_names switch ;;
	port:list | port:show) _xvsctl_names port; echo switch ;;
	fdb:list | fdb:show) echo switch vlan port mac ;;
	fdb:flush | fdb:add) echo switch vlan port ;;
	fdb:del) echo switch vlan ;;
	esac
}

_xvsctl()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local object='' verb='' word skip='' options
	options='--json --pretty --stats --details --brief --color --file --socket --version --help'

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
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $skip$word in
		-f | --file | --socket) skip=+ ;;
		+* | -* | auto | always | never) skip='' ;;
		*) if [[ ! $object ]]; then object=$word; elif [[ ! $verb ]]; then verb=$word; fi ;;
		esac
	done
	if [[ $current == -* ]]; then
		[[ $object == apply ]] && options+=' -f'
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
	elif [[ $object == apply ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-f' -- "$current")
	else
		mapfile -t COMPREPLY < <(
			compgen -W "$(_xvsctl_candidates "$object" "$verb" "$before")" -- "$current")
	fi
}

complete -F _xvsctl xvsctl
