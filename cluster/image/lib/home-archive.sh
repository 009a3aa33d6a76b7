# shellcheck shell=sh
# Owns a snapshot as a file: a tar.gz of the kept files below `home/` and of the repositories' bundles below `bundles/`,
# within a size, and by which rule something is left out.
# Must not know where it is sent. Sourced after lib/edge.sh and lib/home-files.sh.
#
# The rule: files above the limit for one file never go in. If the rest, compressed, is above the limit of a snapshot, the
# largest files go first; ignored files that matter (state of terraform, .env) and bundles are the last to go.
#
#   home/NAME              as in the home, with modes, times, links
#   bundles/HASH.bundle    what `save-repository bundle` wrote; HASH.path: the repository's name below the home
work=$state/save/home
bundles=$state/save/bundles

# How many records or names the file $1 holds.
count_records() {
  tr -dc '\000' <"$1" | wc -c
}

# Bytes as a person reads them.
human() {
  awk -v bytes="$1" 'BEGIN {
    split("bytes KiB MiB GiB TiB", unit, " ")
    for (i = 1; bytes >= 1024 && i < 5; i++) bytes /= 1024
    printf (i == 1 ? "%d %s" : "%.1f %s"), bytes, unit[i]
  }'
}

# Records on stdin (kind, …, bytes third, name last) as lines for a person: NAME (SIZE): $1. At most 50, the largest first.
name_skipped() {
  LC_ALL=C sort -z -t "$tab" -k 3,3nr | head -z -n 50 | tr '\n\000' '?\n' | WHY=$1 awk -F '\t' '{
    bytes = $3; split("bytes KiB MiB GiB TiB", unit, " ")
    for (i = 1; bytes >= 1024 && i < 5; i++) bytes /= 1024
    name = $0; sub(/^([^\t]*\t)([^\t]*\t)([^\t]*\t)([^\t]*\t)([^\t]*\t)/, "", name)
    gsub(/[\001-\037\177]/, "?", name)
    printf (i == 1 ? "%s (%d %s): %s\n" : "%s (%.1f %s): %s\n"), name, bytes, unit[i], ENVIRON["WHY"]
  }'
}

tab=$(printf '\t')

# Bundles within four fifths of $1 bytes, the smallest first, as names for tar; the others are named in $work/skipped.
choose_bundles() {
  bundled=0
  : >"$work/bundles"
  for chosen in $(ls -1Sr -- "$bundles" 2>/dev/null | grep '\.bundle$'); do
    chosen_bytes=$(stat -c %s -- "$bundles/$chosen") || continue
    if [ "$((bundled + chosen_bytes))" -le "$(($1 / 5 * 4))" ]; then
      bundled=$((bundled + chosen_bytes))
      printf 'bundles/%s\0bundles/%s\0' "$chosen" "${chosen%.bundle}.path" >>"$work/bundles"
    else
      printf 'f\t0\t%s\t0\t0\t%s\0' "$chosen_bytes" "$(cat -- "$bundles/${chosen%.bundle}.path")" |
        name_skipped 'what is unsaved of this repository does not fit into the snapshot' >>"$work/skipped"
    fi
  done
}

# The order of a snapshot from the records of the home ($work/kept) and of ignored files ($work/matters): folders, what
# matters, then the smallest first. $1: the limit for one file.
order_records() {
  {
    LC_ALL=C grep -z '^d' "$work/kept" | LC_ALL=C sort -z -t "$tab" -k 6
    LC_ALL=C sort -z -t "$tab" -k 3,3n -k 6 "$work/matters"
    LC_ALL=C grep -z '^[fl]' "$work/kept" | LC_ALL=C sort -z -t "$tab" -k 3,3n -k 6
  } >"$work/ordered.all"
  LIMIT=$1 awk -F '\t' -v over="$work/over" 'BEGIN { RS = ORS = "\0"; limit = ENVIRON["LIMIT"] + 0; printf "" >over }
    $1 == "f" && $3 + 0 > limit { print >over; next }
    { print }' "$work/ordered.all" >"$work/ordered"
  # Not one may get lost on the way, as where the disk is full.
  [ "$(count_records "$work/ordered.all")" = "$(($(count_records "$work/matters") + $(grep -zc '^[dfl]' "$work/kept")))" ] &&
    [ "$(count_records "$work/ordered.all")" = "$(($(count_records "$work/ordered") + $(count_records "$work/over")))" ] || return 1
  name_skipped "above the limit of $(human "$1") for one file" <"$work/over" >>"$work/skipped"
  LC_ALL=C grep -z '^u' "$work/kept" | name_skipped 'cannot be read' >>"$work/skipped"
  return 0
}

