# shellcheck shell=sh
# Owns a save's way to the person's own host of git and back: with lease, by Limpet's own configuration and credentials, to a
# ref that no branch list shows, or to a branch where the host refuses such refs.
# Must not know what a save holds.
#
# $shadow/upstream says what this pod knows to be there: `FORM OBJECT`, FORM: ref, branch. Nothing is ever replaced but that,
# what was put back from there, or what cannot be a save of this shell.

: "${LIMPET_PUSH_SECONDS:=240}"

read_upstream() {
  upstream_form=ref upstream_commit=''
  if [ -f "$shadow/upstream" ]; then read -r upstream_form upstream_commit <"$shadow/upstream"; fi
}

# know_upstream FORM OBJECT
know_upstream() {
  upstream_form=$1 upstream_commit=$2
  printf '%s %s\n' "$1" "$2" >"$shadow/upstream.new" && mv -f "$shadow/upstream.new" "$shadow/upstream"
}

# upstream_ref FORM [HASH]: the name of this repository's save, or of that of HASH.
upstream_ref() {
  if [ "$1" = branch ]; then work_target=$branch_ref; else work_target=$ref; fi
  echo "${work_target%/*}/${2:-$hash}"
}

# Whoever ends a save or a restore (its caller, when the time is over) ends its git too: `timeout` has made that one the head
# of a process group of its own, which no signal to ours reaches. One word is left to say.
calling=''
end_calls() {
  # A call's own output is a file.
  exec 7>&1
  trap 'exec >&7; case $calling in "") ;; *) kill "$calling" 2>/dev/null; wait "$calling" ;; esac
    fail SAVE_CUT_SHORT "$below: the time was too short."' HUP INT TERM
}

# call SECONDS PROGRAM…: for at most so long, by Limpet's own configuration, without what a terminal or our lock would give it.
call() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work_git_config GIT_DIR=$shadow timeout -k 5 "$@" </dev/null 7>&- 8>&- &
  calling=$!
  wait "$calling"
  set -- "$?"
  calling=''
  return "$1"
}

# hear: sets push_why, the words that say what kept a call from the host, and push_all, what else it said.
hear() {
  push_why=$(last_line "$shadow/error")
  push_all=$(whole_words "$shadow/error")
}

# try_push FORM OBJECT|'': 0 pushed; otherwise push_said is `lease`, `refused` or `failed`, push_why the host's words.
try_push() {
  work_target=$(upstream_ref "$1")
  call "$LIMPET_PUSH_SECONDS" git push --porcelain --no-verify --no-signed --no-follow-tags --recurse-submodules=no \
    "--force-with-lease=$work_target:$upstream_commit" limpet "$2:$work_target" >"$shadow/work/push" 2>"$shadow/error"
  work_status=$?
  [ "$work_status" -ne 0 ] || return 0
  work_line=$(sed -n "s/^!${tab}[^${tab}]*${tab}//p" "$shadow/work/push" | head -n 1)
  case $work_line in
    '[rejected] (stale info)'* | '[rejected] (fetch first)'* | *'remote ref does not exist'* | *'cannot lock ref'* | \
      *'failed to update ref'* | *'reference already exists'*) push_said=lease ;;
    '[rejected]'* | '[remote rejected]'*) push_said=refused ;;
    *) push_said=failed ;;
  esac
  push_all=''
  if [ -n "$work_line" ]; then
    push_why=$(printf '%s' "$work_line" | tr -d '\000-\037' | cut -c 1-200)
  elif [ "$work_status" -eq 124 ] || [ "$work_status" -eq 137 ]; then
    push_why="no answer within $LIMPET_PUSH_SECONDS s"
  else
    hear
  fi
  return 1
}

# What the host has under both names: work_there, `OBJECT FORM` a line. 1: it cannot be asked (within $1 seconds; 60).
ask_upstream() {
  call "${1:-60}" git ls-remote limpet "$ref" "$branch_ref" >"$shadow/work/remote" 2>"$shadow/error" || return 1
  work_there=$(while read -r work_object work_name; do
    case $work_name in
      "$ref") echo "$work_object ref" ;;
      "$branch_ref") echo "$work_object branch" ;;
    esac
  done <"$shadow/work/remote")
}

# has_there "OBJECT FORM": was it in the last answer?
has_there() {
  printf '%s\n' "$work_there" | grep -Fqx -- "$1"
}

