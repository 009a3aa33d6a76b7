# shellcheck shell=sh
# Owns the connected repository in the home: reached, and cloned where nothing is yet.
# Must not know of saved work, and must not touch what is in the workspace already.
# Uses $here, $state, $scratch, step, check, own_git, name_git_failure, attempt; read_git was called.

: "${LIMPET_CLONE_SECONDS:=900}"

# The check of address and sign-in: asks the host what is there. Leaves the answer in $scratch/refs.
reach_repository() {
  step git "Asking $git_name for the repository"
  if [ "$git_key" = 1 ] && [ "$git_scheme" = ssh ]; then
    fault=$(key_fault)
    if [ -n "$fault" ]; then
      check git failed GIT_KEY_INVALID "ssh cannot use the key: $fault. Give one in OpenSSH's form without a passphrase."
      return 1
    fi
  fi
  own_git "${LIMPET_GIT_SECONDS:-60}" ls-remote --symref -- "$git_url" HEAD 'refs/heads/*' >"$scratch/refs" && return 0
  name_git_failure "$git_exit"
  check git failed "$git_code" "$git_text"
  return 1
}

# What git says of its progress, as a step once a second: `Receiving objects:  45% (450/1000), 10.00 MiB | 1.00 MiB/s`.
report_progress() {
  trap '' PIPE
  shown=
  while sleep 1 >/dev/null 2>&1; do
    now_at=$(tail -c 300 "$scratch/git" 2>/dev/null | tr '\r' '\n' | grep -o '^\(Receiving objects\|Resolving deltas\|Updating files\): *[0-9]*%' | tail -n 1 | tr -s ' ')
    [ -n "$now_at" ] && [ "$now_at" != "$shown" ] || continue
    shown=$now_at
    # Nobody reads any more: the clone is not for anybody, and the lock is wanted.
    step clone "Cloning the repository: $now_at" 2>/dev/null || kill -TERM "$$"
  done
}

# The workspace below the home, or nothing where it is not one: relative, without . or .. in it.
workspace_path() {
  case /$workspace/ in
    *//* | */./* | */../* | *"
"*) return 0 ;;
  esac
  [ -z "$workspace" ] || printf '%s\n' "$HOME/$workspace"
}

step_clone() {
  folder=$(workspace_path)
  rm -rf -- "$state/clone"
  if [ -z "$git_url" ]; then
    check clone skipped '' 'No repository was given.'
  elif [ -z "$folder" ]; then
    check clone failed WORKSPACE_INVALID "The folder $workspace is none below the home: choose another in the settings."
  elif [ -e "$folder" ] && [ -n "$(ls -A -- "$folder" 2>&1)" ]; then
    stay_in_workspace
  elif [ "$reached" != 1 ]; then
    check clone skipped GIT_NOT_REACHED 'Not cloned, since the repository was not reached.'
  else
    clone_repository
  fi
}

# The workspace is there: a repository of the same address is brought up to date with its remote; nothing else is touched.
stay_in_workspace() {
  # A repository of its own: the home itself may be one.
  remote=
  [ ! -e "$folder/.git" ] || remote=$(git -C "$folder" config --get-regexp '^remote\..*\.url$' 2>/dev/null | same_remote)
  if [ -z "$remote" ]; then
    check clone conflict WORKSPACE_OCCUPIED "~/$workspace holds something else already, so the repository was not cloned into it. Move it away or choose another folder in the settings, then set up again."
    return
  fi
  present=1
  if [ "$reached" != 1 ]; then
    check clone skipped GIT_NOT_REACHED "~/$workspace is there already; its remote was not reached."
    return
  fi
  step clone "Fetching into ~/$workspace"
  fetch_into "$folder" "$remote"
  if [ "$git_exit" = 0 ]; then
    check clone done '' "~/$workspace is there already; its remote was fetched, and nothing else was touched."
  else
    name_git_failure "$git_exit"
    check clone failed "$git_code" "$git_text"
  fi
}

