# shellcheck shell=sh
# Owns how `setup` writes: whole files at once, 0600, and never over what a person wrote.
# Must not know what is in them.
#
# A file of its own (a kubeconfig) is remembered by its SHA-256 in ~/.config/limpet/written/NAME, which comes back with the
# home: `GIVEN PATH`, GIVEN being what Limpet wrote. From it each later set-up tells its own file, its own that the person
# changed since, and a person's own. A file that is shared with the person (~/.aws/credentials) carries a marked block.
# Failures are in write_error, in the words of the program that failed.

written=$HOME/.config/limpet/written
scratch=${scratch:?}
write_error=

# Runs a command and keeps what it says when it fails.
attempt() {
  write_error=$("$@" 2>&1 >/dev/null) && return 0
  write_error=$(printf %s "$write_error" | head -n 1 | sed 's/^[^:]*: //')
  return 1
}

# The file that a name leads to: a person's dotfiles may be links into a repository of theirs.
target_of() {
  if [ -L "$1" ]; then readlink -f -- "$1" 2>/dev/null || printf '%s\n' "$1"; else printf '%s\n' "$1"; fi
}

# Puts what it reads into the file $1 (mode $2, 600 by default), all of it or nothing; one that is so already is not touched.
# Folders on the way are made 0700.
write_file() {
  file=$1
  [ ! -L "$file" ] || file=$(target_of "$file")
  [ -d "${file%/*}" ] || attempt mkdir -p -- "${file%/*}" || return 1
  # The umask makes it 0600 from its first byte on.
  { cat >"$file.limpet-new"; } 2>"$scratch/write"
  copied=$?
  if [ "$copied" = 0 ] && [ -f "$file" ] && cmp -s "$file.limpet-new" "$file" &&
    [ "$(stat -c %a -- "$file")" = "${2:-600}" ]; then
    rm -f -- "$file.limpet-new"
    return 0
  fi
  if [ "$copied" = 0 ] && { [ "${2:-600}" = 600 ] || chmod "$2" "$file.limpet-new" 2>"$scratch/write"; } &&
    mv -f -- "$file.limpet-new" "$file" 2>"$scratch/write"; then
    return 0
  fi
  write_error=$(head -n 1 "$scratch/write" | sed 's/^.*: //')
  rm -f -- "$file.limpet-new" 2>/dev/null
  return 1
}

hash_of() {
  sha256sum <"$1" | cut -d ' ' -f 1
}

# Puts the file $3 to where its program reads it ($2), under the name $1. Sets `placed` to where it is, and says how it went:
# 0 there; 1 not writable (write_error); 2 a person's own is there, ours lies beside it.
put_file() {
  placed=$2
  given=$(hash_of "$3")
  if [ -e "$2" ] || [ -L "$2" ]; then
    present=$(hash_of "$2" 2>/dev/null)
    ours=
    [ -r "$written/$1" ] && read -r ours _ <"$written/$1"
    if [ "$present" != "$given" ] && [ "$present" != "$ours" ]; then
      # Ours, as it was given now, and changed by the person since (a context was chosen): theirs to keep.
      [ "$ours" = "$given" ] && return 0
      placed=$2.limpet
      write_file "$placed" <"$3" || return 1
      return 2
    fi
  fi
  write_file "$2" <"$3" || return 1
  rm -f -- "$2.limpet"
  printf '%s %s\n' "$given" "$2" | write_file "$written/$1"
}

# Takes away what put_file put under the name $1 at $2. 2: the person changed it, so it stays.
take_file() {
  [ ! -e "$2.limpet" ] || rm -f -- "$2.limpet"
  [ -r "$written/$1" ] || return 0
  read -r ours _ <"$written/$1"
  rm -f -- "$written/$1"
  [ -e "$2" ] || return 0
  [ "$(hash_of "$2" 2>/dev/null)" = "$ours" ] || return 2
  attempt rm -f -- "$(target_of "$2")"
}

block_begin='# limpet: begin (kept by Limpet: what you change in here is written over)'
block_end='# limpet: end'

# The file $1 without our block.
outside_block() {
  [ -r "$1" ] || return 0
  awk -v begin="$block_begin" -v end="$block_end" '
    $0 == begin && !inside { inside = 1; held = $0; next }
    inside && $0 == end { inside = 0; held = ""; next }
    inside { held = held "\n" $0; next }
    { print }
    END { if (inside) print held }' "$1"
}

# Puts the block that it reads into the file $1; an empty one takes it away, and the file where nothing else is in it.
put_block() {
  cat >"$scratch/block"
  if [ ! -s "$scratch/block" ]; then
    [ -e "$1" ] && grep -qxF "$block_begin" "$1" || return 0
  fi
  # A blank line that stands before our block is ours: it must not grow with each run, nor stay behind.
  outside_block "$1" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$scratch/outside"
  if [ ! -s "$scratch/block" ]; then
    if ! grep -q '[^[:space:]]' "$scratch/outside"; then
      attempt rm -f -- "$(target_of "$1")"
      return
    fi
    write_file "$1" <"$scratch/outside"
    return
  fi
  {
    cat "$scratch/outside"
    [ ! -s "$scratch/outside" ] || echo
    printf '%s\n' "$block_begin"
    cat "$scratch/block"
    printf '%s\n' "$block_end"
  } >"$scratch/whole"
  write_file "$1" <"$scratch/whole"
}
