# shellcheck shell=sh
# Owns how a save is put back into a clone in which nobody worked: files, then what is staged, then HEAD and branches.
# Must not know where the save came from. What breaks off goes on the next time: `$shadow/restoring` names the save and the
# tree that the clone had.

# The person's repository, as their own git sees it: their filters, their settings; none of their hooks.
in_theirs() {
  git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c gc.auto=0 -c maintenance.auto=false -c advice.detachedHead=false \
    --git-dir="$gitdir" --work-tree="$dir" "$@"
}

# Is there nothing in the folder that a clone would not have made? found_why says what there is. Files that git does not know
# are no obstacle: where one is in the way, it is moved aside.
is_untouched() {
  found_why=''
  sed -n 's/^branch \([0-9a-f]*\) .*/\1/p; s/^head detached \([0-9a-f]*\) .*/\1/p' "$shadow/found/manifest" >"$shadow/work/saved-tips"
  in_theirs for-each-ref --format='%(objectname) %(refname)' refs/heads refs/stash refs/remotes >"$shadow/work/refs-now" 2>"$shadow/error" ||
    fail REPOSITORY "git cannot read $below: $(last_line "$shadow/error")"
  # Nothing but what was being put back when it broke off.
  restoring_commit='' restoring_base=''
  if [ -f "$shadow/restoring" ]; then read -r restoring_commit restoring_base <"$shadow/restoring"; fi
  if [ "$restoring_commit" = "$found_commit" ] && is_half_done; then return 0; fi
  if [ -n "$record_bare" ] && [ -z "$bare" ]; then
    found_why="the repository is no bare one, as it was"
  elif [ -z "$record_bare" ] && [ -n "$bare" ]; then
    found_why="the repository is a bare one now"
  elif [ -e "$gitdir/index.lock" ] || [ -e "$gitdir/MERGE_HEAD" ] || [ -e "$gitdir/rebase-merge" ] || [ -e "$gitdir/rebase-apply" ]; then
    found_why="git is at work there"
  elif grep -q ' refs/stash$' "$shadow/work/refs-now"; then
    found_why="there is a stash already"
  elif has_head && { [ -f "$gitdir/index" ] || [ -z "${found_new:-}" ]; } &&
    [ -n "$(in_theirs status --porcelain -z -uno --ignore-submodules=all 2>&1 | tr '\000' ' ')" ]; then
    found_why="files were changed there already"
  elif has_head || grep -q ' refs/heads/' "$shadow/work/refs-now"; then
    # shellcheck disable=SC2046 # names of objects
    if [ -n "$(in_theirs rev-list -n 1 $(has_head && echo HEAD) --branches --not --exclude='*/limpet/wip/*' --remotes 2>/dev/null)" ]; then
      found_why="there are commits already that were not pushed"
    fi
  elif [ -f "$gitdir/index" ] && [ -n "$(in_theirs ls-files -z 2>/dev/null | head -c 1 | tr '\000' x)" ]; then
    found_why="files were added there already"
  fi
  [ -z "$found_why" ]
}

has_head() {
  in_theirs rev-parse -q --verify HEAD >/dev/null 2>&1
}

# The names of files that differ from TREE, sorted.
differ_from() {
  rm -f "$shadow/work/compare"
  (
    GIT_INDEX_FILE=$shadow/work/compare
    export GIT_INDEX_FILE
    shadow_files read-tree "$1" 2>/dev/null && shadow_files update-index -q --refresh >/dev/null 2>&1
    shadow_files diff-files -z --name-only --diff-filter=MT --ignore-submodules=all 2>/dev/null | sort -zu
  )
}

# Whatever differs from the clone is what the save has: nobody has worked since.
is_half_done() {
  differ_from "$restoring_base" >"$shadow/work/from-clone"
  differ_from "$worktree_tree" >"$shadow/work/from-save"
  [ -z "$(within "$shadow/work/from-clone" "$shadow/work/from-save" | head -c 1 | tr '\000' x)" ]
}

