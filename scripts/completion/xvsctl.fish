# SPDX-License-Identifier: GPL-2.0-only
# fish completion for xvsctl

# Names of a kind of object, as the daemon knows them.
function __xvsctl_names
    timeout 2 xvsctl -br $argv[1] list 2>/dev/null | string replace -r ' .*' ''
end

# The words of the command line that are no options.
function __xvsctl_words
    commandline -opc | string match -v -- '-*'
end

# Whether the object is $argv[1] and the verb, where any are named, one of the rest.
function __xvsctl_at
    set -l words (__xvsctl_words)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]; or return 1
    test (count $argv) -eq 1; or contains -- "$words[3]" $argv[2..-1]
end

# Whether the object is $argv[1] and a verb is to come.
function __xvsctl_wants_verb
    set -l words (__xvsctl_words)
    test (count $words) -eq 2; and contains -- $words[2] $argv
end

# Whether the name behind the verb is to come.
function __xvsctl_wants_name
    test (count (__xvsctl_words)) -eq 3
end

# Whether the value of the keyword $argv[1] is to come.
function __xvsctl_after
    set -l words (__xvsctl_words)
    test (count $words) -ge 4; and test "$words[-1]" = $argv[1]
end

function __xvsctl_wants_word
    not __xvsctl_after switch; and not __xvsctl_after port; and not __xvsctl_after vlan; and not __xvsctl_after mac
end

# What may follow "acl rule": add, set or del, the list's name, then keys and values.
function __xvsctl_rule
    set -l words (__xvsctl_words)
    set -l object $words[2]
    switch (count $words)
        case 3
            printf '%s\n' add set del help
            return
        case 4
            test "$words[4]" = help; or __xvsctl_names $object
            return
    end
    switch $words[-1]
        case action
            printf '%s\n' allow deny
            test $object = acl; or echo meter
        case direction
            printf '%s\n' in out
            test $object = acl; or echo both
        case protocol
            printf '%s\n' tcp udp icmp icmpv6 sctp gre esp any
        case stateful log
            printf '%s\n' on off
        case local remote
            echo any
        case '*'
            test (math (count $words) % 2) -eq 1; and __xvsctl_rule_keys $object $words[4]
    end
end

# The keys of a rule of the list's kind $argv[1]; with `del` as $argv[2], those that name one.
function __xvsctl_rule_keys
    switch "$argv"
        case 'acl del'
            printf '%s\n' name weight direction
        case 'acl *'
            printf '%s\n' name action direction protocol local remote local-port remote-port icmp-type \
                weight stateful idle-timeout vlan log
        case '* del'
            printf '%s\n' name direction local remote
        case '*'
            printf '%s\n' name action direction local remote
    end
end

# Names of the settings of the extension $argv[1] at the switch $argv[2].
function __xvsctl_settings
    timeout 2 xvsctl extension show $argv[1] switch $argv[2] 2>/dev/null |
        awk '/^$/ { part = 0 } part { print $1 } $1 == "SETTING" { part = 1 }'
end

# What may follow "extension VERB".
function __xvsctl_extension
    set -l words (__xvsctl_words)
    set -l verb $words[3]
    switch (count $words):$verb:$words[-1]
        case '3:list:*'
            echo switch
        case '3:export:*' '3:import:*'
            echo port
        case '4:export:port' '4:import:port'
            __xvsctl_names port
        case '*:export:*' '*:import:*'
        case '3:install:*' '3:verify:*'
            __fish_complete_suffix .o
        case '3:help:*' '*:verify:*'
        case '3:*'
            __xvsctl_names extension
        case '*:before' '*:after'
            __xvsctl_names extension
        case '*:switch'
            __xvsctl_names switch
        case '5:set:port' '5:enable:port' '5:disable:port'
            __xvsctl_names port
        case '4:install:*'
            printf '%s\n' name switch
        case '6:install:*'
            test $words[5] = name; and echo switch; or echo name
        case '4:enable:*' '4:disable:*' '4:set:*'
            printf '%s\n' switch port
        case '4:*'
            echo switch
        case '6:move:*'
            printf '%s\n' before after
        case '*:set:*'
            test (math (count $words) % 2) -eq 0; and test $words[5] = switch
            and __xvsctl_settings $words[4] $words[6]
    end
end

# Whether the command changes the configuration.
function __xvsctl_changes
    for object in switch port acl port-acl mac-pool
        __xvsctl_at $object add set unset del rule; and return 0
    end
    __xvsctl_at extension install remove enable disable move set; and return 0
    __xvsctl_at apply
end

set -l objects apply diff try confirm cancel save show features switch port acl port-acl mac-pool fdb network record route flow extension monitor