# Lists the files in $3 of the folder $2 for tar, as $work/$1.names. 1: there are none.
add_members() {
  [ -d "$2/$3" ] || return 1
  (cd -- "$2" && find "$3" -mindepth 1 '(' -type f -o -type l ')' -print0 | LC_ALL=C sed -z 's,^\./home/,./,') >"$work/$1.names"
}

# Writes the first $1 of $work/ordered, and the bundles, to $work/archive; no more than $2 bytes and one. What changes or
# goes while it is read is no failure. $work/index: a line for each thing that was begun.
write_archive() {
  LC_ALL=C head -z -n "$1" "$work/ordered" | cut -z -f 6- | LC_ALL=C sed -z 's,^,./,' >"$work/names" || return 1
  set -- "$2" tar --create --format=posix --pax-option=delete=atime,delete=ctime --owner=0 --group=0 --numeric-owner \
    --no-recursion --null --verbatim-files-from --ignore-failed-read --warning=none --transform 's,^\./,home/,S' \
    --verbose --index-file="$work/index" -C "$state/save" -T "$work/bundles" -C "$HOME" -T "$work/names"
  # Files without what `setup` put into them; and what could not be put back yet, its repository not being there: that goes
  # on from snapshot to snapshot.
  add_members cleaned "$work/cleaned" . && set -- "$@" -C "$work/cleaned" -T "$work/cleaned.names"
  add_members later "$state/restore/later" ./home && set -- "$@" -C "$state/restore/later/home" -T "$work/later.names"
  add_members waiting "$state/restore/later" bundles && set -- "$@" -C "$state/restore/later" -T "$work/waiting.names"
  archive_limit=$1
  shift
  rm -f -- "$work/archive" "$work/index"
  { LC_ALL=C "$@" 2>/dev/null; echo "$?" >"$work/code"; } | gzip -n | head -c "$((archive_limit + 1))" >"$work/archive"
  archive_bytes=$(stat -c %s -- "$work/archive")
}

# Makes $work/archive of at most $2 bytes; a file above $1 never goes in. Sets archive_bytes and archive_files; what was
# left out stands in $work/skipped. 1: not possible (no room on the disk).
make_archive() {
  : >"$work/skipped"
  choose_bundles "$2"
  order_records "$1" || return 1
  archive_count=$(count_records "$work/ordered")
  archive_all=$archive_count
  archive_begun=$(count_records "$work/bundles")
  archive_turn=1
  while :; do
    write_archive "$archive_count" "$2" || return 1
    [ "$archive_bytes" -gt "$2" ] || break
    [ "$archive_count" -gt 0 ] || return 1
    # Output stopped at the limit: nothing from the last thing that was begun on can go in.
    archive_reached=$(($(wc -l <"$work/index") - archive_begun))
    [ "$archive_reached" -lt "$archive_count" ] || archive_reached=$archive_count
    # What was on its way through the pipes makes that a guess.
    [ "$archive_turn" -le 3 ] && archive_less=1 || archive_less=$((1 << (archive_turn - 3)))
    archive_count=$((archive_reached - archive_less))
    [ "$archive_count" -gt 0 ] || archive_count=0
    archive_turn=$((archive_turn + 1))
  done
  # 1 is tar's word for files that changed meanwhile. A disk that is full cuts the archive short.
  [ "$(cat "$work/code")" -le 1 ] && gzip -t "$work/archive" 2>/dev/null || return 1
  archive_files=$(head -z -n "$archive_count" "$work/ordered" | grep -zc '^[fl]')
  tail -z -n "$((archive_all - archive_count))" "$work/ordered" |
    name_skipped "the snapshot would be above its limit of $(human "$2")" >>"$work/skipped"
}
