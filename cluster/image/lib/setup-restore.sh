# shellcheck shell=sh
# Owns when what was saved is put back: once in the life of a pod, and with no save between.
# Must not know how it was saved: `restore-home` and `restore-repository` do that, with a line of JSON each.
# Uses $here, $state, $line, $scratch, step, check; `folder`, `present` and `reached` are lib/setup-clone.sh's.

# Runs a program of ours that prints one line of JSON {state, text, code}, and takes that into restored, restore_text and
# restore_code; `failed` where there is no such line.
run_restore() {
  restored=failed restore_text='' restore_code=''
  restore_name=$1
  shift
  if [ ! -x "$here/$restore_name" ]; then
    restore_code=IMAGE_INCOMPLETE
    restore_text="The image of this shell lacks $restore_name: ask the people who run Limpet for a newer one."
    return
  fi
  said=$(timeout -k 10 "${LIMPET_RESTORE_SECONDS:-900}" "$here/$restore_name" "$@" 2>"$scratch/restore" 8>&- 9>&- | tail -n 1)
  case $said in
    '{"state":"'*'","text":"'*'","skipped":['*'],"code":'*'}') read_said ;;
  esac
  case $restored/$restore_code in
    failed/) restore_code=RESTORE_FAILED ;;
    conflict/) restore_code=RESTORE_CONFLICT ;;
  esac
  [ "$restored" != failed ] || [ -n "$restore_text" ] ||
    restore_text="$restore_name did not come to its end: $(head -n 1 "$scratch/restore"). What is saved is still there; set up again."
}

# Takes $said apart. (jq takes 15 ms; most sentences need none of it.)
read_said() {
  case $said in
    *\\*)
      eval "$(printf '%s\n' "$said" | jq -r '@sh "restored=\(.state) restore_text=\(.text) restore_code=\(.code // "")"' 2>/dev/null)"
      return
      ;;
  esac
  restored=${said#'{"state":"'}
  restored=${restored%%\"*}
  restore_text=${said#*'"text":"'}
  restore_text=${restore_text%%'","skipped":['*}
  restore_code=${said##*'],"code":'}
  restore_code=${restore_code%\}}
  if [ "$restore_code" = null ]; then restore_code=''; fi
  restore_code=${restore_code#\"}
  restore_code=${restore_code%\"}
}

# The check of step $1 for what run_restore found.
say_restore() {
  case $restored in
    restored) check "$1" done '' "$restore_text" ;;
    nothing) check "$1" skipped '' "$restore_text" ;;
    *) check "$1" "$restored" "$restore_code" "$restore_text" ;;
  esac
}

# Until what was saved is back, no save may run: the little that is here would take its place. $state/save.lock is what
# `save` holds; it is ours from before the edge is known here until the end.
hold_saves() {
  exec 8>"$state/save.lock" || return 0
  flock -n 8 && return 0
  step edge 'Waiting for a save to end'
  flock -w 300 8 || :
}

work_mark() {
  printf '%s/setup/work-%s' "$state" "$(printf %s "$git_url" | sha256sum | cut -c 1-16)"
}

is_restored() {
  [ -e "$state/setup/home" ] && [ ! -d "$state/restore/later" ] && { [ -z "$git_url" ] || [ -e "$(work_mark)" ]; }
}

# The home of the last pod, once in the life of this one: what is here later is newer than any snapshot.
step_home() {
  if [ -e "$state/setup/home" ]; then
    # Repositories whose remote was not reached, or that somebody has cloned by now.
    if [ -d "$state/restore/later" ]; then
      step home 'Putting back what waited'
      run_restore restore-home later others </dev/null
      if [ "$restored" != nothing ]; then
        say_restore home
        return
      fi
    fi
    check home skipped '' 'The home is as you left it.'
    return
  fi
  if [ -z "$has_snapshot" ]; then
    : >"$state/setup/home"
    check home skipped '' 'There is no snapshot of a home yet.'
    return
  fi
  step home 'Putting the home back as it was saved'
  jq -c '.snapshot' "$line" >"$scratch/snapshot"
  # After a try that failed ours is in the places of theirs; it comes back in a moment.
  include_person out
  take_clouds
  run_restore restore-home <"$scratch/snapshot"
  [ "$restored" = failed ] || : >"$state/setup/home"
  say_restore home
}

# The saved work of the connected repository, likewise; then what the snapshot has for it and could not go before the clone.
step_work() {
  # What the last pod could not push went with its home.
  waiting=$state/restore/later/bundles/$(printf %s "$workspace" | sha256sum | cut -c 1-16).bundle
  if [ -z "$git_url" ]; then
    check work skipped '' 'No repository was given.'
  elif [ "$present" != 1 ]; then
    check work skipped '' 'The repository is not there yet.'
  elif [ -e "$(work_mark)" ]; then
    restored=nothing
    if [ -f "$waiting" ] || [ -d "$state/restore/later/home" ]; then run_restore restore-home later </dev/null; fi
    if [ "$restored" = nothing ]; then restore_text='The work is as you left it.'; fi
    say_restore work
  elif [ "$reached" != 1 ]; then
    check work skipped GIT_NOT_REACHED 'Whether there is saved work is not known, since the repository was not reached.'
  else
    step work 'Putting the saved work back'
    if [ -f "$waiting" ]; then set -- "$waiting"; else set --; fi
    run_restore restore-repository pull "$folder" "$@" </dev/null
    pulled=$restored pulled_code=$restore_code pulled_text=$restore_text
    [ "$pulled" = failed ] || [ ! -d "$state/restore/later" ] || {
      run_restore restore-home later </dev/null
      # The worse of the two is what is said, with both sentences where both did something.
      case $pulled/$restored in
        */nothing) restored=$pulled restore_code=$pulled_code restore_text=$pulled_text ;;
        nothing/*) ;;
        conflict/restored) restored=conflict restore_code=$pulled_code restore_text="$pulled_text $restore_text" ;;
        *) restore_text="$pulled_text $restore_text" ;;
      esac
    }
    [ "$restored" = failed ] || : >"$(work_mark)"
    say_restore work
  fi
}
