# shellcheck shell=sh
# Owns files that git-lfs keeps outside of git: an unchanged one stays the pointer that git has, so that no save carries its
# content; a changed one is saved as it lies there, like any file.
# Must not know how git-lfs stores or fetches, and never runs it while saving.

# Takes unchanged files of git-lfs from work/wanted into record/pointers; names those whose content upstream may not have.
# By attribute alone: what "unchanged" is, the person's own index says.
find_pointers() {
  : >"$shadow/record/pointers"
  grep -z '\(^\|/\)\.gitattributes$' "$shadow/work/tracked" | sed -z 's/^/.\//' >"$shadow/work/attributes"
  if [ -f "$common/info/attributes" ]; then printf '%s\0' "$common/info/attributes" >>"$shadow/work/attributes"; fi
  [ -s "$shadow/work/attributes" ] || return 0
  xargs -0 grep -qs 'filter=lfs' <"$shadow/work/attributes" || return 0
  # NAME, `filter`, VALUE, each with its NUL.
  GIT_INDEX_FILE=$shadow/now/index git -c core.fsmonitor=false --git-dir="$gitdir" --work-tree="$dir" \
    check-attr -z --stdin filter <"$shadow/work/tracked" 2>/dev/null |
    sed -z -n 'N;N;s/\x00filter\x00lfs$//p' | sort -zu >"$shadow/work/large"
  [ -s "$shadow/work/large" ] || return 0
  GIT_INDEX_FILE=$shadow/work/index shadow_files diff-files -z --name-only --ignore-submodules=all 2>/dev/null |
    sort -zu | comm -z -13 - "$shadow/work/large" >"$shadow/record/pointers"
  without "$shadow/work/wanted" "$shadow/record/pointers" >"$shadow/work/wanted-else"
  mv -f "$shadow/work/wanted-else" "$shadow/work/wanted"
  {
    {
      sed -n 's/^ref \([0-9a-f]*\) refs\/heads\/.*/\1/p; s/^stash \([0-9a-f]*\) .*/\1/p; s/^head detached [^ ]* \([0-9a-f]*\)$/\1/p
        s/^ref \([0-9a-f]*\) refs\/remotes\/.*/^\1/p' "$shadow/now/facts"
    } | ours log -z --format= --name-only --no-renames -m --stdin 2>/dev/null
    if [ -n "$head_commit" ]; then ours diff-tree -r -z --name-only --no-renames "$head_commit" "$index_tree" 2>/dev/null; fi
  } | sort -zu | comm -z -12 - "$shadow/work/large" | skip_each 's/$/: in git-lfs; only its pointer is saved until its content is pushed/'
}

# By the person's own git, which has git-lfs fetch what it has not got. Where it cannot, the pointer stays, as in a clone.
put_pointers() {
  [ -s "$shadow/found/pointers" ] || return 0
  in_theirs checkout-index -f -z --stdin <"$shadow/found/pointers" >/dev/null 2>"$shadow/error" ||
    skip_line "files of git-lfs are pointers until \`git lfs pull\` brings them: $(last_line "$shadow/error")"
}
