# shellcheck shell=sh
# Owns which save is to be put back, if any: found upstream or in a bundle, verified, the newest of them (lib/work-order.sh),
# not put back already; and the clone that a bundle needs where there is none.
# Must not know how it is put back.

# Sets found_commit, the newest save of this shell that this pod has not, in the shadow; or answers. Looked for upstream,
# under a name that the folder had before too, and in the bundle, where one waits for this repository.
find_newest() {
  [ -n "$work_url" ] || answer nothing "No repository is connected."
  find_repository || fail REPOSITORY "$below is no git repository: clone it first."
  open_shadow
  set_remote "$work_url"
  : >"$shadow/work/saves"
  found_here='' found_foreign=''
  ask_shell || {
    hear
    fail_asking
  }
  while read -r work_object work_form work_of; do
    note_upstream
  done <"$shadow/work/there"
  if [ -n "$bundle" ]; then note_bundle; fi
  choose_save || answer_nothing_found
}

# note_upstream: the save $work_object of $work_of, upstream as $work_form.
note_upstream() {
  # This pod made it, or put it back: what is in the folder is newer.
  if is_made "$work_object"; then
    found_here=1
    if [ "$work_of" = "$hash" ]; then know_upstream "$work_form" "$work_object"; fi
    return
  fi
  # What another folder of this pod had is for that one.
  if [ "$work_of" != "$hash" ] && { [ -e "$state/save/$work_of/HEAD" ] || [ -e "$state/restore/later/bundles/$work_of.bundle" ]; }; then
    return
  fi
  fetch_upstream "$work_form" "$work_of" || {
    hear
    fail_asking
  }
  work_object=$(ours rev-parse -q --verify refs/limpet/fetched) || return 0
  if is_ours "$work_object" "$work_of"; then
    if [ "$work_of" = "$hash" ] || names_remote "$work_object"; then note_save "$work_object" "$work_form" "$work_of"; fi
  elif [ "$work_of" = "$hash" ]; then
    found_foreign=1
  fi
}

# Does the record OBJECT name the connected repository as a remote?
names_remote() {
  work_address=$(printf %s "$work_url" | strip_address)
  record_remotes "$1" | sed "s/^[^$tab]*$tab//; s/\.git$//" | grep -Fqx -- "${work_address%.git}"
}

# The bundle's save, where it can be put back here. Of any other `restore-repository bundle` says what is wrong with it.
note_bundle() {
  bundle_commit=''
  [ -f "$bundle" ] && open_bundle "$bundle" && is_ours "$bundle_commit" || return 0
  if lacks_base; then
    work_git=$gitdir
    fetch_base "$bundle_commit"
    if lacks_base; then return 0; fi
  fi
  note_save "$bundle_commit" bundle "$hash"
}

answer_nothing_found() {
  # Saves of before that a save of this pod keeps inside itself.
  if [ -s "$shadow/earlier" ]; then
    cd -- "$dir" || fail REPOSITORY "$below cannot be entered."
    put_earlier_beside
  fi
  if [ -n "$found_foreign" ]; then
    fail FOREIGN_SAVE "What stands in the place of this shell's save was not written by it, so nothing of it was put back."
  fi
  if [ -n "$found_here" ] || [ -s "$shadow/work/saves" ]; then answer nothing "The work in $below is as you left it."; fi
  answer nothing "No work of $below is saved upstream."
}

fail_asking() {
  case $push_all in
    *'uthentication failed'* | *'could not read Username'* | *'could not read Password'* | *'ermission denied'* | *'error: 401'* | *'error: 403'*)
      fail GIT_SIGN_IN "The repository's host refused the sign-in, so the saved work could not be put back yet: $push_why"
      ;;
  esac
  fail GIT_UNREACHABLE "The repository's host was not reached, so the saved work could not be put back yet: $push_why"
}

# The same from a bundle; makes the repository where there is none.
find_bundle() {
  [ -f "$bundle" ] || fail BUNDLE "There is no bundle $bundle."
  work_format=$(bundle_format "$bundle")
  [ -d "$dir" ] || fail REPOSITORY "$below cannot be made."
  if find_repository; then
    open_shadow
  else
    [ ! -e "$dir/.git" ] || fail REPOSITORY "$below/.git is there and is no git repository."
    # Made in a folder of its own: what is broken off is never mistaken for a repository.
    rm -rf "$shadow/made-git"
    [ -f "$shadow/HEAD" ] || make_shadow "$work_format" || fail STATE "Limpet's own folder ($shadow) cannot be written."
    found_new=1
  fi
  open_bundle "$bundle" || {
    if [ -z "${bundle_commit:-}" ]; then fail BUNDLE "The bundle of $below is not whole."; fi
    fail BUNDLE "The bundle of $below is not whole: $(last_line "$shadow/error")"
  }
  is_ours "$bundle_commit" ||
    fail FOREIGN_SAVE "The bundle of $below was not written by this shell, so nothing of it was put back."
  : >"$shadow/work/saves"
  note_save "$bundle_commit" bundle "$hash"
  choose_save || answer nothing "The work in $below is as you left it."
  if [ -n "${found_new:-}" ]; then make_repository; fi
  lacks_base || return 0
  work_git=$gitdir
  # What was pushed may not be fetched yet.
  fetch_base "$found_commit"
  if lacks_base; then
    fail BASE_GONE "$below needs commits that its remote has not got any more; the bundle is kept, and \`git bundle unbundle\` can use it once they are there."
  fi
}

# Is a commit that the bundle counts on missing?
lacks_base() {
  while IFS= read -r work_object; do
    theirs cat-file -e "$work_object^{commit}" 2>/dev/null || return 0
  done <"$shadow/work/needed"
  return 1
}