complete -c xvsctl -f
complete -c xvsctl -s j -l json -d 'the reply as JSON'
complete -c xvsctl -s p -l pretty -d 'with -j: indented'
complete -c xvsctl -s s -l stats -d 'counters and drops in the list of ports'
complete -c xvsctl -s d -l details -d 'a page for each object; steps in diff'
complete -c xvsctl -o br -l brief -d 'names and states only'
complete -c xvsctl -l color -x -a 'auto always never' -d 'colour of states'
complete -c xvsctl -l socket -r -F -d 'the socket of the daemon'
complete -c xvsctl -s V -l version -d 'print the version'
complete -c xvsctl -s h -l help -d 'print help'
complete -c xvsctl -n '__xvsctl_at apply; or __xvsctl_at diff; or __xvsctl_at try; or __xvsctl_at extension import' -s f -l file -r -F -d 'what to read'
complete -c xvsctl -n '__xvsctl_at extension export' -s o -l output -r -F -d 'where to write'
complete -c xvsctl -n '__xvsctl_at extension import' -l strict -d 'all of it, or nothing'
complete -c xvsctl -n __xvsctl_changes -l dry-run -d 'only say what would be done'
complete -c xvsctl -n '__xvsctl_changes; or __xvsctl_at confirm' -l save -d 'for the next boot too'
complete -c xvsctl -n '__xvsctl_at try' -l timeout -x -a '60s 5m 1h' -d 'time to confirm'
complete -c xvsctl -n '__xvsctl_at try' -l no-wait -d "don't wait for the outcome"
complete -c xvsctl -n '__xvsctl_at extension verify' -l frames -x -a '10000 50000 1000000' -d 'how many are thrown at it'
complete -c xvsctl -n '__xvsctl_at extension verify' -l seed -x -d 'what they are made of'
complete -c xvsctl -n '__xvsctl_at extension verify' -l state-dir -r -F -d "the daemon's"
complete -c xvsctl -n '__xvsctl_at extension verify' -l no-certificate -d 'keep and take back none'
complete -c xvsctl -n '__xvsctl_at show' -l yaml -d 'the running configuration'

complete -c xvsctl -n 'test (count (__xvsctl_words)) -eq 1' -a "$objects help"
complete -c xvsctl -n '__xvsctl_wants_verb help' -a "$objects"
complete -c xvsctl -n '__xvsctl_wants_verb switch port' -a 'list show add set unset del help'
complete -c xvsctl -n '__xvsctl_wants_verb acl port-acl' -a 'list show add set del rule reset help'
complete -c xvsctl -n '__xvsctl_wants_verb port' -a forget-addresses
complete -c xvsctl -n '__xvsctl_wants_verb mac-pool' -a 'set del help'
complete -c xvsctl -n '__xvsctl_wants_verb fdb' -a 'list show flush add del help'
complete -c xvsctl -n '__xvsctl_wants_verb network' -a 'list show add set unset del help'
complete -c xvsctl -n '__xvsctl_wants_verb record' -a 'list show add set del help'
complete -c xvsctl -n '__xvsctl_wants_verb route' -a 'list add del help'
complete -c xvsctl -n '__xvsctl_at record list show; and __xvsctl_wants_word' -a 'vsid provider'
complete -c xvsctl -n '__xvsctl_wants_verb flow' -a 'list show flush help'
complete -c xvsctl -n '__xvsctl_wants_verb extension' -a 'list show install remove enable disable move set verify export import help'
complete -c xvsctl -n '__xvsctl_at extension; and test (count (__xvsctl_words)) -gt 2' -a '(__xvsctl_extension)'
complete -c xvsctl -n '__xvsctl_at switch list show; and __xvsctl_wants_word' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_at port list show; and __xvsctl_wants_word' -a '(__xvsctl_names port) switch'
complete -c xvsctl -n '__xvsctl_at switch set unset del; and __xvsctl_wants_name' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_at port set unset del forget-addresses; and __xvsctl_wants_name' -a '(__xvsctl_names port)'
for object in acl port-acl
    complete -c xvsctl -n "__xvsctl_at $object list show; and __xvsctl_wants_word" -a "(__xvsctl_names $object)"
    complete -c xvsctl -n "__xvsctl_at $object show; and __xvsctl_wants_word" -a port
    complete -c xvsctl -n "__xvsctl_at $object set del; and __xvsctl_wants_name" -a "(__xvsctl_names $object)"
    complete -c xvsctl -n "__xvsctl_at $object add set; and test (count (__xvsctl_words)) -eq 4" -a rules
    complete -c xvsctl -n "__xvsctl_at $object rule" -a '(__xvsctl_rule)'
end
complete -c xvsctl -n '__xvsctl_at fdb list show flush add del; and __xvsctl_wants_word' -a 'switch vlan'
complete -c xvsctl -n '__xvsctl_at fdb list show flush add; and __xvsctl_wants_word' -a port
complete -c xvsctl -n '__xvsctl_at fdb list show; and __xvsctl_wants_word' -a mac
complete -c xvsctl -n '__xvsctl_at flow list show flush; and __xvsctl_wants_word' -a 'port switch'
complete -c xvsctl -n '__xvsctl_wants_verb monitor' -a 'link attached detached mac_moved logged dropped imported step trial configuration port'
complete -c xvsctl -n '__xvsctl_at monitor; and __xvsctl_wants_name; and not contains -- port (__xvsctl_words)' -a port
complete -c xvsctl -n '__xvsctl_at monitor; and test (__xvsctl_words)[-1] = port' -a '(__xvsctl_names port)'
complete -c xvsctl -n '__xvsctl_after switch; and not __xvsctl_at extension' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_after port; and not __xvsctl_at extension' -a '(__xvsctl_names port)'
complete -c xvsctl -n '__xvsctl_after port; and __xvsctl_at fdb' -a 'uplink host'
