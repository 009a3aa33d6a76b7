# shellcheck shell=sh
# Owns how `setup` writes: whole files at once, 0600, and never over what a person wrote.
# Must not know what is in them.
#
# A file of its own (a kubeconfig) is remembered by its SHA-256 in ~/.config/limpet/written/NAME, which comes back with the
# home: `GIVEN PATH`, GIVEN being what Limpet wrote (NAME.beside: the same of a file beside a person's own, which no snapshot
# takes). From it each later set-up tells its own file, its own that the person
# changed since, and a person's own. A file that is shared with the person (~/.aws/credentials) carries a marked block.
# Failures are in write_error, in the words of the program that failed.

written=$HOME/.config/limpet/written
# Credentials that may not lie where their programs look for them. No save takes anything below $state.
private=${state:?}/credentials
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

# True where a file at $1, wherever links lead, would be saved as work of the person's: pushed, or put into a snapshot with
# the repository that it is in. The home itself is none, and what git ignores in one is not saved.
in_repository() {
  repository_file=$(readlink -m -- "$1")
  repository_at=${repository_file%/*}
  while [ -n "$repository_at" ] && [ "$repository_at" != "$home_at" ]; do
    if [ -e "$repository_at/.git" ]; then
      ! git -c core.fsmonitor=false -c core.hooksPath=/dev/null -C "$repository_at" check-ignore -q -- "$repository_file" 2>/dev/null
      return
    fi
    repository_at=${repository_at%/*}
  done
  return 1
}
home_at=$(readlink -m -- "$HOME")

# The file $1 as a person writes it.
shown() {
  case $1 in "$HOME"/*) printf '~/%s\n' "${1#"$HOME"/}" ;; *) printf '%s\n' "$1" ;; esac
}

# Puts the file $3 to where its program reads it ($2), under the name $1. Sets `placed` to where it is, and says how it went:
# 0 there; 1 not writable (write_error); 2 a person's own is there, ours lies beside it; 3 that place is in a repository,
# ours lies in our own folder.
put_file() {
  placed=$2
  if in_repository "$2"; then
    take_file "$1" "$2"
    placed=$private/$1
    write_file "$placed" <"$3" || return 1
    return 3
  fi
  rm -f -- "$private/$1"
  given=$(hash_of "$3")
  # A link to nothing, as it comes back with the home, is written through.
  if [ -e "$2" ]; then
    there=$(hash_of "$2" 2>/dev/null)
    ours=
    [ -r "$written/$1" ] && read -r ours _ <"$written/$1"
    if [ "$there" != "$given" ] && [ "$there" != "$ours" ]; then
      # Ours, as it was given now, and changed by the person since (a context was chosen): theirs to keep.
      [ "$ours" = "$given" ] && return 0
      placed=$2.limpet
      printf '%s %s\n' "$given" "$placed" | write_file "$written/$1.beside" || return 1
      write_file "$placed" <"$3" || return 1
      return 2
    fi
  fi
  write_file "$2" <"$3" || return 1
  rm -f -- "$2.limpet" "$written/$1.beside"
  printf '%s %s\n' "$given" "$2" | write_file "$written/$1"
}

# Takes away what put_file put under the name $1 at $2. 2: the person changed it, so it stays.
take_file() {
  rm -f -- "$2.limpet" "$written/$1.beside" "$private/$1"
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
