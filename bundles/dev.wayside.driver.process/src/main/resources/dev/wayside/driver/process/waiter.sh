#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The waiter: runs one attempt of one container and outlives the gateway that asked for it.
#
#   run DIR USER WORKDIR PROGRAM [ARG...]   starts the program, waits, records DIR/exit
#   exec DIR USER WORKDIR PROGRAM [ARG...]  (by run) records DIR/started and becomes the program
#   join DIR USER WORKDIR PROGRAM [ARG...]  becomes a program beside the one that runs
#   log DIR                                 (by run) keeps what it reads in DIR/log, bounded
#   signal DIR NAME                         signals the program's group, if it is still the same
#   kill DIR                                kills all that is left of it
#
# DIR/claim     made first, and by one waiter only: an attempt runs once
# DIR/started   boot id, pid and start time, on disk before the program runs, so that there is no
#               moment at which it runs unrecorded
# DIR/exit      exit code, and OOMKilled or -
#
# The program's environment comes as WAYSIDE_ENV_0 … and is unpacked by the last step alone, so that
# no name in it (PATH, LD_PRELOAD) has a say in what runs here. A text with a backslash in it is in
# printf's %b notation: the caller may not be able to pass on anything but ASCII.
set -u
umask 077
mode=$1
dir=$2
shift 2

sync_path() {
    sync "$1" 2>/dev/null || sync
}

# record NAME TEXT: whole or not at all, also after a power cut
record() {
    printf '%s\n' "$2" >"$dir/.$1.$$" && sync_path "$dir/.$1.$$" &&
        mv -f "$dir/.$1.$$" "$dir/$1" && sync_path "$dir"
}

# begun PID: when it started, field 22 of its stat; its name, field 2, may hold anything
begun() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    set -f
    # shellcheck disable=SC2086 # splitting is what is wanted
    set -- ${stat##*) }
    begun=${20-}
}

identify() {
    read -r boot </proc/sys/kernel/random/boot_id && begun $$ && identity="$boot $$ $begun"
}

# Whether the program that was started is still there; a pid alone says nothing.
alive() {
    read -r boot pid since <"$dir/started" || return 1
    read -r now </proc/sys/kernel/random/boot_id
    [ "$boot" = "$now" ] && begun "$pid" && [ "$begun" = "$since" ]
}