# record_remotes OBJECT: the repository's remotes, from the record that travels with the save: NAME, tab, address. `origin`
# first.
record_remotes() {
  ours cat-file blob "$1:config" | tr '\n\000' '\t\n' | sed -n "s/^remote\.\(.*\)\.url$tab/\1$tab/p" |
    sort -t "$tab" -u -k 1,1 >"$shadow/work/remotes"
  grep "^origin$tab" "$shadow/work/remotes"
  grep -v "^origin$tab" "$shadow/work/remotes"
}

# fetch_base OBJECT: what the record's remotes have, into $work_git. work_fetched: one of them answered.
fetch_base() {
  record_remotes "$1" >"$shadow/work/remotes-in-order"
  while IFS=$tab read -r work_name work_address; do
    [ -n "$work_address" ] || continue
    call "${LIMPET_CLONE_SECONDS:-900}" env GIT_ALLOW_PROTOCOL="$base_protocols" git -c http.followRedirects=false \
      -c core.hooksPath=/dev/null -c gc.auto=0 --git-dir="$work_git" fetch -q --no-write-fetch-head --no-recurse-submodules \
      --refmap= -- "$work_address" "+refs/heads/*:refs/remotes/$work_name/*" >/dev/null 2>"$shadow/error" || {
      # Where nothing of it is needed, one that hangs is enough.
      [ "$?" -lt 124 ] || [ -s "$shadow/work/needed" ] || break
      continue
    }
    call 60 env GIT_ALLOW_PROTOCOL="$base_protocols" git ls-remote --symref -- "$work_address" HEAD >"$shadow/work/base-head" 2>/dev/null
    work_default=$(sed -n "s/^ref: refs\/heads\/\(.*\)${tab}HEAD$/\1/p" "$shadow/work/base-head")
    if [ -n "$work_default" ] && [ "$work_name" = origin ]; then
      git --git-dir="$work_git" symbolic-ref "refs/remotes/origin/HEAD" "refs/remotes/origin/$work_default"
    fi
    work_fetched=1
  done <"$shadow/work/remotes-in-order"
}
base_protocols=https:http:ssh:git:file

# A repository where there is none yet: empty but for what its remote has. A bare one's git folder has its own name, and a
# `.git` file leads to it.
make_repository() {
  work_git=$shadow/made-git
  made_bare=$(ours cat-file blob "$found_commit:manifest" | sed -n 's/^bare //p')
  case /$made_bare/ in *//?* | */../* | */.git/*) made_bare='' ;; esac
  git -c init.defaultBranch=main -c core.hooksPath=/dev/null init -q --bare --object-format="$work_format" "$work_git" 2>"$shadow/error" &&
    { [ -n "$made_bare" ] || {
      git config --file "$work_git/config" core.bare false && git config --file "$work_git/config" core.logAllRefUpdates true
    }; } ||
    fail STATE "A repository cannot be made in $below: $(last_line "$shadow/error")"
  work_fetched=''
  if [ -s "$shadow/work/needed" ]; then
    fetch_base "$found_commit"
  elif [ -z "$made_bare" ] && [ "${LIMPET_FETCH_SECONDS:=20}" -gt 0 ]; then
    # All of the work is in the bundle: what the remotes have is good to see, and not worth a wait.
    LIMPET_CLONE_SECONDS=$LIMPET_FETCH_SECONDS
    fetch_base "$found_commit"
  fi
  if [ -s "$shadow/work/needed" ] && [ -z "$work_fetched" ]; then
    fail BASE_UNREACHABLE "$below needs its remote, which was not reached: $(last_line "$shadow/error"). Clone it to ~/$below by hand, then set up again: the saved work is kept."
  fi
  made_at=$dir/${made_bare:-.git}
  mkdir -p -- "${made_at%/*}" && mv -T -- "$work_git" "$made_at" || fail REPOSITORY "$below cannot be made."
  [ -z "$made_bare" ] || (umask 022 && printf 'gitdir: ./%s\n' "$made_bare" >"$dir/.git") || fail REPOSITORY "$below cannot be made."
  find_repository || fail REPOSITORY "$below cannot be made."
  work_git=$gitdir
  excludes=/dev/null
  quoted_path "$common/objects" >"$shadow/objects/info/alternates"
  printf '%s\n' "$common/objects" >"$shadow/borrows"
}

# read_record OBJECT: its parts, into $shadow/found; index_tree, worktree_tree, and the manifest's head. Only after is_ours.
read_record() {
  rm -rf "$shadow/found"
  mkdir "$shadow/found" || fail STATE "Limpet's own folder ($shadow) cannot be written."
  for work_each in manifest intent-to-add modes flags pointers config exclude attributes; do
    ours cat-file blob "$1:$work_each" >"$shadow/found/$work_each" 2>/dev/null || rm -f "$shadow/found/$work_each"
  done
  index_tree=$(ours rev-parse -q --verify "$1:index") && worktree_tree=$(ours rev-parse -q --verify "$1:worktree") &&
    grep -qx 'format 1' "$shadow/found/manifest" ||
    fail SAVE_UNKNOWN "The save of $below is of a kind that this image cannot read: start the shell with a newer image."
  read -r work_line head_kind work_head head_commit <<END
$(grep '^head ' "$shadow/found/manifest")
END
  [ "$head_commit" != - ] || head_commit=''
  record_bare=$(sed -n 's/^bare //p' "$shadow/found/manifest")
  saved_on=$(date -u -d "@$saved_at" '+%Y-%m-%d %H:%M UTC')
}
