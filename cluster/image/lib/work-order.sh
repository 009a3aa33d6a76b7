# shellcheck shell=sh
# Owns which of several saves of one repository is the newest, and which of the others have nothing that it has not.
# Must not know where they were found, nor how one is put back.
#
# Each save names the copy that it was made of (one pod's folder) and the saves that were put into that copy: two kinds of
# lines in the commit's words, under its MAC. A later save of a copy holds all of the copy's earlier ones and all of what was
# put into it, whatever the clocks of two pods say. Saves that name no copy are told apart by their times alone.
#
#   copy: COPY                     128 random bits, in hex
#   holds: OBJECT COPY SECONDS     a save that was put into it, the copy of that one (or -), its time
#
#   $shadow/copy        the name of this pod's copy
#   $shadow/held        what was put into it, as in `holds`
#   $shadow/work/saves  what was found: OBJECT COPY SECONDS FORM HASH a line; FORM: ref, branch, or bundle; HASH: the
#                       repository's, under which it was made
#   $shadow/moved       FORM HASH OBJECT: saves upstream under another folder's name that were put back here

# The lines of a save that this pod makes now.
order_lines() {
  if [ ! -s "$shadow/copy" ]; then
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$shadow/copy"
  fi
  printf 'copy: %s\n' "$(cat "$shadow/copy")"
  if [ -s "$shadow/held" ]; then tail -n 16 "$shadow/held" | sed 's/^/holds: /'; fi
}

# Sets saved_copy; right after is_ours, which read the save.
read_copy() {
  saved_copy=$(sed -n 's/^copy: \([0-9a-f][0-9a-f]*\)$/\1/p' "$shadow/work/found-said" | head -n 1)
  : "${saved_copy:=-}"
}

# note_save OBJECT FORM HASH: one that was found; right after is_ours.
note_save() {
  read_copy
  {
    echo "$1 $saved_copy $saved_at"
    sed -n 's/^holds: \([0-9a-f]* [-0-9a-f]* [0-9]*\)$/\1/p' "$shadow/work/found-said"
  } >"$shadow/work/held-by-$1"
  echo "$1 $saved_copy $saved_at $2 $3" >>"$shadow/work/saves"
}

# is_held OBJECT COPY SECONDS FILE: is that save one of those in FILE (lines as in `held`), or an earlier one of their copies?
is_held() {
  [ -s "$4" ] && awk -v object="$1" -v copy="$2" -v at="$3" '
    $1 == object || (copy != "-" && $2 == copy && $3 + 0 >= at + 0) { found = 1; exit }
    END { exit !found }' "$4"
}

# Did this pod make that save, or put it back?
is_made() {
  grep -qsx "$1" "$shadow/made"
}

# is_here OBJECT COPY SECONDS: does this pod have that save already? It is made, or one that holds it is.
is_here() {
  if is_made "$1"; then return 0; fi
  if [ "$2" != - ] && [ "$2" = "$(cat "$shadow/copy" 2>/dev/null)" ]; then return 0; fi
  is_held "$1" "$2" "$3" "$shadow/held"
}

# Of work/saves the newest becomes found_commit, found_form, found_hash; the rest is work/older. 1: there is none that this pod
# has not.
choose_save() {
  found_commit='' found_form='' found_hash='' found_copy='' found_at=''
  while read -r work_object work_copy work_at work_form work_of; do
    if is_here "$work_object" "$work_copy" "$work_at"; then
      settle "$work_object" "$work_copy" "$work_at" "$work_form" "$work_of"
      continue
    fi
    if [ -n "$found_commit" ] && ! is_held "$found_commit" "$found_copy" "$found_at" "$shadow/work/held-by-$work_object"; then
      if [ "$work_at" -lt "$found_at" ] || is_held "$work_object" "$work_copy" "$work_at" "$shadow/work/held-by-$found_commit"; then
        continue
      fi
    fi
    found_commit=$work_object found_copy=$work_copy found_at=$work_at found_form=$work_form found_hash=$work_of
  done <"$shadow/work/saves"
  [ -n "$found_commit" ] || return 1
  grep -v "^$found_commit " "$shadow/work/saves" >"$shadow/work/older"
  ours update-ref refs/limpet/found "$found_commit"
}

# settle OBJECT COPY SECONDS FORM HASH: from here on this pod is the one that saves it; where it lies upstream, its next save
# may take its place.
settle() {
  if ! is_made "$1"; then
    echo "$1" >>"$shadow/made"
    if [ "$2" != "$(cat "$shadow/copy" 2>/dev/null)" ]; then echo "$1 $2 $3" >>"$shadow/held"; fi
  fi
  case $4:$5 in
    bundle:*) ;;
    *:"$hash") know_upstream "$4" "$1" ;;
    *) grep -qsx "$4 $5 $1" "$shadow/moved" || echo "$4 $5 $1" >>"$shadow/moved" ;;
  esac
}
