#!/bin/sh
# Runs a command (the broker's JVM) and stops it in order when its own standard input ends, which is when the Node
# process that holds the other end goes away, even by kill -9. Plain POSIX sh: a JRE machine has no more than that.
#   watchdog.sh PIDFILE GRACE_SECONDS TEMP_ARCHIVE FINAL_ARCHIVE COMMAND [ARG...]
# stdin: the pipe; a line in it is another GRACE_SECONDS. stdout: one line, the command's pid. stderr: the log, for the
# command's output too.
# A class archive that the JVM wrote to TEMP_ARCHIVE as it ended moves to FINAL_ARCHIVE. Exits with the command's
# status.
pidfile=$1 grace=$2 temp=$3 final=$4
shift 4
trap '' INT HUP
exec 4<&0

(trap - INT HUP; exec "$@") </dev/null >&2 4<&- &
jvm=$!
echo "$jvm" >"$pidfile.$$" && mv -f "$pidfile.$$" "$pidfile"
echo "$jvm"
exec >&2

# The one who reads the pipe. `wait` has not returned while this runs, so the pid is still ours, dead or alive.
(
  while read -r line <&4; do grace=$line; done
  sleep "$grace" 4<&- &
  sleeper=$!
  trap 'kill "$sleeper"; wait "$sleeper"; exit 0' TERM
  kill -TERM "$jvm"
  wait "$sleeper"
  kill -KILL "$jvm"
) &
reader=$!
exec 4<&- </dev/null

wait "$jvm"
status=$?
kill -TERM "$reader" 2>/dev/null
wait "$reader"
# 143: ended by SIGTERM, as every ordered stop does.
if [ -n "$temp" ]; then
  case $status in
    0 | 143) [ -s "$temp" ] && mv -f "$temp" "$final" ;;
    *) rm -f "$temp" ;;
  esac
fi
exit "$status"
