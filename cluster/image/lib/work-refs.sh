# shellcheck shell=sh
# Owns HEAD, branches, stashes and settings of a repository that is put back, and the sentence about it at the end.
# Must not know files or the index.

# What git ignores comes first: it decides what is new. A person's own list stays.
restore_excludes() {
  mkdir -p "$common/info"
  for work_each in exclude attributes; do
    [ -s "$shadow/found/$work_each" ] || continue
    if [ ! -f "$common/info/$work_each" ] || ! grep -q '^[^#]' "$common/info/$work_each"; then
      (umask 022 && cp "$shadow/found/$work_each" "$common/info/$work_each")
    fi
  done
}

# Settings that are not there in the same words; a remote that the clone has is the clone's.
restore_settings() {
  [ -s "$shadow/found/config" ] || return 0
  in_theirs config --local -z --list 2>/dev/null | sort -z >"$shadow/work/settings-now"
  sort -zu "$shadow/found/config" | comm -z -23 - "$shadow/work/settings-now" >"$shadow/work/settings"
  tr '\n\000' '\t\n' <"$shadow/work/settings-now" | sed -n "s/^remote\.\(.*\)\.url$tab.*/\1/p" | sort -u >"$shadow/work/remotes-now"
  while IFS= read -r work_name; do
    sed -z -i "/^remote\.$(escape_pattern "$work_name")\.[^.]*\n/d" "$shadow/work/settings"
  done <"$shadow/work/remotes-now"
  [ -s "$shadow/work/settings" ] || return 0
  # As git-config(1) writes a section's name and a value; both are quoted by a backslash.
  sed -z 's/\\/\\\\/g; s/"/\\"/g; s/\n/\x01/; s/\n/\\n/g; t said; :said
    s/^\([^.\x01]*\)\.\([^\x01]*\)\.\([^.\x01]*\)\x01\(.*\)$/[\1 "\2"]\n\t\3 = "\4"\n/; t
    s/^\([^.\x01]*\)\.\([^.\x01]*\)\x01\(.*\)$/[\1]\n\t\2 = "\3"\n/; t; d' "$shadow/work/settings" | tr -d '\000' >>"$common/config"
}

put_refs() {
  case $head_kind in
    branch) in_theirs symbolic-ref -m 'limpet: put back' HEAD "$work_head" ;;
    *) in_theirs update-ref --no-deref -m 'limpet: put back' HEAD "$work_head" ;;
  esac 2>"$shadow/error" || fail REPOSITORY "HEAD of $below could not be put back: $(last_line "$shadow/error")"
  sed -n 's/^branch [0-9a-f]* //p' "$shadow/found/manifest" | sort >"$shadow/work/saved-branches"
  # A branch that only the clone made: upstream has it.
  sed -n 's/^[0-9a-f]* \(refs\/heads\/.*\)$/\1/p' "$shadow/work/refs-now" | sort | comm -23 - "$shadow/work/saved-branches" |
    sed 's/^/delete /' | in_theirs update-ref -m 'limpet: put back' --stdin 2>"$shadow/error" &&
    sed -n 's/^branch \([0-9a-f]*\) \(.*\)$/update \2 \1/p' "$shadow/found/manifest" |
    in_theirs update-ref -m 'limpet: put back' --stdin 2>"$shadow/error" ||
    fail REPOSITORY "The branches of $below could not be put back: $(last_line "$shadow/error")"
  put_tags "$found_commit"
  put_stashes
}

# The oldest first, each with its own words, time and author: the list reads as it did. stashes_put: there were any to put.
put_stashes() {
  stashes_put=''
  grep '^stash ' "$shadow/found/manifest" >"$shadow/work/saved-stashes" || return 0
  in_theirs rev-list -g --no-commit-header --format=%H refs/stash >"$shadow/work/stashes-now" 2>/dev/null
  sed -n '1!G;h;$p' "$shadow/work/saved-stashes" >"$shadow/work/stashes"
  while IFS= read -r work_line; do
    work_words=${work_line#*"$tab"}
    work_line=${work_line%%"$tab"*}
    work_line=${work_line#stash }
    work_object=${work_line%% *}
    work_line=${work_line#* }
    work_when=${work_line%% *}
    work_line=${work_line#* }
    work_who=${work_line#* }
    if grep -qx "$work_object" "$shadow/work/stashes-now"; then continue; fi
    work_mail=${work_who##*<}
    GIT_COMMITTER_NAME=${work_who%% <*} GIT_COMMITTER_EMAIL=${work_mail%>} GIT_COMMITTER_DATE="@$work_when ${work_line%% *}" \
      in_theirs update-ref -m "$work_words" --create-reflog refs/stash "$work_object" 2>"$shadow/error" ||
      fail REPOSITORY "A stash of $below could not be put back: $(last_line "$shadow/error")"
    stashes_put=1
  done <"$shadow/work/stashes"
}

# Branches that have commits of the person and, upstream, commits of others.
name_moved() {
  in_theirs for-each-ref --format='%(refname:short) %(upstream:short) %(upstream:track,nobracket)' refs/heads 2>/dev/null |
    sed -n 's/^\([^ ]*\) \([^ ]*\) ahead [0-9]*, behind [0-9]*$/\1/p'
  if [ -z "$head_commit" ] && [ "$head_kind" = branch ]; then
    in_theirs for-each-ref --format='%(refname)' "refs/remotes/origin/${work_head#refs/heads/}" | sed 's/^refs\/remotes\/origin\///'
  fi
}

answer_restored() {
  describe_record "$shadow/found/manifest"
  work_text="The work of $saved_on is back in $below: $described."
  work_moved=$(name_moved | sort -u | tr '\n' ' ')
  work_moved=${work_moved% }
  beside_names=''
  printf '%s\n%s\n' "$index_tree" "$worktree_tree" >"$shadow/work/trees-put"
  put_older
  if [ -n "$beside_names" ]; then
    work_text="$work_text Work of before that is beside it, in $beside_names: \`git merge\` joins it."
  fi
  if [ -n "$work_moved" ]; then
    work_text="$work_text Others pushed to $work_moved meanwhile. Your commits and theirs are both there, nothing was overwritten: \`git pull --rebase\` on the branch joins them."
  fi
  if [ -n "$work_moved$beside_names" ]; then answer conflict "$work_text" RESTORE_CONFLICT; fi
  answer restored "$work_text"
}