kill_groups() {
    [ -f "$dir/cgroup" ] || return 0
    while read -r group; do
        [ ! -e "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill"
        tries=0
        # Again and again, as they may fork meanwhile; but not for ever.
        while [ "$tries" -lt 50 ]; do
            pids=$(cat "$group/cgroup.procs" 2>/dev/null)
            [ -n "$pids" ] || break
            # shellcheck disable=SC2086 # one word per pid
            kill -s KILL $pids
            tries=$((tries + 1))
        done
    done <"$dir/cgroup"
} 2>/dev/null

out_of_memory() {
    [ -f "$dir/cgroup" ] || return 1
    while read -r group; do
        for events in "$group/memory.events" "$group/memory.oom_control"; do
            [ -f "$events" ] || continue
            while read -r key count; do
                if [ "$key" = oom_kill ] && [ "$count" -gt 0 ]; then
                    return 0
                fi
            done <"$events"
        done
    done <"$dir/cgroup"
    return 1
}

log_size() {
    if [ -f "$dir/log" ]; then wc -c <"$dir/log"; else echo 0; fi
}

# become USER WORKDIR PROGRAM [ARG...]
become() {
    user=$1
    workdir=$2
    shift 2
    if [ -f "$dir/cgroup" ]; then
        while read -r group; do
            { echo $$ >"$group/cgroup.procs"; } 2>/dev/null || [ "$mode" = join ] ||
                echo "wayside: no limits: cannot join $group" >&2
        done <"$dir/cgroup"
    fi
    cd "$workdir" || exit 126
    umask 022
    # A text of its own, because the user of the next step may not read this file.
    enter='
        unset OLDPWD
        WAYSIDE_ENV_AT=0
        while [ "$WAYSIDE_ENV_AT" -lt "$WAYSIDE_ENV" ]; do
            eval "WAYSIDE_ENV_PAIR=\$WAYSIDE_ENV_$WAYSIDE_ENV_AT"
            unset "WAYSIDE_ENV_$WAYSIDE_ENV_AT"
            case $WAYSIDE_ENV_PAIR in
            *\\*)
                WAYSIDE_ENV_PAIR=$(printf "%b." "$WAYSIDE_ENV_PAIR")
                WAYSIDE_ENV_PAIR=${WAYSIDE_ENV_PAIR%.}
                ;;
            esac
            command export "$WAYSIDE_ENV_PAIR"
            WAYSIDE_ENV_AT=$((WAYSIDE_ENV_AT + 1))
        done
        WAYSIDE_ENV_AT=$#
        while [ "$WAYSIDE_ENV_AT" -gt 0 ]; do
            WAYSIDE_ENV_PAIR=$1
            shift
            case $WAYSIDE_ENV_PAIR in
            *\\*)
                WAYSIDE_ENV_PAIR=$(printf "%b." "$WAYSIDE_ENV_PAIR")
                WAYSIDE_ENV_PAIR=${WAYSIDE_ENV_PAIR%.}
                ;;
            esac
            set -- "$@" "$WAYSIDE_ENV_PAIR"
            WAYSIDE_ENV_AT=$((WAYSIDE_ENV_AT - 1))
        done
        unset WAYSIDE_ENV WAYSIDE_ENV_AT WAYSIDE_ENV_PAIR
        exec "$@"'
    if [ "$user" = - ]; then
        exec /bin/sh -c "$enter" sh "$@"
    fi
    exec setpriv "--reuid=${user%%:*}" "--regid=${user##*:}" --clear-groups /bin/sh -c "$enter" sh "$@"
}

case $mode in
run)
    mkdir "$dir/claim" 2>/dev/null || exit 0
    # Caught, not ignored: the program must not inherit it.
    trap : HUP INT QUIT TERM
    rm -f "$dir/pipe"
    mkfifo "$dir/pipe" || {
        rmdir "$dir/claim"
        exit 1
    }
    /bin/sh "$0" log "$dir" <"$dir/pipe" >/dev/null 2>&1 &
    # In the foreground: a background job would ignore SIGINT.
    setsid /bin/sh "$0" exec "$dir" "$@" </dev/null >"$dir/pipe" 2>&1
    code=$?
    if [ ! -f "$dir/started" ]; then
        rmdir "$dir/claim"
        exit 1
    fi
    read -r boot pid since <"$dir/started"
    # Its group's number is not given away while the group has members, nor so soon after.
    kill -s KILL -- "-$pid" 2>/dev/null
    kill_groups
    if [ "$code" -eq 137 ] && out_of_memory; then reason=OOMKilled; else reason=-; fi
    # Until it is recorded the container counts as running; a full disk may take a while.
    until record exit "$code $reason"; do sleep 10; done
    ;;
exec)
    identify && record started "$identity" || exit 125
    become "$@"
    ;;
join)
    become "$@"
    ;;
log)
    # dd hands on each read at once. A file ends with 4 to 8 MiB; two older ones are kept.
    while :; do
        before=$(log_size)
        if dd bs=16384 count=256 >>"$dir/log" 2>/dev/null; then
            after=$(log_size)
            [ "$after" -ne "$before" ] || exit 0
            if [ "$after" -ge 4194304 ]; then
                [ ! -f "$dir/log.1" ] || mv -f "$dir/log.1" "$dir/log.2"
                mv -f "$dir/log" "$dir/log.1"
            fi
        else
            # Disk full, or the folder gone: the program goes on, its words are lost.
            lost=$(dd bs=16384 count=256 2>/dev/null | wc -c)
            [ "$lost" -gt 0 ] || exit 0
        fi
    done
    ;;
signal)
    if alive; then kill -s "$1" -- "-$pid" 2>/dev/null; fi
    ;;
kill)
    if alive; then kill -s KILL -- "-$pid" 2>/dev/null; fi
    kill_groups
    ;;
esac
