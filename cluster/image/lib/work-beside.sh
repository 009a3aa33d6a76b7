# shellcheck shell=sh
# Owns the saved work as branches of its own, `limpet/saved-TIME/…`, where the folder holds other work already.
# Must not know what is in the folder: it touches neither files, index, HEAD nor a branch that is there.

# put_beside OBJECT WHY: the answer is a conflict, with how to join the two.
put_beside() {
  beside_names=''
  work_why=$2
  work_first_at=$saved_on
  take_objects
  beside_one "$1"
  rm -f "$shadow/restoring"
  settle "$found_commit" "$found_copy" "$found_at" "$found_form" "$found_hash"
  put_older
  if [ -z "$beside_names" ]; then answer nothing "All of the work saved from $below is there already."; fi
  answer conflict "In $below $work_why, so the work of $work_first_at was put beside it, in $beside_names: \`git diff\` shows it, \`git merge\` joins it." RESTORE_CONFLICT
}

# After the newest save: what it keeps inside itself of saves before, and what of the older ones is not in it.
put_older() {
  put_earlier "$found_hash" $(earlier_ones)
  while read -r older_commit older_copy older_at older_form older_hash; do
    is_ours "$older_commit" "$older_hash" && read_record "$older_commit"
    ours update-ref refs/limpet/found "$older_commit" 2>/dev/null && take_objects
    # Before the record of another takes the place of this one's.
    older_kept=$(earlier_ones)
    if ! is_in_newest "$older_commit" "$older_copy" "$older_at"; then beside_one "$older_commit"; fi
    # shellcheck disable=SC2086 # names of objects
    put_earlier "$older_hash" $older_kept
    settle "$older_commit" "$older_copy" "$older_at" "$older_form" "$older_hash"
  done <"$shadow/work/older"
}

# is_in_newest OBJECT COPY SECONDS: does the save that was put back hold that one?
is_in_newest() {
  is_held "$1" "$2" "$3" "$shadow/work/held-by-$found_commit"
}

# The earlier saves that the record which read_record read keeps inside itself.
earlier_ones() {
  sed -n 's/^earlier //p' "$shadow/found/manifest"
}

# put_earlier HASH OBJECT…: earlier saves, each verified by itself, each once.
put_earlier() {
  earlier_hash=$1
  shift
  for work_save; do
    ! grep -qsx "$work_save" "$shadow/work/earlier-put" || continue
    echo "$work_save" >>"$shadow/work/earlier-put"
    if is_ours "$work_save" "$earlier_hash" && read_copy && ! is_in_newest "$work_save" "$saved_copy" "$saved_at"; then
      echo "$work_save $saved_copy $saved_at" >>"$shadow/held"
      read_record "$work_save"
      beside_one "$work_save"
    fi
  done
  rm -f "$shadow/earlier"
}

# In a pod that found an older save and kept it inside its own: now the person gets it.
put_earlier_beside() {
  beside_names=''
  work_saves=$(cat "$shadow/earlier")
  for found_commit in $work_saves; do
    ours update-ref refs/limpet/found "$found_commit" 2>/dev/null && take_objects
  done
  # shellcheck disable=SC2086 # names of objects
  put_earlier "$hash" $work_saves
  if [ -z "$beside_names" ]; then answer nothing "All of the work saved from $below is there already."; fi
  answer conflict "Earlier work of $below was put into $beside_names: \`git diff\` shows it, \`git merge\` joins it." RESTORE_CONFLICT
}

# Has the repository these files somewhere, on a branch or as they lie in the folder?
has_files() {
  { cat "$shadow/work/trees-put" 2>/dev/null; in_theirs for-each-ref --format='%(tree)' refs/heads refs/remotes; } | grep -qx "$1"
}

# The record that read_record read, as branches: `work` (staged and not, a commit each) and those that nobody else has.
beside_one() {
  beside_at=limpet/saved-$(date -u -d "@$saved_at" +%Y%m%d-%H%M%S)
  beside_tip=$head_commit
  # A bare one has no files of its commit's: those beside it are a history of their own.
  [ -z "$record_bare" ] || beside_tip=''
  if [ -n "$beside_tip" ]; then
    beside_tree=$(in_theirs rev-parse -q --verify "$head_commit^{tree}")
  else
    beside_tree=$(in_theirs hash-object -t tree -w /dev/null)
  fi
  if ! has_files "$index_tree" || ! has_files "$worktree_tree"; then
    beside_commit "$index_tree" 'Staged work, kept by Limpet'
    beside_commit "$worktree_tree" 'Work, kept by Limpet'
  fi
  sed -n 's/^branch \([0-9a-f]*\) refs\/heads\//\1 /p; s/^head detached [^ ]* \([0-9a-f]*\)$/\1 HEAD/p' "$shadow/found/manifest" >"$shadow/work/beside"
  while read -r work_object work_name; do
    if [ -n "$(in_theirs rev-list -n 1 "$work_object" --not --branches --exclude='*/limpet/wip/*' --remotes 2>/dev/null)" ]; then
      beside_branch "heads/$work_name" "$work_object"
    fi
  done <"$shadow/work/beside"
  if [ -n "$beside_tip" ] && [ "$beside_tip" != "$head_commit" ]; then beside_branch work "$beside_tip"; fi
  put_tags "$1"
  if grep -q '^stash ' "$shadow/found/manifest"; then
    put_stashes
    if [ -n "$stashes_put" ]; then beside_names="$beside_names${beside_names:+, }the list of stashes"; fi
  fi
}

# beside_commit TREE WORDS: on top of beside_tip, where it differs.
beside_commit() {
  [ "$1" != "$beside_tree" ] || return 0
  set -- "$1" "$2" ${beside_tip:+-p "$beside_tip"}
  work_tree=$1
  work_words=$2
  shift 2
  # The same commit each time that this is done.
  beside_tip=$(GIT_AUTHOR_NAME=Limpet GIT_AUTHOR_EMAIL=wip@limpet.invalid GIT_COMMITTER_NAME=Limpet GIT_COMMITTER_EMAIL=wip@limpet.invalid \
    GIT_AUTHOR_DATE="@$saved_at +0000" GIT_COMMITTER_DATE="@$saved_at +0000" \
    in_theirs -c commit.gpgSign=false commit-tree "$work_tree" "$@" -m "$work_words" 2>"$shadow/error") ||
    fail REPOSITORY "The saved work of $below could not be put beside what is there: $(last_line "$shadow/error")"
  beside_tree=$work_tree
}

# beside_branch NAME OBJECT: two saves of one second do not take each other's place.
beside_branch() {
  while work_object=$(in_theirs rev-parse -q --verify "refs/heads/$beside_at/$1") && [ "$work_object" != "$2" ]; do set -- "$1-2" "$2"; done
  in_theirs update-ref -m 'limpet: put beside' "refs/heads/$beside_at/$1" "$2" 2>"$shadow/error" ||
    fail REPOSITORY "The saved work of $below could not be put beside what is there: $(last_line "$shadow/error")"
  beside_names="$beside_names${beside_names:+, }$beside_at/$1"
}
