# shellcheck shell=sh
# Owns what becomes of a save that was made: nothing where nothing changed, upstream, or gone from there once all is pushed;
# and what is remembered of it, so that the next time is quick.
# Must not know how trees are made or how git is spoken to.
#
# In $shadow/last: what was read for the last save that came through, its record, and a file of each mode's name with its state.

: "${LIMPET_ASK_MINUTES:=15}"

# Has what was read the bytes of the last time? Not asked where files were left out: they may fit now. Nor where a save began
# since and did not come through: the shadow's index has seen the files of that one.
same_as_last() {
  [ -n "$files_known" ] && [ ! -e "$shadow/pending" ] && [ ! -s "$shadow/moved" ] || return 1
  [ ! -e "$shadow/last/again" ] && cmp -s "$shadow/now/index" "$shadow/last/index" 2>/dev/null || {
    [ ! -e "$shadow/last/again" ] && [ ! -e "$shadow/now/index" ] && [ ! -e "$shadow/last/index" ] || return 1
  }
  case $work_mode in
    bundle) [ -f "$bundle" ] || return 1 ;;
    push) [ "$(cat "$shadow/last/url" 2>/dev/null)" = "$work_url $work_branch" ] || return 1 ;;
  esac
  sum_facts | cmp -s - "$shadow/last/sum"
}

sum_facts() {
  cat "$shadow/now/facts" "$shadow/now/config" "$shadow/now/others"
  for work_each in "$common/info/exclude" "$common/info/attributes"; do
    echo
    if [ -f "$work_each" ]; then cat "$work_each"; fi
  done
}

# git cannot tell a file that changed within the second of the index's own writing and reads such a file each time. Once
# nothing was found to have changed, the index is written again.
settle_stat() {
  [ -e "$shadow/last/racy" ] || return 0
  shadow_files update-index -q --refresh --ignore-submodules >/dev/null 2>&1
  rm -f "$shadow/last/racy"
}

answer_unchanged() {
  IFS= read -r work_state <"$shadow/last/$work_mode"
  if [ -s "$shadow/last/skipped" ]; then
    # Each sentence once: some are said of a look as quick as this one too.
    if [ -s "$work_skipped" ]; then sort -zu "$shadow/last/skipped" "$work_skipped" -o "$work_skipped"; else cp "$shadow/last/skipped" "$work_skipped"; fi
  fi
  if [ "$work_state" = clean ]; then answer clean "Nothing to save in $below: upstream has it all."; fi
  answer unchanged "Nothing changed in $below since its last save."
}

# remember STATE
remember() {
  rm -rf "$shadow/last"
  sum_facts >"$shadow/now/sum"
  mv "$shadow/now" "$shadow/last" && mkdir "$shadow/now" || fail STATE "Limpet's own folder ($shadow) cannot be written."
  cp "$work_skipped" "$shadow/last/skipped"
  cp "$shadow/work/parents" "$shadow/last/parents"
  echo "$record_tree" >"$shadow/last/tree"
  echo "$work_url $work_branch" >"$shadow/last/url"
  if [ -s "$shadow/work/left" ] || [ -s "$shadow/record/pointers" ] || grep -zq 'index\.lock is there' "$work_skipped"; then : >"$shadow/last/again"; fi
  if [ -s "$shadow/work/update" ]; then : >"$shadow/last/racy"; fi
  echo "$1" >"$shadow/last/$work_mode" && rm -f "$shadow/pending"
}

# The record is the last one's: something was touched, and nothing changed.
same_record() {
  [ -f "$shadow/last/$work_mode" ] && [ "$(cat "$shadow/last/$work_mode")" != clean ] &&
    [ "$(cat "$shadow/last/tree" 2>/dev/null)" = "$record_tree" ] && cmp -s "$shadow/work/parents" "$shadow/last/parents"
}

# What stands upstream is this very record: a pod that put it back has nothing to add.
is_upstream_record() {
  ours cat-file commit "$upstream_commit" >"$shadow/work/upstream-commit" 2>/dev/null || return 1
  sed -n 's/^tree //p; /^$/q' "$shadow/work/upstream-commit" | grep -qx "$record_tree" &&
    sed -n 's/^parent //p; /^$/q' "$shadow/work/upstream-commit" | cmp -s - "$shadow/work/parents"
}

