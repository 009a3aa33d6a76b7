# shellcheck shell=sh
# Owns the steps of `restore-home`: the download, the unpacking aside, and putting each thing to its place without writing
# over anything.
# Must not know when it is called. Uses restore-home's `say`, its places and what it read of the wish.

# Gets the snapshot to $restore/snapshot, whole and with the right sum, or says why not.
get_snapshot() {
  edge_output=$restore/snapshot
  # Room for an error in its place.
  most=$((bytes > 65536 ? bytes : 65536))
  for try in 1 2 3; do
    edge_call "$url" "$ticket" 120 --max-filesize "$most" ||
      case $edge_status in
        404 | 410)
          # It will not come back: what is made here from now on may be saved.
          rm -f -- "$edge_output"
          : >"$restore/lost"
          say failed 'The home was not put back: its snapshot is not there any more.' "$edge_code"
          ;;
        2??) ;;
        *)
          rm -f -- "$edge_output"
          say failed "The home was not put back: $edge_text Set up again, and it is tried again." "$edge_code"
          ;;
      esac
    [ "$(sha256sum <"$edge_output" | cut -c 1-64)" = "$sum" ] && break
    [ "$try" -lt 3 ] || {
      rm -f -- "$edge_output"
      say failed 'The home was not put back: its snapshot arrived damaged, three times. Set up again, and it is tried again.' DAMAGED_SNAPSHOT
    }
  done
  edge_output=''
}

# Takes a folder of ours away, whatever its folders' modes are.
take_away() {
  [ -e "$1" ] || return 0
  chmod -R u+rwX -- "$1" 2>/dev/null
  rm -rf -- "$1"
}

# Unpacks it aside, on the same disk; tar keeps names that begin with / or hold .. out of the rest of the machine.
unpack_snapshot() {
  take_away "$unpacked"
  mkdir -- "$unpacked" || say failed 'The home was not put back: there is no room on the disk.' UNPACK
  if ! tar --extract --gzip --file "$restore/snapshot" --directory "$unpacked" --no-same-owner --same-permissions \
    --delay-directory-restore --warning=none 2>"$restore/words"; then
    words=$(head -n 1 "$restore/words" | tr -d '\000-\037\177' | cut -c 1-200)
    take_away "$unpacked"
    rm -f -- "$restore/snapshot" "$restore/words"
    say failed "The home was not put back: it could not be unpacked ($words). Make room on the disk and set up again." UNPACK
  fi
  rm -f -- "$restore/snapshot" "$restore/words"
  mkdir -p -- "$unpacked/home" "$unpacked/bundles"
  printf '%s\n' "$sum" >"$restore/whole"
}

