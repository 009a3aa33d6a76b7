# shellcheck shell=sh
# Owns tags: which of them upstream has not got, so that a save must carry them; and how they come back.
# Must not know branches, files, or where a save goes.

# work/own-tags: `OBJECT NAME COMMIT` of each tag that the connected host has not got under that name, whatever its commit is
# on: hosts keep releases that no branch has. Asked for where a tag is not of the last answer. Only a save upstream is chosen by
# it: a bundle has all tags.
find_own_tags() {
  : >"$shadow/work/own-tags"
  [ "$work_mode" = push ] || return 0
  sed -n 's/^ref \([0-9a-f]* refs\/tags\/.*\)$/\1/p' "$shadow/now/facts" | sort >"$shadow/work/tags"
  [ -s "$shadow/work/tags" ] || return 0
  touch "$shadow/tags-upstream"
  comm -23 "$shadow/work/tags" "$shadow/tags-upstream" >"$shadow/work/tags-unknown"
  if [ -s "$shadow/work/tags-unknown" ]; then
    set_remote "$work_url"
    # Where the host cannot be asked, nothing can be saved there either.
    call 60 git ls-remote --tags --refs limpet >"$shadow/work/tags-there" 2>"$shadow/error" || { hear; fail_upstream; }
    tr "$tab" ' ' <"$shadow/work/tags-there" | sort >"$shadow/tags-upstream"
    comm -23 "$shadow/work/tags" "$shadow/tags-upstream" >"$shadow/work/tags-unknown"
  fi
  # A tag of a file or a tree has no commit: `OBJECT^{commit} missing` is said in its place.
  sed 's/ .*/^{commit}/' "$shadow/work/tags-unknown" | ours cat-file --batch-check='%(objectname)' --buffer 2>/dev/null |
    paste -d ' ' "$shadow/work/tags-unknown" - >"$shadow/work/tags-peeled"
  sed -n 's/^[^ ]* refs\/tags\/\([^ ]*\) .* missing$/\1: a tag of something that is no commit; it is not saved/p' \
    "$shadow/work/tags-peeled" | tr '\n' '\000' >>"$work_skipped"
  sed '/ missing$/d' "$shadow/work/tags-peeled" >"$shadow/work/own-tags"
}

# The objects of own tags that are more than a name, for no commit's parent can be one: record/tags/OBJECT has its bytes.
# tags_tree: the tree of them, or nothing.
record_tags() {
  rm -rf "$shadow/record/tags"
  tags_tree=''
  mkdir "$shadow/record/tags" || return 1
  while read -r work_object work_name work_commit; do
    while [ "$work_object" != "$work_commit" ]; do
      ours cat-file tag "$work_object" >"$shadow/record/tags/$work_object" || return 1
      work_object=$(sed -n '1s/^object //p' "$shadow/record/tags/$work_object")
      [ -n "$work_object" ] || return 1
    done
  done <"$shadow/work/own-tags"
  set -- "$shadow"/record/tags/*
  [ -e "$1" ] || return 0
  for work_each; do printf '%s\n' "$work_each"; done | ours hash-object -w --no-filters --stdin-paths >"$shadow/work/tag-blobs" || return 1
  tags_tree=$(while IFS= read -r work_line; do
    printf '100644 blob %s\t%s\n' "$work_line" "${1##*/}"
    shift
  done <"$shadow/work/tag-blobs" | ours mktree)
}

# put_tags SAVE: tags that are not there, with what they name; one of the same name stays as it is.
put_tags() {
  grep '^tag ' "$shadow/found/manifest" | sed 's/^tag //' >"$shadow/work/saved-tags"
  [ -s "$shadow/work/saved-tags" ] || return 0
  for work_object in $(ours ls-tree --name-only "$1:tags" 2>/dev/null); do
    ours cat-file blob "$1:tags/$work_object" | ours hash-object -t tag -w --stdin >/dev/null 2>&1
  done
  # What came with the save's own commit is there; an object of a tag, and what only a tag names, may not be.
  sed 's/ .*//' "$shadow/work/saved-tags" | sort -u >"$shadow/work/tag-objects"
  in_theirs cat-file --batch-check --buffer <"$shadow/work/tag-objects" 2>/dev/null | sed -n 's/ missing$//p' |
    ours cat-file --batch-check='%(objectname)' --buffer 2>/dev/null | sed '/ missing$/d' >"$shadow/work/tags-wanted"
  if [ -s "$shadow/work/tags-wanted" ]; then
    { cat "$shadow/work/tags-wanted"; echo "^$1"; } | ours pack-objects --revs --stdout -q 2>/dev/null |
      in_theirs index-pack --stdin --fix-thin >/dev/null 2>&1
  fi
  in_theirs cat-file --batch-check --buffer <"$shadow/work/tag-objects" 2>/dev/null | sed -n 's/ missing$//p' >"$shadow/work/tags-gone"
  in_theirs for-each-ref --format='%(refname)' refs/tags | sort >"$shadow/work/tags-now"
  grep -v -F -f "$shadow/work/tags-gone" "$shadow/work/saved-tags" | sed 's/^\([^ ]*\) \(.*\)$/\2 \1/' | sort |
    join -v 1 - "$shadow/work/tags-now" | sed 's/^/create /' | in_theirs update-ref --stdin 2>/dev/null
}
