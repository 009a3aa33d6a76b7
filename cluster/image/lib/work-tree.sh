# shellcheck shell=sh
# Owns the files of a save as they lie there, byte for byte, and their modes. Lists of names end each name with NUL and are
# sorted bytewise, so that comm(1) joins them and no name can be mistaken for two.
# Must not know about branches, stashes or where a save goes.
#
# In $shadow/now: what was read (index, others, dirty, facts). In $shadow/work: what is made of it. In $shadow/record: what
# travels beside the trees.

# now/others: files that git does not know and does not ignore. now/dirty: files that changed since the shadow saw them, which
# is nothing to go by where the shadow has seen none: files_known is empty then.
read_files() {
  : >"$shadow/now/others"
  # The files of a home that is a repository itself belong to the home's own snapshot.
  if [ "$below" != . ]; then
    if [ -n "$inside" ]; then set -- -x "/$(printf %s "$inside" | sed 's/[][*?\\]/\\&/g')/"; else set --; fi
    GIT_INDEX_FILE=$shadow/now/index shadow_files ls-files -o --exclude-standard "$@" -z \
      >"$shadow/now/others" 2>"$shadow/now/unread" ||
      fail REPOSITORY "git cannot list the files of $below: $(last_line "$shadow/now/unread")"
  fi
  files_known=''
  if [ -f "$shadow/index" ] &&
    shadow_files diff-files -z --name-only --ignore-submodules=all >"$shadow/now/dirty" 2>"$shadow/error"; then
    files_known=1
  else
    rm -f "$shadow/index"
    : >"$shadow/now/dirty"
  fi
}

# Of two sorted lists: what only the first has, what both have.
without() { comm -z -23 "$1" "$2"; }
within() { comm -z -12 "$1" "$2"; }

# skip_line SENTENCE; skip_each SED <names: a sentence for each.
skip_line() { printf '%s\0' "$1" >>"$work_skipped"; }
skip_each() { sed -z "$1" >>"$work_skipped"; }

# work/wanted: every file to be saved. work/kept: entries that stay as they are staged, for `update-index --index-info`.
list_wanted() {
  (
    cd "$shadow/work" || exit 1
    # Submodules, and files that a sparse checkout has left out, are not looked at.
    sed -z -n '/^[sS] /d; /^. 160000 /d; s/^[^\t]*\t//p' entries | sort -zu >tracked
    sed -z -n 's/^[^ ] \(160000 [0-9a-f]* 0\t\)/\1/p; t; s/^[sS] //p' entries >kept
    sort -z -o gone gone
    sed -z -n '/\/$/!p' ../now/others | sort -zu >others
    without tracked gone | sort -zmu - others >wanted
  ) || fail STATE "Limpet's own folder ($shadow) cannot be written."
  sed -z -n 's/^[^ ] 160000 [^\t]*\t//p' "$shadow/work/entries" |
    skip_each 's/$/: a submodule; what is inside is not saved/'
  # The working trees of a bare one are what is to be expected there.
  if [ -z "$bare" ]; then
    sed -z -n 's/\/$//p' "$shadow/now/others" | skip_each 's/$/: a repository of its own; it is not saved with this one/'
  fi
  if [ -s "$shadow/now/unread" ]; then
    sed -n "s/^warning: could not open directory '\(.*\)': .*/\1: cannot be read/p" "$shadow/now/unread" |
      tr '\n' '\0' >>"$work_skipped"
  fi
}

# One look at each file: too large (L), unreadable (U), no file at all (O), a mode that git does not know (M).
classify() {
  sed -z 's/^/.\//' "$shadow/work/wanted" | xargs -0 -r sh -c '
    limit=$1
    shift
    exec find "$@" -maxdepth 0 \( ! -type f ! -type l -printf "O - %p\0" \) -o \( -type f -size "+${limit}c" -printf "L %s %p\0" \) \
      -o \( -type f ! -readable -printf "U - %p\0" \) -o \( -type f ! -perm 0644 ! -perm 0755 -printf "M %m %p\0" \)
  ' sh "$work_file_limit" >"$shadow/work/class" 2>/dev/null
  sed -z -n 's/^M \([0-7]*\) \.\//\1 /p' "$shadow/work/class" >"$shadow/record/modes"
  # Folders: git knows none of their modes.
  sed -z -n ':up; s/\/[^/]*$//; t put; d; :put; p; b up' "$shadow/work/wanted" | sort -zu >"$shadow/work/folders"
  sed -z 's/^/.\//' "$shadow/work/folders" | xargs -0 -r sh -c \
    'exec find "$@" -maxdepth 0 -type d ! -perm 0755 -printf "%m %p\0"' sh 2>/dev/null |
    sed -z 's/^\([0-7]*\) \.\//\1 /' >>"$shadow/record/modes"
  sed -z -n 's/^[LUO] [^ ]* \.\///p' "$shadow/work/class" | sort -zu >"$shadow/work/left"
}

