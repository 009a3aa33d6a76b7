# shellcheck shell=sh
# Owns a save as a file: a git bundle that `git clone` and `git fetch` take too. Complete where the repository is small or has
# no remote; less what a remote has (its prerequisites) otherwise.
# Must not know what a save holds.

# A repository of up to so many packed bytes is bundled whole, so that no remote is needed to have it back.
: "${LIMPET_WHOLE_BUNDLE_BYTES:=4194304}"

save_bundle() {
  if [ -f "$bundle" ] && same_record; then
    remember "$(saved_state)"
    answer_unchanged
  fi
  make_commit "$(date +%s)"
  sed -n 's/^ref \([0-9a-f]*\) refs\/remotes\/.*/\1/p' "$shadow/now/facts" | sort -u >"$shadow/work/remote-tips"
  { echo "$record_commit"; sed -n 's/^ref \([0-9a-f]*\) refs\/tags\/.*/\1/p' "$shadow/now/facts"; } | sort -u >"$shadow/work/tips"
  if [ -s "$shadow/work/remote-tips" ] && has_remote && ! is_small; then
    { cat "$shadow/work/tips"; sed 's/^/^/' "$shadow/work/remote-tips"; } |
      ours rev-list --boundary --stdin 2>"$shadow/error" >"$shadow/work/walk" ||
      fail REPOSITORY "The history of $below cannot be read: $(last_line "$shadow/error")"
    sed -n 's/^-//p' "$shadow/work/walk" >"$shadow/work/needed"
  elif [ -f "$common/shallow" ]; then
    fail SHALLOW "$below is a shallow clone without a remote: its history is not all there, so it cannot be bundled."
  else
    : >"$shadow/work/needed"
  fi
  bundle_head >"$shadow/work/bundle"
  # Not thin: whoever has the bundle can read the manifest before they have what it needs.
  { cat "$shadow/work/tips"; sed 's/^/^/' "$shadow/work/needed"; } |
    ours pack-objects --revs --stdout -q --delta-base-offset >>"$shadow/work/bundle" 2>"$shadow/error" ||
    fail REPOSITORY "$below cannot be bundled: $(last_line "$shadow/error")"
  mv -f "$shadow/work/bundle" "$bundle" || fail STATE "$bundle cannot be written."
  ours update-ref refs/limpet/saved "$record_commit"
  describe_record "$shadow/record/manifest"
  work_state=$(saved_state)
  remember "$work_state"
  tidy_shadow
  answer "$work_state" "$below is bundled: $described."
}

has_remote() {
  grep -zq '^remote\..*\.url' "$shadow/now/config"
}

is_small() {
  [ ! -f "$common/shallow" ] || return 1
  work_bytes=$(ours rev-list --disk-usage --objects --stdin <"$shadow/work/tips" 2>/dev/null) || return 1
  [ "$work_bytes" -le "$LIMPET_WHOLE_BUNDLE_BYTES" ]
}

# gitformat-bundle(5).
bundle_head() {
  if [ "$(cat "$shadow/format")" = sha256 ]; then
    printf '# v3 git bundle\n@object-format=sha256\n'
  else
    echo '# v2 git bundle'
  fi
  sed 's/^\(.*\)$/-\1 upstream has it/' "$shadow/work/needed"
  echo "$record_commit $ref"
  if [ -n "$head_commit" ]; then echo "$head_commit HEAD"; fi
  sed -n 's/^ref \([0-9a-f]* refs\/heads\/.*\)$/\1/p; s/^ref \([0-9a-f]* refs\/tags\/.*\)$/\1/p' "$shadow/now/facts"
  echo
}

# open_bundle FILE: its objects go into the shadow. Sets bundle_commit (the save's name in it), work/needed.
open_bundle() {
  sed -n '/^$/{p;q;};p' "$1" >"$shadow/work/head" 2>/dev/null || return 1
  bundle_commit=$(sed -n "s/^\([0-9a-f]*\) refs\/limpet\/wip\/[^ ]*$/\1/p" "$shadow/work/head")
  sed -n 's/^-\([0-9a-f]*\).*/\1/p' "$shadow/work/head" >"$shadow/work/needed"
  [ -n "$bundle_commit" ] || return 1
  tail -c "+$(($(wc -c <"$shadow/work/head") + 1))" "$1" | ours index-pack --stdin >/dev/null 2>"$shadow/error"
}

bundle_format() {
  if sed -n '2{p;q;}' "$1" | grep -q '^@object-format=sha256$'; then echo sha256; else echo sha1; fi
}