# What of the save is not in the person's own object store yet.
take_objects() {
  in_theirs fetch -q --no-tags --no-write-fetch-head --no-recurse-submodules --refmap= "$shadow" refs/limpet/found 2>"$shadow/error" </dev/null 8>&- ||
    fail REPOSITORY "The saved work cannot be read into $below: $(last_line "$shadow/error")"
}

put_back() {
  restore_excludes
  take_objects
  # A clone without a checkout (a bundle's) has no file yet, whatever its HEAD says.
  if [ "$restoring_commit" = "$found_commit" ]; then
    work_base=$restoring_base
  else
    work_base=$(ours hash-object -t tree -w /dev/null)
    if [ -f "$gitdir/index" ]; then work_base=$(in_theirs rev-parse -q --verify 'HEAD^{tree}' 2>/dev/null) || work_base=$(ours hash-object -t tree -w /dev/null); fi
  fi
  echo "$found_commit $work_base" >"$shadow/restoring"
  umask 022
  clear_way
  put_files
  umask 077
  restore_settings
  [ -n "$bare" ] || put_index
  put_refs
  put_pointers
  put_modes
  [ -n "$bare" ] || in_theirs update-index -q --refresh >/dev/null 2>&1
  rm -f "$shadow/restoring" "$shadow/restore-index"
  settle "$found_commit" "$found_copy" "$found_at" "$found_form" "$found_hash"
  answer_restored
}

# The shadow's index becomes the clone's, and work/in-the-way whatever of the folder is not git's and not what was saved.
clear_way() {
  rm -f "$shadow/restore-index"
  GIT_INDEX_FILE=$shadow/restore-index
  export GIT_INDEX_FILE
  shadow_files read-tree "$work_base" 2>"$shadow/error" || fail REPOSITORY "$below cannot be read: $(last_line "$shadow/error")"
  shadow_files ls-files -o -z >"$shadow/work/unknown" 2>/dev/null
  shadow_files ls-files -z | sort -z >"$shadow/work/known"
  unset GIT_INDEX_FILE
  ours ls-tree -r -z --name-only "$worktree_tree" | sort -z >"$shadow/work/saved"
  [ -s "$shadow/work/unknown" ] || return 0
  sort -zu -o "$shadow/work/unknown" "$shadow/work/unknown"
  folders_of() { sed -z -n ':up; s/\/[^/]*$//; t put; d; :put; p; b up' "$1" | sort -zu; }
  differ_from "$worktree_tree" >"$shadow/work/differ"
  folders_of "$shadow/work/saved" >"$shadow/work/saved-folders"
  # Nothing of a folder of the clone is in the way: git itself takes its files out.
  folders_of "$shadow/work/unknown" >"$shadow/work/unknown-folders"
  {
    within "$shadow/work/unknown" "$shadow/work/differ"
    within "$shadow/work/unknown" "$shadow/work/saved-folders"
    within "$shadow/work/unknown-folders" "$shadow/work/saved"
  } | sort -zu >"$shadow/work/in-the-way"
  [ -s "$shadow/work/in-the-way" ] || return 0
  sed -z 's/^/.\//' "$shadow/work/in-the-way" | xargs -0 sh -c '
    for file do
      aside=$file.kept
      count=1
      while [ -e "$aside" ] || [ -L "$aside" ]; do count=$((count + 1)) aside=$file.kept$count; done
      mv -T -- "$file" "$aside" || exit 1
    done' sh || fail REPOSITORY "Files in the way in $below cannot be moved aside."
  sed -z 's/$/: another file was there; it is beside it, its name ends with .kept/' "$shadow/work/in-the-way" >>"$work_skipped"
}

put_files() {
  GIT_INDEX_FILE=$shadow/restore-index
  export GIT_INDEX_FILE
  shadow_files update-index -q --refresh >/dev/null 2>&1
  shadow_files read-tree --reset -u "$worktree_tree" >/dev/null 2>"$shadow/error"
  work_status=$?
  unset GIT_INDEX_FILE
  [ "$work_status" -eq 0 ] || fail REPOSITORY "The files of $below could not all be written: $(last_line "$shadow/error")"
}

