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

# Whether the command changes the configuration.
function __xvsctl_changes
    for object in switch port mac-pool
        __xvsctl_at $object add set unset del; and return 0
    end
    __xvsctl_at apply
end

set -l objects apply diff try confirm cancel save show features switch port mac-pool fdb flow monitor

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
complete -c xvsctl -n '__xvsctl_at apply; or __xvsctl_at diff; or __xvsctl_at try' -s f -l file -r -F -d 'what to read'
complete -c xvsctl -n __xvsctl_changes -l dry-run -d 'only say what would be done'
complete -c xvsctl -n '__xvsctl_changes; or __xvsctl_at confirm' -l save -d 'for the next boot too'
complete -c xvsctl -n '__xvsctl_at try' -l timeout -x -a '60s 5m 1h' -d 'time to confirm'
complete -c xvsctl -n '__xvsctl_at try' -l no-wait -d "don't wait for the outcome"
complete -c xvsctl -n '__xvsctl_at show' -l yaml -d 'the running configuration'

complete -c xvsctl -n 'test (count (__xvsctl_words)) -eq 1' -a "$objects help"
complete -c xvsctl -n '__xvsctl_wants_verb help' -a "$objects"
complete -c xvsctl -n '__xvsctl_wants_verb switch port' -a 'list show add set unset del help'
complete -c xvsctl -n '__xvsctl_wants_verb mac-pool' -a 'set del help'
complete -c xvsctl -n '__xvsctl_wants_verb fdb' -a 'list show flush add del help'
complete -c xvsctl -n '__xvsctl_wants_verb flow' -a 'list show flush help'
complete -c xvsctl -n '__xvsctl_at switch list show; and __xvsctl_wants_word' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_at port list show; and __xvsctl_wants_word' -a '(__xvsctl_names port) switch'
complete -c xvsctl -n '__xvsctl_at switch set unset del; and __xvsctl_wants_name' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_at port set unset del; and __xvsctl_wants_name' -a '(__xvsctl_names port)'
complete -c xvsctl -n '__xvsctl_at fdb list show flush add del; and __xvsctl_wants_word' -a 'switch vlan'
complete -c xvsctl -n '__xvsctl_at fdb list show flush add; and __xvsctl_wants_word' -a port
complete -c xvsctl -n '__xvsctl_at fdb list show; and __xvsctl_wants_word' -a mac
complete -c xvsctl -n '__xvsctl_at flow list show flush; and __xvsctl_wants_word' -a 'port switch'
complete -c xvsctl -n '__xvsctl_after switch' -a '(__xvsctl_names switch)'
complete -c xvsctl -n '__xvsctl_after port' -a '(__xvsctl_names port)'
complete -c xvsctl -n '__xvsctl_after port; and __xvsctl_at fdb' -a 'uplink host'
