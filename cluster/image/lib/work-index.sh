# shellcheck shell=sh
# Owns what is staged, read from a copy of the person's index: its tree, entries without content, flags, what a conflict left.
# Must not know the files, branches, or where a save goes.

# The person's index, as it stands; theirs is never locked. A lock of theirs means that it is about to change: two seconds
# are given to it.
read_index() {
  work_waited=0
  while [ -e "$gitdir/index.lock" ] && [ "$work_waited" -lt 20 ]; do
    sleep 0.1
    work_waited=$((work_waited + 1))
  done
  if [ -e "$gitdir/index.lock" ]; then
    skip_line "git is at work in $below (index.lock is there): its index was saved as it stands"
  fi
  if [ -f "$gitdir/index" ]; then
    cp "$gitdir/index" "$shadow/now/index" || fail REPOSITORY "The index of $below cannot be read."
    for work_shared in "$gitdir"/sharedindex.*; do
      if [ -f "$work_shared" ]; then cp "$work_shared" "$shadow/"; fi
    done
  else
    rm -f "$shadow/now/index"
  fi
}

# index_tree: the tree of what is staged; work/entries, work/intent-to-add, work/flags on the way.
make_index_tree() {
  # A partial clone has not got every object that it names; upstream has. Everywhere else a missing one is found out here.
  missing_ok=''
  if theirs config --get-regexp '^(extensions\.partialclone|remote\..*\.promisor)$' >/dev/null 2>&1; then
    missing_ok=--missing-ok
    # So here the files are read anew after a save that did not come through: it may be that such an object was pruned.
    if [ -n "$pending_before" ]; then rm -f "$shadow/index"; fi
  fi
  if [ -f "$shadow/now/index" ]; then cp "$shadow/now/index" "$shadow/work/index"; fi
  GIT_INDEX_FILE=$shadow/work/index
  export GIT_INDEX_FILE
  shadow_files ls-files -s -v -z >"$shadow/work/entries" 2>"$shadow/error" &&
    look_at_skipped &&
    shadow_files ls-files -u -z >"$shadow/work/unmerged" 2>"$shadow/error" &&
    settle_conflicts &&
    index_tree=$(shadow_files write-tree $missing_ok 2>"$shadow/error") &&
    shadow_files diff-index --cached --ita-visible-in-index --no-renames -z "$index_tree" >"$shadow/work/raw" 2>"$shadow/error" &&
    shadow_files diff-files -z --name-only --diff-filter=D --ignore-submodules=all >"$shadow/work/gone" 2>"$shadow/error"
  work_status=$?
  unset GIT_INDEX_FILE
  [ "$work_status" -eq 0 ] || fail REPOSITORY "The index of $below cannot be read: $(last_line "$shadow/error")"
  # `:000000 100644 0000 e69d A`, then the name: an entry without content, as `git add -N` makes it.
  sed -z -n 's/^:000000 \([0-7]*\) .* A$/\1 /;t name;d;:name;N;s/ \x00/ /;p' "$shadow/work/raw" >"$shadow/record/intent-to-add"
}

# record/flags: `h NAME` assume-unchanged, `S NAME` skip-worktree; a file may have both. A file under skip-worktree that is
# there is a file like any other; one that is not there stays as it is staged, and its line alone begins with S from here on.
look_at_skipped() {
  sed -z -n 's/^[hs] [^\t]*\t/h /p' "$shadow/work/entries" >"$shadow/record/flags"
  sed -z -n 's/^[sS] [^\t]*\t/.\//p' "$shadow/work/entries" >"$shadow/work/skipping"
  [ -s "$shadow/work/skipping" ] || return 0
  xargs -0 sh -c 'exec find "$@" -maxdepth 0 ! -type d -printf "%p\0"' sh <"$shadow/work/skipping" 2>/dev/null |
    sed -z 's/^\.\///' | sort -zu >"$shadow/work/there"
  [ -s "$shadow/work/there" ] || return 0
  # Where a sparse checkout is on, git itself takes the flag off a file that is there.
  if ! theirs config --type=bool --get core.sparseCheckout 2>/dev/null | grep -q true; then
    sed -z 's/^/S /' "$shadow/work/there" >>"$shadow/record/flags"
  fi
  shadow_files update-index --no-skip-worktree -z --stdin <"$shadow/work/there" 2>"$shadow/error" &&
    shadow_files ls-files -s -v -z >"$shadow/work/entries" 2>"$shadow/error"
}

# Entries of a conflict cannot be a tree: each becomes what it is on our side, or goes where our side has none.
settle_conflicts() {
  [ -s "$shadow/work/unmerged" ] || return 0
  sed -z 's/^[^\t]*\t//' "$shadow/work/unmerged" | sort -zu | skip_each 's/$/: in conflict; the file is saved, the stages of the conflict are not/'
  sed -z -n 's/^\([0-7]* [0-9a-f]*\) 2\t/\1 0\t/p' "$shadow/work/unmerged" |
    shadow_files update-index --replace -z --index-info 2>"$shadow/error" || return 1
  shadow_files ls-files -u -z | sed -z 's/^[^\t]*\t//' | sort -zu >"$shadow/work/theirs"
  shadow_files update-index --force-remove -z --stdin <"$shadow/work/theirs" 2>"$shadow/error"
}