# Moves what belongs into the repository $1, which is not there yet, to $later: a clone wants an empty folder.
hold_back() {
  mkdir -p -- "$later/home" "$later/bundles"
  held=$unpacked/home/$1
  if [ -d "$held" ] && [ ! -L "$held" ]; then
    case $1 in */*) mkdir -p -- "$later/home/${1%/*}" ;; esac
    [ -e "$later/home/$1" ] || move "$held" "$later/home/$1"
  fi
  for held_path in "$unpacked"/bundles/*.path; do
    [ -f "$held_path" ] || continue
    # The repository itself, or one in it.
    case $(cat -- "$held_path")/ in
      "$1"/*) mv -f -- "$held_path" "${held_path%.path}.bundle" "$later/bundles/" ;;
    esac
  done
  rmdir -- "$later/home" "$later/bundles" "$later" 2>/dev/null
}

# Keeps the bundle $1 for the next try: its repository may be there by then, or can be reached.
park() {
  mkdir -p -- "$later/bundles"
  [ "${1%/*}" = "$later/bundles" ] || mv -f -- "${1%.bundle}.path" "$1" "$later/bundles/"
}

# True where it is not the turn of the repository $1 that waits: the connected one's is once it is cloned, after what
# is upstream; that of one that is not there is when somebody wishes it, or a quarter of an hour after the last try.
is_early() {
  case ${put_turn:-}/$1/ in
    "$put_turn/$connected_workspace"/*)
      [ -n "$connected_workspace" ] && { [ "$put_turn" = others ] || [ ! -e "$HOME/$connected_workspace/.git" ]; }
      ;;
    due/*) [ ! -e "$HOME/$1/.git" ] && [ -n "$(find "$restore/tried" -mmin -15 2>/dev/null)" ] ;;
    *) return 1 ;;
  esac
}

# Puts each repository of $1/bundles back, until $put_deadline; what is done is not done again by the next run. One whose
# commits are at a remote that was not reached, or that had no time, waits in $later. One that cannot be put back is kept in
# the home, where the person sees it and the next snapshot has it.
put_bundles() {
  put_fetch=20
  for put_file in "$1"/bundles/*.bundle; do
    [ -f "$put_file" ] || continue
    put_name=$(cat -- "${put_file%.bundle}.path" 2>/dev/null && echo x)
    put_name=${put_name%x}
    case /$put_name/ in
      // | /x/ | */../* | //*) continue ;;
    esac
    ! is_early "$put_name" || continue
    put_begun=$(now)
    put_seconds=$((put_deadline - put_begun))
    [ "$put_seconds" -le 120 ] || put_seconds=120
    if [ "$put_seconds" -le 0 ]; then
      park "$put_file"
      wait_for "$put_name" 'there was no time for it yet.'
      continue
    fi
    if [ "$put_turn" = due ] && [ "$put_name" = "$connected_workspace" ] && [ "$connected_upstream" = true ]; then
      pull_first || continue
    fi
    put_back_one bundle "$put_file" "$HOME/$put_name"
    # Remotes that cannot be reached are waited for once, not once for each repository.
    [ "$(($(now) - put_begun))" -lt 20 ] || put_fetch=0
    put_text=$(printf '%s\n' "$put_word" | jq -r '.text | strings' 2>/dev/null)
    case $put_word in
      '{"state":"restored"'* | '{"state":"nothing"'*) rm -f -- "$put_file" "${put_file%.bundle}.path" ;;
      '{"state":"conflict"'*)
        printf '%s\0' "$put_text" >>"$restore/skipped"
        rm -f -- "$put_file" "${put_file%.bundle}.path"
        ;;
      '' | *'"code":"BASE_UNREACHABLE"}')
        if [ -e "$HOME/$put_name/.git" ]; then
          keep_in_home
        else
          park "$put_file"
          wait_for "$put_name" "${put_text:-it took too long.}"
        fi
        ;;
      *) keep_in_home ;;
    esac
  done
}

# put_back_one ARGUMENTS: of restore-repository; its word is put_word.
put_back_one() {
  put_word=$(LIMPET_FETCH_SECONDS=$put_fetch timeout -k 2 "$put_seconds" "$here/restore-repository" "$@" 2>/dev/null | tail -n 1)
  case $put_word in '{"state":"nothing"'*) ;; *) put_tried=1 ;; esac
}

# Where `setup` did not come to it: the newer of what is upstream and of the bundle $put_file goes first. 1: it waits, since
# what is upstream is not known.
pull_first() {
  has_connected_remote "$put_name" || {
    wait_for "$put_name" 'another repository is in its place.'
    return 1
  }
  put_back_one pull "$HOME/$put_name" "$put_file"
  put_text=$(printf '%s\n' "$put_word" | jq -r '.text | strings' 2>/dev/null)
  case $put_word in
    '{"state":"conflict"'*) printf '%s\0' "$put_text" >>"$restore/skipped" ;;
    '{"state":"restored"'* | '{"state":"nothing"'* | *'"code":"FOREIGN_SAVE"}') ;;
    *)
      wait_for "$put_name" "${put_text:-it took too long.}"
      return 1
      ;;
  esac
}

wait_for() {
  printf '%s waits and is tried again: %s\0' "$1" "$2" >>"$restore/skipped"
}

# Keeps the bundle $put_file of $put_name where the person sees it.
keep_in_home() {
  mkdir -p -- "$HOME/limpet-not-restored"
  mv -f -- "$put_file" "$HOME/limpet-not-restored/${put_file##*/}"
  rm -f -- "${put_file%.bundle}.path"
  printf '%s is kept as ~/limpet-not-restored/%s: %s\0' "$put_name" "${put_file##*/}" \
    "${put_text:-it could not be restored.}" >>"$restore/skipped"
}

