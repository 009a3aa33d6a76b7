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
  put_earlier "$(sed -n 's/^earlier //p' "$shadow/found/manifest")"
  rm -f "$shadow/restoring"
  settle_found
  if [ -z "$beside_names" ]; then answer nothing "All of the work saved from $below is there already."; fi
  answer conflict "In $below $work_why, so the work of $work_first_at was put beside it, in $beside_names: \`git diff\` shows it, \`git merge\` joins it." RESTORE_CONFLICT
}

# Earlier saves, each verified by itself. $1: their names.
put_earlier() {
  for work_save in $1; do
    if is_ours "$work_save"; then
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
  put_earlier "$work_saves"
  if [ -z "$beside_names" ]; then answer nothing "All of the work saved from $below is there already."; fi
  answer conflict "Earlier work of $below was put into $beside_names: \`git diff\` shows it, \`git merge\` joins it." RESTORE_CONFLICT
}

# The record that read_record read, as branches: `work` (staged and not, a commit each) and those that nobody else has.
beside_one() {
  beside_at=limpet/saved-$(date -u -d "@$saved_at" +%Y%m%d-%H%M%S)
  beside_tip=$head_commit
  if [ -n "$head_commit" ]; then
    beside_tree=$(in_theirs rev-parse -q --verify "$head_commit^{tree}")
  else
    beside_tree=$(in_theirs hash-object -t tree -w /dev/null)
  fi
  beside_commit "$index_tree" 'Staged work, kept by Limpet'
  beside_commit "$worktree_tree" 'Work, kept by Limpet'
  sed -n 's/^branch \([0-9a-f]*\) refs\/heads\//\1 /p; s/^head detached [^ ]* \([0-9a-f]*\)$/\1 HEAD/p' "$shadow/found/manifest" >"$shadow/work/beside"
  while read -r work_object work_name; do
    if [ -n "$(in_theirs rev-list -n 1 "$work_object" --not --branches --exclude='*/limpet/wip/*' --remotes 2>/dev/null)" ]; then
      beside_branch "heads/$work_name" "$work_object"
    fi
  done <"$shadow/work/beside"
  if [ "$beside_tip" != "$head_commit" ]; then beside_branch work "$beside_tip"; fi
  put_tags "$1"
  if grep -q '^stash ' "$shadow/found/manifest"; then
    put_stashes
    beside_names="$beside_names${beside_names:+, }the list of stashes"
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

# beside_branch NAME OBJECT
beside_branch() {
  in_theirs update-ref -m 'limpet: put beside' "refs/heads/$beside_at/$1" "$2" 2>"$shadow/error" ||
    fail REPOSITORY "The saved work of $below could not be put beside what is there: $(last_line "$shadow/error")"
  beside_names="$beside_names${beside_names:+, }$beside_at/$1"
}