# What the host has of this shell, under whatever folder's name: work/there, `OBJECT FORM HASH` a line, this repository's
# first. 1: it cannot be asked.
ask_shell() {
  call 60 git ls-remote limpet "${ref%/*}/*" "${branch_ref%/*}/*" >"$shadow/work/remote" 2>"$shadow/error" || return 1
  sed -n "s/^\([0-9a-f]*\)${tab}refs\/limpet\/wip\/[^/]*\/\([0-9a-f]*\)\$/\1 ref \2/p
    s/^\([0-9a-f]*\)${tab}refs\/heads\/limpet\/wip\/[^/]*\/\([0-9a-f]*\)\$/\1 branch \2/p" "$shadow/work/remote" >"$shadow/work/listed"
  grep " $hash\$" "$shadow/work/listed" >"$shadow/work/there"
  # Nobody renames a folder more often than that between two pods.
  grep -v " $hash\$" "$shadow/work/listed" | head -n 16 >>"$shadow/work/there"
}

# fetch_upstream FORM [HASH]: into the shadow, as refs/limpet/fetched.
fetch_upstream() {
  call "$LIMPET_PUSH_SECONDS" git fetch -q --no-tags --no-write-fetch-head --refmap= \
    limpet "+$(upstream_ref "$@"):refs/limpet/fetched" >/dev/null 2>"$shadow/error"
}

# Saves under another folder's name that were put back here are of no more use once this one is saved, or has nothing to
# save. What cannot be removed now is tried again.
remove_moved() {
  [ -s "$shadow/moved" ] || return 0
  : >"$shadow/work/still-there"
  while read -r work_form work_of work_object; do
    work_target=$(upstream_ref "$work_form" "$work_of")
    # One that was replaced meanwhile is somebody else's to say.
    call 20 git push --porcelain --no-verify --no-signed --no-follow-tags --recurse-submodules=no \
      "--force-with-lease=$work_target:$work_object" limpet ":$work_target" >"$shadow/work/push" 2>"$shadow/error" ||
      grep -qE 'stale info|remote ref does not exist' "$shadow/work/push" ||
      echo "$work_form $work_of $work_object" >>"$shadow/work/still-there"
  done <"$shadow/moved"
  mv -f "$shadow/work/still-there" "$shadow/moved"
}

# What keeps a save from the host, as code and sentence: fail_upstream.
fail_upstream() {
  case $push_why$newline$push_all in
    *'uthentication failed'* | *'could not read Username'* | *'could not read Password'* | *'ermission denied'* | *'error: 401'* | *'error: 403'*)
      fail GIT_SIGN_IN "The repository's host refused the sign-in, so the work was not saved there: $push_why"
      ;;
    *'read only'* | *'read-only'* | *'eadonly'*)
      fail GIT_READ_ONLY "The key or token may only read, so the work was not saved there: $push_why"
      ;;
    *'unable to access'* | *'Could not '* | *'onnection'* | *'no answer'* | *'not appear to be a git repository'*)
      fail GIT_UNREACHABLE "The repository's host was not reached, so the work was not saved there: $push_why"
      ;;
  esac
  fail PUSH_REFUSED "The repository's host did not take the save: $push_why"
}

# The lease was not kept: somebody else wrote there, or an answer of ours was lost. Sets the expectation anew; a save of this
# shell that nobody has put back becomes a part of the next one ($earlier), so that it is never lost. 1: cannot be asked.
learn_upstream() {
  ask_upstream || return 1
  work_object=$(printf '%s\n' "$work_there" | sed -n "s/ $upstream_form\$//p")
  if [ -z "$work_object" ]; then
    know_upstream "$upstream_form" ''
    return 0
  fi
  fetch_upstream "$upstream_form" || return 1
  work_object=$(ours rev-parse -q --verify refs/limpet/fetched) || return 1
  if is_made "$work_object"; then
    :
  elif is_ours "$work_object" && read_copy && is_here "$work_object" "$saved_copy" "$saved_at"; then
    :
  elif is_ours "$work_object"; then
    earlier="$earlier $work_object"
    skip_line "an earlier save was there that has not been put back: it is kept inside this one"
  else
    skip_line "something that this shell did not write stood in the place of its save: it was replaced"
  fi
  know_upstream "$upstream_form" "$work_object"
}