# Puts what is in the folder $1 to its place in the home.
put_home() {
  [ -d "$1" ] || return 0
  put_folder "$1" "$HOME"
}

# Puts each entry of $1 into $2, both folders. Runs itself in a process of its own for a folder that is there on both
# sides: POSIX has no variables that a function keeps to itself.
put_folder() {
  # What is in a folder that may not be written in cannot be moved out of it.
  [ -w "$1" ] || chmod u+wx -- "$1"
  for put_entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$put_entry" ] || [ -L "$put_entry" ] || continue
    put_to=$2/${put_entry##*/}
    if [ ! -e "$put_to" ] && [ ! -L "$put_to" ]; then
      move "$put_entry" "$put_to"
    elif [ -d "$put_entry" ] && [ ! -L "$put_entry" ] && [ -d "$put_to" ] && [ ! -L "$put_to" ]; then
      (put_folder "$put_entry" "$put_to")
    elif ! is_same "$put_entry" "$put_to"; then
      put_beside "$put_entry" "$put_to"
    fi
  done
}

# Moves $1 to $2, where nothing is. A folder that may not be written in cannot be moved to another one as it is: its `..`
# would change. What cannot go there is kept where it is seen.
move() {
  move_mode=
  if [ -d "$1" ] && [ ! -L "$1" ] && [ ! -w "$1" ]; then
    move_mode=$(stat -c %a -- "$1")
    chmod u+wx -- "$1"
  fi
  move_to=$2
  if ! mv -n -T -- "$1" "$move_to" 2>/dev/null || [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p -- "$HOME/limpet-not-restored"
    move_to=$(mktemp -d "$HOME/limpet-not-restored/XXXXXX")/${2##*/}
    mv -n -T -- "$1" "$move_to"
    printf '%s: it could not be put there and is kept as ~/%s\0' "${2#"$HOME"/}" "${move_to#"$HOME"/}" >>"$restore/skipped"
  fi
  [ -z "$move_mode" ] || chmod "$move_mode" -- "$move_to"
}

is_same() {
  if [ -L "$1" ] || [ -L "$2" ]; then
    [ -L "$1" ] && [ -L "$2" ] && [ "$(readlink -n -- "$1" && echo x)" = "$(readlink -n -- "$2" && echo x)" ]
  else
    [ -f "$1" ] && [ -f "$2" ] && cmp -s -- "$1" "$2"
  fi
}

# $1, which was saved, beside $2, which is there. A shell's history is one: the saved lines come before the new ones.
put_beside() {
  case ${2##*/} in
    .*_history)
      if [ -f "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] && cat -- "$2" >>"$1" && mv -f -T -- "$1" "$2"; then return 0; fi
      ;;
  esac
  beside=$2.limpet-saved
  beside_number=1
  while [ -e "$beside" ] || [ -L "$beside" ]; do
    # A run that was cut short may have put it there.
    ! is_same "$1" "$beside" || return 0
    beside_number=$((beside_number + 1))
    beside=$2.limpet-saved-$beside_number
  done
  move "$1" "$beside"
  printf '%s: what was saved is beside it, as %s\0' "${2#"$HOME"/}" "${beside##*/}" >>"$restore/skipped"
}

# The last word. $1: the sentence where all is well.
finish() {
  [ -s "$restore/skipped" ] || say restored "$1"
  say conflict "$1 Something was there already, or did not fit: nothing was written over, and both are kept." RESTORE_CONFLICT
}
