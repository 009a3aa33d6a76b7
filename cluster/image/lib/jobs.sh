# shellcheck shell=sh
# Owns what runs in the panes: the foreground job of each, whether it is there, is at work, and what it used.
# Must not know what is done about it. Needs $socket, that of the shell's tmux server; and procfs.

# One command to our server, at most 2 s long: one that hangs must not eat the time of an end.
ask() {
  timeout 2 tmux -S "$socket" -f /dev/null -u "$@" </dev/null 2>/dev/null
}

# Fields of /proc/PID/stat from the state on, in `fields`: the command's name before them, in parentheses, may hold
# anything, line feeds too. 1: no such process.
read_stat() {
  fields=''
  while read -r stat_line || [ -n "$stat_line" ]; do fields="$fields $stat_line"; done 2>/dev/null <"/proc/$1/stat"
  [ -n "$fields" ] || return 1
  fields=${fields##*)}
}

# The process group in the foreground of each pane, where that is not the pane's own shell at its prompt; the pane's
# terminal; when its window last had output (unix seconds). From proc(5): state, ppid, pgrp, session, tty, tpgid.
foreground_jobs() {
  ask list-panes -a -F '#{pane_dead} #{pane_pid} #{pane_tty} #{window_activity}' | while read -r dead pid tty active; do
    [ "$dead" != 1 ] && read_stat "$pid" || continue
    # shellcheck disable=SC2086 # split into fields
    set -- $fields
    if [ "$6" -gt 0 ] && [ "$6" != "$3" ]; then echo "$6 $tty $active"; fi
  done
}

# The shells of the panes themselves.
pane_shells() {
  ask list-panes -a -F '#{?pane_dead,,#{pane_pid}}' | grep .
}

# True where a process of the group $1 is alive. One that ended and that nobody waited for yet can still be signalled.
group_lives() {
  kill -0 "-$1" 2>/dev/null && speaker_of "$1" >/dev/null
}

# Those lines of $1 (group, terminal) whose group is alive.
alive() {
  echo "$1" | while read -r group tty _; do
    if [ -n "$group" ] && group_lives "$group"; then echo "$group $tty"; fi
  done
}

# Those of them that are at work. A program that takes the keys one by one (an editor, a pager, a REPL at its prompt: its
# terminal is not in canonical mode) waits for a person, not for its work.
at_work() {
  alive "$1" | while read -r group tty; do
    case $(stty -a <"$tty" 2>/dev/null) in
      *-icanon*) ;;
      *) echo "$group $tty" ;;
    esac
  done
}

# Every process, one a line: id, parent, group, ticks of the processor (its own and those of the children that it waited
# for), start.
process_table() {
  for process in /proc/[0-9]*; do
    read_stat "${process#/proc/}" || continue
    # shellcheck disable=SC2086 # split into fields
    set -- $fields
    [ "$#" -lt 20 ] || echo "${process#/proc/} $2 $3 $((${12} + ${13} + ${14} + ${15})) ${20}"
  done
}

# Of the table on stdin, for the group $1 and all that descends from it: ticks in sum, number of processes, and the start of
# the group's first process, which with its id names it for good.
tree_use() {
  awk -v group="$1" '
    { parent[$1] = $2; ticks[$1] = $4; if ($3 == group) { inside[$1] = 1; if (first == "" || $5 < first) first = $5 } }
    END {
      do {
        grown = 0
        for (id in parent) if (!inside[id] && inside[parent[id]]) { inside[id] = 1; grown = 1 }
      } while (grown)
      for (id in inside) if (inside[id]) { sum += ticks[id]; count++ }
      print sum + 0, count + 0, (first == "" ? 0 : first)
    }'
}

# The process that a group is known by: its first one, or where that ended (`cat file | job`) another that is alive.
speaker_of() {
  if read_stat "$1"; then
    case $fields in ' Z'* | ' X'*) ;; *) echo "$1"; return ;; esac
  fi
  for process in /proc/[0-9]*; do
    read_stat "${process#/proc/}" || continue
    # shellcheck disable=SC2086 # split into fields
    set -- "$1" $fields
    if [ "$4" = "$1" ] && [ "$2" != Z ] && [ "$2" != X ]; then
      echo "${process#/proc/}"
      return
    fi
  done
  return 1
}

# What the job with the group $1 is called, at most 80 characters: its program, and for some well-known ones what they do.
# Nothing else of its arguments, which may hold secrets.
job_name() {
  speaker=$(speaker_of "$1") || return 1
  job_program=$(tr -d '\000-\037\177' 2>/dev/null <"/proc/$speaker/comm")
  [ -n "$job_program" ] || return 1
  job_verb=''
  case $job_program in
    terraform | tofu | terragrunt | helm | kubectl | pulumi | git | docker | npm | ansible-playbook)
      job_verb=$(tr '\000\n' '\n ' 2>/dev/null <"/proc/$speaker/cmdline" | sed -n 2p | grep -xE '[a-z][a-z-]{0,20}')
      ;;
  esac
  printf '%.80s\n' "$job_program${job_verb:+ $job_verb}"
}

# A word to the edge (PodActivity). $1: busy; $2: ending; $3: seconds at most; names on stdin, a line each.
tell_activity() {
  jq -cRn --argjson busy "$1" --argjson ending "$2" '{busy: $busy, commands: ([inputs] | unique | .[:10]), ending: $ending}' |
    edge_post activity "$3"
}
