# shellcheck shell=sh
# Owns a save as git keeps it: one commit whose tree holds both trees and the manifest, whose parents are whatever has to
# live, and whose message says which saves it holds (lib/work-order.sh) and ends with a MAC over all of it.
# Must not know how the trees were made, or where the commit goes.
#
#   index/         what is staged                      worktree/     the files, raw
#   manifest       lines: format 1; head, branch, stash (work-facts.sh); tag; earlier OBJECT; bare NAME: the git folder's name
#                  in the folder of a bare repository, which has no index, and of the files only those beside it
#   intent-to-add  MODE NAME, NUL after each           modes, flags  likewise: what git's trees cannot say
#   pointers       NAME, NUL: files of git-lfs that stayed what they are in git
#   tags/OBJECT    the bytes of a tag's own object, where upstream has not got it
#   config         KEY, line feed, VALUE, NUL          exclude, attributes   .git/info's, where there are any
#
# The MAC is HMAC-SHA256 under the shell's key over one line that names shell and repository, and the whole commit before it.

# make_record: work/record-tree and work/parents -> record_tree. $earlier: saves that nobody has put back yet.
make_record() {
  {
    echo 'format 1'
    sed -n 's/^ref \([0-9a-f]*\) \(refs\/heads\/.*\)$/branch \1 \2/p; s/^ref \([0-9a-f]*\) \(refs\/tags\/.*\)$/tag \1 \2/p
      /^head /p; /^stash /p' "$shadow/now/facts" | { if [ "$work_mode" = bundle ]; then cat; else grep -v '^tag '; fi; }
    sed 's/^\(.*\) [^ ]*$/tag \1/' "$shadow/work/own-tags"
    for work_each in $earlier; do echo "earlier $work_each"; done
    if [ -n "$bare" ]; then echo "bare $bare"; fi
  } >"$shadow/record/manifest"
  strip_address <"$shadow/now/config" >"$shadow/record/config"
  same_file "$common/info/exclude" "$shadow/record/exclude"
  same_file "$common/info/attributes" "$shadow/record/attributes"
  set -- manifest intent-to-add modes flags pointers config
  for work_each in exclude attributes; do
    if [ -f "$shadow/record/$work_each" ]; then set -- "$@" "$work_each"; fi
  done
  record_tags 2>"$shadow/error" || fail STATE "The save of $below cannot be written: $(last_line "$shadow/error")"
  # One a line, as hash-object reads them.
  (cd "$shadow/record" && printf '%s\n' "$@" | ours hash-object -w --no-filters --stdin-paths) >"$shadow/work/blobs" 2>"$shadow/error" &&
    {
      while IFS= read -r work_line; do
        printf '100644 blob %s\t%s\n' "$work_line" "$1"
        shift
      done <"$shadow/work/blobs"
      printf '040000 tree %s\tindex\n040000 tree %s\tworktree\n' "$index_tree" "$worktree_tree"
      if [ -n "$tags_tree" ]; then printf '040000 tree %s\ttags\n' "$tags_tree"; fi
    } >"$shadow/work/entries-of-record" &&
    record_tree=$(ours mktree --missing <"$shadow/work/entries-of-record" 2>"$shadow/error") ||
    fail STATE "The save of $below cannot be written: $(last_line "$shadow/error")"
  {
    sed -n 's/^head [^ ]* [^ ]* \([0-9a-f]*\)$/\1/p; s/^branch \([0-9a-f]*\) .*/\1/p; s/^stash \([0-9a-f]*\) .*/\1/p
      s/^earlier //p' "$shadow/record/manifest"
    sed 's/.* //' "$shadow/work/own-tags"
  } | sort -u >"$shadow/work/parents"
}

# An address is for everybody who may read the repository; what stands before its last @ is not. The name alone that ssh signs
# in by is no secret, and an address is none without it. One address of each record that ends with a NUL.
strip_address() {
  sed -z 's#\(ssh://[^/@:\n]*\)\(:[^/\n]*\)\{0,1\}@\([^/@\n]*\(/\|$\)\)#\1@\3#; t; s#\(://\)[^/\n]*@#\1#'
}

# record_mac FILE [HASH]: the MAC of the commit that FILE begins with; HASH: another repository's than this one's.
record_mac() {
  { printf 'limpet-save 1 %s %s\n' "$work_shell" "${2:-$hash}"; cat "$1"; } | hmac_sha256 "$work_key"
}

# make_commit SECONDS -> record_commit
make_commit() {
  {
    echo "tree $record_tree"
    sed 's/^/parent /' "$shadow/work/parents"
    echo "author Limpet <wip@limpet.invalid> $1 +0000"
    echo "committer Limpet <wip@limpet.invalid> $1 +0000"
    echo
    echo 'Work in progress, kept by Limpet [skip ci]'
    echo
    order_lines
  } >"$shadow/work/commit"
  work_mac=$(record_mac "$shadow/work/commit") || fail NOT_SET_UP "Limpet's key for saves is none: run setup again."
  echo "mac: $work_mac" >>"$shadow/work/commit"
  record_commit=$(ours hash-object -w -t commit --stdin <"$shadow/work/commit" 2>"$shadow/error") ||
    fail STATE "The save of $below cannot be written: $(last_line "$shadow/error")"
}

# is_ours OBJECT [HASH]: a commit in the shadow that this shell's key made for this repository, or for that of HASH. Sets
# saved_at, and leaves what it says in work/found-said.
is_ours() {
  ours cat-file commit "$1" >"$shadow/work/found" 2>/dev/null || return 1
  work_line=$(tail -n 1 "$shadow/work/found")
  case $work_line in
    'mac: '*) ;;
    *) return 1 ;;
  esac
  sed '$d' "$shadow/work/found" >"$shadow/work/found-said"
  # Nothing but the MAC's own line may be left out of it.
  printf '%s\n' "$work_line" | cat "$shadow/work/found-said" - | cmp -s - "$shadow/work/found" || return 1
  work_mac=$(record_mac "$shadow/work/found-said" ${2:+"$2"}) || return 1
  [ "mac: $work_mac" = "$work_line" ] || return 1
  saved_at=$(sed -n 's/^committer .* \([0-9]*\) +0000$/\1/p; /^$/q' "$shadow/work/found-said")
}

# describe_record MANIFEST -> described: a few words on what a save holds.
describe_record() {
  if [ -n "$head_commit" ] && ! grep -q '^bare ' "$1"; then work_name=$head_commit; else work_name=$(ours hash-object -t tree /dev/null); fi
  work_count=$(ours diff-tree -r -z --name-only --no-renames "$work_name" "$worktree_tree" 2>/dev/null | tr -dc '\000' | wc -c)
  case $work_count in
    1) described="1 changed file" ;;
    *) described="$work_count changed files" ;;
  esac
  if [ "$head_kind" = branch ]; then described="branch ${work_head#refs/heads/}, $described"; else described="detached HEAD, $described"; fi
  work_count=$(grep -c '^stash ' "$1")
  case $work_count in
    0) ;;
    1) described="$described, 1 stash" ;;
    *) described="$described, $work_count stashes" ;;
  esac
}
