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
	*:add | *:set | *:unset | *:del | *:rule) [[ $1 != fdb ]] && echo --dry-run --save ;;
	extension:install | extension:remove | extension:enable | extension:disable | extension:move)
		echo --dry-run --save
		;;
	extension:verify) echo --frames --seed --state-dir --no-certificate ;;
	extension:export) echo -o --output ;;
	extension:import) echo -f --file --strict ;;
	esac
}

# The keys of a rule of the list's kind $1; with `del` as $2, those that name one.
_xvsctl_rule_keys()
{
	case $1:$2 in
	acl:del) echo name weight direction ;;
	acl:*) echo name action direction protocol local remote local-port remote-port icmp-type weight \
		stateful idle-timeout vlan log ;;
	*:del) echo name direction local remote ;;
	*) echo name action direction local remote ;;
	esac
}

# What may follow "acl rule" with the words $1 (object), $2 (name and what follows), $3 (the word before).
_xvsctl_rule()
{
	set -- "$1" "$2" "$3" $2
	case $#:$3 in
	3:*) echo add set del help; return ;;
	4:*) [[ $4 != help ]] && _xvsctl_names "$1"; return ;;
	*:action) echo allow deny; [[ $1 == acl ]] || echo meter; return ;;
	*:direction) echo in out; [[ $1 == acl ]] || echo both; return ;;
	*:protocol) echo tcp udp icmp icmpv6 sctp gre esp any; return ;;
	*:stateful | *:log) echo on off; return ;;
	*:local | *:remote) echo any; return ;;
	esac
	(($# % 2)) && _xvsctl_rule_keys "$1" "$4"
}

# Names of the settings of the extension $1 at the switch $2.
_xvsctl_settings()
{
	timeout 2 xvsctl extension show "$1" switch "$2" 2>/dev/null |
		awk '/^$/ { part = 0 } part { print $1 } $1 == "SETTING" { part = 1 }'
}

# What may follow "extension VERB" with the words $1 (verb), $2 (name and what follows), $3 (the word before).
_xvsctl_extension()
{
	set -- "$1" "$3" $2
	case $#:$1:$2 in
	2:list:*) echo switch; return ;;
	*:verify:*) return ;;
	2:export:* | 2:import:*) echo port; return ;;
	3:export:port | 3:import:port) _xvsctl_names port; return ;;
	*:export:* | *:import:*) return ;;
	2:*) _xvsctl_names extension; return ;;
	*:switch) _xvsctl_names switch; return ;;
	*:before | *:after) _xvsctl_names extension; return ;;
	4:set:port | 4:enable:port | 4:disable:port) _xvsctl_names port; return ;;
	3:install:*) echo name switch; return ;;
	5:install:*) if [[ $4 == name ]]; then echo switch; else echo name; fi; return ;;
	3:enable:* | 3:disable:* | 3:set:*) echo switch port; return ;;
	3:*) echo switch; return ;;
	5:move:*) echo before after; return ;;
	*:set:*) (($# % 2)) && [[ $4 == switch ]] && _xvsctl_settings "$3" "$5" ;;
	esac
}

# What may follow the words $1 (object), $2 (verb), $3 (the name), $4 (the word before).
_xvsctl_candidates()
{
	case $1:$2 in
	:) echo apply diff try confirm cancel save show features switch port acl port-acl mac-pool fdb network record route flow extension monitor help; return ;;
	help:) echo apply diff try confirm cancel save show features switch port acl port-acl mac-pool fdb network record route flow extension monitor; return ;;
	apply: | diff: | try:) echo -f; return ;;
	switch:) echo list show add set unset del help; return ;;
	port:) echo list show add set unset del forget-addresses help; return ;;
	mac-pool:) echo set del help; return ;;
	fdb:) echo list show flush add del help; return ;;
	network:) echo list show add set unset del help; return ;;
	record:) echo list show add set del help; return ;;
	route:) echo list add del help; return ;;
	flow:) echo list show flush help; return ;;
	monitor:) echo link attached detached mac_moved logged dropped imported step trial configuration port; return ;;
	acl: | port-acl:) echo list show add set del rule reset help; return ;;
	extension:) echo list show install remove enable disable move set verify export import help; return ;;
	acl:set | acl:del | port-acl:set | port-acl:del)
		[[ $3 ]] || { _xvsctl_names "$1"; return; }
		;;
	switch:set | switch:unset | switch:del | port:set | port:unset | port:del | port:forget-addresses)
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
	acl:list | port-acl:list) _xvsctl_names "$1" ;;
	acl:show | port-acl:show) _xvsctl_names "$1"; echo port ;;
	acl:add | acl:set | port-acl:add | port-acl:set) [[ $3 == "$4" ]] && echo rules ;;
	fdb:list | fdb:show) echo switch vlan port mac ;;
	fdb:flush | fdb:add) echo switch vlan port ;;
	fdb:del) echo switch vlan ;;
	record:list | record:show) echo vsid provider ;;
	flow:list | flow:show | flow:flush) echo port switch ;;
	monitor:*) [[ $3 ]] || echo port ;;
	esac
}

_xvsctl()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local object='' verb='' name='' rest='' word skip='' words

	COMPREPLY=()
	case $before in
	-f | --file | -o | --output | --socket | --state-dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-c | --color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
		return
		;;
	--timeout | --frames | --seed) return ;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $skip$word in
		-f | --file | -o | --output | --socket | --timeout | --frames | --seed | --state-dir) skip=+ ;;
		+* | -* | auto | always | never) skip='' ;;
		*)
			if [[ ! $object ]]; then object=$word
			elif [[ ! $verb ]]; then verb=$word
			else name=$word rest+=" $word"; fi
			;;
		esac
	done
	if [[ $object:$verb:$rest == extension:@(install|verify): && $current != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$current"; compgen -f -X '!*.o' -- "$current")
		return
	fi
	if [[ $current == -* ]]; then
		words=$(_xvsctl_options "$object" "$verb")
	elif [[ $object == @(acl|port-acl) && $verb == rule ]]; then
		words=$(_xvsctl_rule "$object" "$rest" "$before")
	elif [[ $object == extension && $verb && $verb != help ]]; then
		words=$(_xvsctl_extension "$verb" "$rest" "$before")
	else
		words=$(_xvsctl_candidates "$object" "$verb" "$name" "$before")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _xvsctl xvsctl