# Nothing that a clone by setup would not have: one branch, the one that setup checks out, at the place where upstream has it.
is_clean() {
  [ -z "$earlier" ] && [ "$head_kind" = branch ] && [ "$index_tree" = "$worktree_tree" ] || return 1
  [ ! -s "$shadow/record/intent-to-add" ] && [ ! -s "$shadow/record/modes" ] && [ ! -s "$shadow/record/flags" ] || return 1
  if grep -q '^stash ' "$shadow/now/facts" || [ -s "$shadow/work/own-tags" ]; then return 1; fi
  work_count=$(grep -c '^ref [0-9a-f]* refs/heads/' "$shadow/now/facts")
  if [ -z "$head_commit" ]; then
    [ "$work_count" -eq 0 ] && [ ! -s "$shadow/work/good" ] && [ ! -s "$shadow/work/tracked" ]
    return
  fi
  work_default=$work_branch
  if [ -z "$work_default" ]; then
    work_default=$(theirs symbolic-ref -q refs/remotes/origin/HEAD 2>/dev/null) || return 1
    work_default=${work_default#refs/remotes/origin/}
  fi
  [ "$work_count" -eq 1 ] && [ "$work_head" = "refs/heads/$work_default" ] &&
    grep -Fqx "ref $head_commit refs/remotes/origin/$work_default" "$shadow/now/facts" &&
    [ "$(ours rev-parse -q --verify "$head_commit^{tree}")" = "$index_tree" ]
}

# Did others remove what was saved (`git push --mirror` does) or write something else in its place? Asked for now and then:
# as long as nothing changes here, nothing is pushed that would tell. Where nobody answers, nothing is known.
lost_upstream() {
  [ "$work_mode" = push ] || return 1
  [ -z "$(find "$shadow/asked" -mmin "-$LIMPET_ASK_MINUTES" 2>/dev/null)" ] || return 1
  read_upstream
  [ -n "$upstream_commit" ] || return 1
  set_remote "$work_url"
  ask_upstream 10 || return 1
  touch "$shadow/asked"
  if has_there "$upstream_commit $upstream_form"; then return 1; fi
  know_upstream "$upstream_form" ''
}

saved_state() {
  if [ -s "$work_skipped" ]; then echo partial; else echo saved; fi
}

save_upstream() {
  read_upstream
  set_remote "$work_url"
  if is_clean; then
    remove_upstream
    remember clean
    remove_moved
    answer clean "Nothing to save in $below: upstream has it all."
  fi
  if [ -n "$upstream_commit" ] && is_upstream_record && ! lost_upstream; then
    remember "$(saved_state)"
    remove_moved
    answer_unchanged
  fi
  work_tries=0
  while :; do
    make_commit "$(date +%s)"
    echo "$record_commit" >>"$shadow/made"
    work_known=$upstream_commit
    if try_push "$upstream_form" "$record_commit"; then
      # Some hosts take such a ref and show it to nobody: then it cannot be had back.
      if [ -n "$work_known" ] || [ "$upstream_form" = branch ] || { ask_upstream && has_there "$record_commit ref"; }; then break; fi
      push_said=refused
    fi
    work_tries=$((work_tries + 1))
    [ "$work_tries" -lt 4 ] || fail_upstream
    case $push_said:$upstream_form in
      lease:*)
        learn_upstream || { hear; fail_upstream; }
        make_record
        ;;
      refused:ref) know_upstream branch '' ;;
      *) fail_upstream ;;
    esac
  done
  know_upstream "$upstream_form" "$record_commit"
  touch "$shadow/asked"
  ours update-ref refs/limpet/saved "$record_commit"
  if [ -n "$earlier" ]; then printf '%s\n' "$earlier" >"$shadow/earlier"; fi
  describe_record "$shadow/record/manifest"
  work_state=$(saved_state)
  remember "$work_state"
  remove_moved
  tidy_shadow
  answer "$work_state" "$below is saved upstream: $described."
}

# The save upstream is of no more use. Where it cannot be removed now, the next time tries again.
remove_upstream() {
  [ -n "$upstream_commit" ] || return 0
  if try_push "$upstream_form" ''; then
    know_upstream "$upstream_form" ''
  elif [ "$push_said" = lease ] && ask_upstream &&
    ! printf '%s\n' "$work_there" | grep -q " $upstream_form\$"; then
    know_upstream "$upstream_form" ''
  else
    skip_line "the last save is still upstream, although nothing is left to save: $push_why"
    : >"$shadow/now/again"
  fi
}