# Brings the remote $2 of the repository $1 up to date, and nothing else of it: what the person fetches elsewhere (into their
# own branches, as a mirror does), or takes away with it, is for their own git. What they narrowed it to stays so.
fetch_into() {
  set -f
  # shellcheck disable=SC2046 # one refspec a word: a ref's name has no space
  set -- "$1" "$2" $(git -C "$1" config --get-all "remote.$2.fetch" 2>/dev/null | grep -E '^(\+?[^:]+:refs/remotes/|\^)')
  set +f
  case " ${3:-} ${4:-}" in *:*) ;; *) set -- "$1" "$2" "+refs/heads/*:refs/remotes/$2/*" ;; esac
  fetched_folder=$1
  shift
  own_git "$LIMPET_CLONE_SECONDS" -C "$fetched_folder" fetch --quiet --no-auto-gc --no-recurse-submodules --no-prune \
    --no-write-fetch-head --refmap= "$@"
}

# Reads `remote.NAME.url ADDRESS`; prints the name of the connected one.
same_remote() {
  while read -r key address; do
    if [ "${address%.git}" = "${git_url%.git}" ]; then
      key=${key#remote.}
      printf '%s\n' "${key%.url}"
      break
    fi
  done
}

# Into a folder of its own first: what was broken off never lies in the workspace.
clone_repository() {
  unborn=0
  grep -q 'refs/heads/' "$scratch/refs" || unborn=1
  if [ -n "$git_branch" ] && [ "$unborn" = 0 ] && ! grep -q "	refs/heads/$(printf %s "$git_branch" | sed 's/[].[*^$\\/]/\\&/g')\$" "$scratch/refs"; then
    check clone failed GIT_BRANCH_NOT_FOUND "$git_name: the repository has no branch $git_branch. Give another in the settings, or none for the default one; then set up again."
    return
  fi
  step clone "Cloning the repository"
  report_progress 8>&- 9>&- &
  reporter=$!
  set -- clone --progress --no-checkout
  [ -z "$git_branch" ] || [ "$unborn" = 1 ] || set -- "$@" --branch "$git_branch"
  own_git "$LIMPET_CLONE_SECONDS" "$@" -- "$git_url" "$state/clone" >/dev/null
  kill "$reporter" 2>/dev/null
  wait "$reporter" 2>/dev/null
  reporter=
  if [ "$git_exit" != 0 ]; then
    name_git_failure "$git_exit"
    rm -rf -- "$state/clone"
    check clone failed "$git_code" "$git_text"
    return
  fi
  if [ "$unborn" = 1 ]; then
    [ -z "$git_branch" ] || git -C "$state/clone" symbolic-ref HEAD "refs/heads/$git_branch"
  else
    step clone 'Checking the files out'
    # By the person's own settings: their line endings, their LFS.
    GIT_TERMINAL_PROMPT=0 LC_ALL=C timeout -k 5 "$LIMPET_CLONE_SECONDS" git -C "$state/clone" checkout --quiet HEAD -- \
      </dev/null >/dev/null 2>"$scratch/git" 8>&- 9>&-
    git_exit=$?
    if [ "$git_exit" != 0 ]; then
      git_seconds=$LIMPET_CLONE_SECONDS
      name_git_failure "$git_exit"
      rm -rf -- "$state/clone"
      check clone failed "$git_code" "$git_text"
      return
    fi
  fi
  # An empty folder gives way; rmdir takes no other.
  if attempt mkdir -p -- "${folder%/*}" && { [ ! -e "$folder" ] || attempt rmdir -- "$folder"; } &&
    attempt mv -T -- "$state/clone" "$folder"; then
    present=1
    if [ "$unborn" = 1 ]; then
      check clone done '' "Cloned into ~/$workspace. The repository has no commit yet."
    else
      branch=$(git -C "$folder" symbolic-ref --quiet --short HEAD 2>/dev/null)
      check clone done '' "Cloned into ~/$workspace, branch ${branch:-(none)}."
    fi
  else
    rm -rf -- "$state/clone"
    check clone failed HOME_NOT_WRITABLE "~/$workspace could not be made: $write_error. Make room for it, then set up again."
  fi
}