# Under git's own lock, so that a git that the person runs meanwhile waits or says so.
put_index() {
  rm -f "$gitdir/limpet-index"
  GIT_INDEX_FILE=$gitdir/limpet-index
  export GIT_INDEX_FILE
  in_theirs read-tree "$index_tree" 2>"$shadow/error" && put_intents && put_flags
  work_status=$?
  unset GIT_INDEX_FILE
  if [ "$work_status" -eq 0 ]; then
    (set -C && : >"$gitdir/index.lock") 2>/dev/null ||
      fail BUSY "git is at work in $below (index.lock is there), so the saved work is not back yet: set up again once it has ended."
    mv -f "$gitdir/limpet-index" "$gitdir/index.lock" && mv -f "$gitdir/index.lock" "$gitdir/index"
    work_status=$?
  fi
  [ "$work_status" -eq 0 ] || fail REPOSITORY "What was staged in $below could not be put back: $(last_line "$shadow/error")"
}

# `git add -N` needs a file of the entry's own mode, which may not be what lies there now: a folder of our own has them.
put_intents() {
  [ -s "$shadow/found/intent-to-add" ] || return 0
  work_tree=$shadow/work/intents
  rm -rf "$work_tree" && mkdir "$work_tree" || return 1
  sed -z 's/^[0-7]* //' "$shadow/found/intent-to-add" >"$shadow/work/intents-named"
  (
    cd "$work_tree" || exit 1
    sed -z -n 's/^[0-7]* \(.*\)\/[^/]*$/.\/\1/p' "$shadow/found/intent-to-add" | xargs -0 -r mkdir -p -- &&
      sed -z -n 's/^100... /.\//p' "$shadow/found/intent-to-add" | xargs -0 -r touch -- &&
      sed -z -n 's/^100755 /.\//p' "$shadow/found/intent-to-add" | xargs -0 -r chmod 0755 -- &&
      sed -z -n 's/^120000 /.\//p' "$shadow/found/intent-to-add" | xargs -0 -r -n 1 ln -s -- nothing &&
      git -c core.fileMode=true -c core.symlinks=true -c core.attributesFile=/dev/null -c core.fsmonitor=false \
        -c core.hooksPath=/dev/null --git-dir="$gitdir" --work-tree="$work_tree" --literal-pathspecs \
        add -N -f --pathspec-from-file="$shadow/work/intents-named" --pathspec-file-nul 2>"$shadow/error"
  )
}

put_flags() {
  [ -s "$shadow/found/flags" ] || return 0
  sed -z -n 's/^h //p' "$shadow/found/flags" | in_theirs update-index --assume-unchanged -z --stdin 2>"$shadow/error" &&
    sed -z -n 's/^S //p' "$shadow/found/flags" | in_theirs update-index --skip-worktree -z --stdin 2>"$shadow/error"
}

# Modes as they were; what is not named has git's own two.
put_modes() {
  cp "$shadow/work/saved" "$shadow/work/wanted"
  mkdir -p "$shadow/record"
  work_file_limit=9223372036854775807 classify
  [ -s "$shadow/record/modes" ] || [ -s "$shadow/found/modes" ] || return 0
  sed -z -n 's/^\([0-7]*[1357][0-7][0-7]\) /.\//p' "$shadow/record/modes" | xargs -0 -r chmod 0755 --
  sed -z -n 's/^\([0-7]*[0246][0-7][0-7]\) /.\//p' "$shadow/record/modes" | xargs -0 -r chmod 0644 --
  sed -z 's/ .*//' "$shadow/found/modes" | sort -zu | tr '\000' '\n' | while IFS= read -r work_mode_bits; do
    case $work_mode_bits in
      '' | *[!0-7]*) continue ;;
    esac
    sed -z -n "s/^$work_mode_bits /.\\//p" "$shadow/found/modes" | xargs -0 -r chmod "$work_mode_bits" -- 2>/dev/null
  done
}