# Sentences for what classify found that cannot be saved.
name_left() {
  numfmt -z --field=2 --to=iec-i --suffix=B --invalid=ignore <"$shadow/work/class" |
    sed -z -n "s/^L *\([^ ]*\) \.\/\(.*\)\$/\2: \1, more than the limit of $(numfmt --to=iec-i --suffix=B "$work_file_limit"); this version is not saved/p
      s/^U - \.\/\(.*\)\$/\1: cannot be read/p
      s/^O - \.\/\(.*\)\$/\1: neither a file nor a link/p" >>"$work_skipped"
}

# worktree_tree: the shadow's index has what the files hold now, and only what changed was read.
make_files_tree() {
  (
    cd "$shadow/work" || exit 1
    without wanted left >good
    { within tracked left; cat ../record/pointers; } | sort -zu >left-tracked
  )
  # What cannot be saved stays as it is staged.
  if [ -s "$shadow/work/left-tracked" ]; then
    GIT_INDEX_FILE=$shadow/work/index GIT_DIR=$shadow GIT_WORK_TREE=$dir xargs -0 \
      git --literal-pathspecs ls-files -s -z -- <"$shadow/work/left-tracked" >>"$shadow/work/kept" 2>/dev/null
  fi
  # Once more where a file changed under our hands; from nothing where an object that the shadow counted on is gone.
  fill_shadow || { sleep 0.3; fill_shadow; } ||
    fail FILES_CHANGING "Files of $below change while they are read: $(last_line "$shadow/error")"
  # shellcheck disable=SC2086 # an option or nothing
  worktree_tree=$(shadow_files write-tree $missing_ok 2>"$shadow/error") && return 0
  rm -f "$shadow/index"
  fill_shadow && worktree_tree=$(shadow_files write-tree $missing_ok 2>"$shadow/error") ||
    fail REPOSITORY "The files of $below cannot be saved: $(last_line "$shadow/error")"
}

fill_shadow() {
  # An object's name made of zeros takes an entry out.
  if [ "$(cat "$shadow/format")" = sha256 ]; then zero=$(printf %064d 0); else zero=$(printf %040d 0); fi
  shadow_files ls-files -z >"$shadow/work/have" 2>/dev/null || { rm -f "$shadow/index"; : >"$shadow/work/have"; }
  (
    cd "$shadow/work" || exit 1
    sed -z 's/^[^\t]*\t//' kept | sort -zu - good >want
    { without have want | sed -z "s/^/0 $zero 0\t/"; cat kept; } >settle
    { sort -zu ../now/dirty | comm -z -12 - good; without good have; } | sort -zu >update
  ) || return 1
  if [ -s "$shadow/work/settle" ]; then
    shadow_files update-index --replace -z --index-info <"$shadow/work/settle" 2>"$shadow/error" || return 1
  fi
  if [ -s "$shadow/work/update" ]; then
    shadow_files update-index --add --remove --replace -z --stdin <"$shadow/work/update" 2>"$shadow/error" || return 1
  fi
}

# Sockets and pipes, which git does not even list; not those in folders that it ignores.
name_devices() {
  [ "$below" != . ] || return 0
  timeout 1 find . -xdev -name .git -prune -o \( -type p -o -type s -o -type b -o -type c \) -print0 2>/dev/null |
    sed -z 's/^\.\///' >"$shadow/work/devices"
  [ -s "$shadow/work/devices" ] || return 0
  shadow_files check-ignore -z --stdin <"$shadow/work/devices" 2>/dev/null | sort -zu >"$shadow/work/ignored"
  sort -zu "$shadow/work/devices" | comm -z -23 - "$shadow/work/ignored" | comm -z -23 - "$shadow/work/left" |
    skip_each 's/$/: neither a file nor a link/'
}
