# shellcheck shell=sh
# Owns that no credential which `setup` put into the home gets into a snapshot: it comes from `setup` again, or does not
# where the person took it away in the settings. What the person wrote beside it, or changed, is kept.
# Must not know archives. Uses $work (lib/home-archive.sh).
#
# From lib/setup-files.sh: ~/.config/limpet/written/NAME holds `SHA256 PATH` of a file that is wholly Limpet's as long as it
# has that sum; ~/.aws/credentials holds a marked block. From lib/setup-clouds.sh: written/azure holds `CLIENT TENANT` of one
# entry in ~/.azure/service_principal_entries.json.

# A file is known by where it lies, whatever links of the person's lead to it: the links themselves are kept.

# Writes names below the home that are left out to $work/given, and, where something else is in such a file, a copy without
# what was given below $work/cleaned. 1: not all of it could be written, so that nothing may be sent.
set_credentials_aside() {
  aside_lost=''
  rm -rf -- "$work/cleaned"
  printf '' >"$work/given" || return 1
  home_at=$(readlink -m -- "$HOME")
  for given_record in "$HOME/.config/limpet/written"/*; do
    [ -f "$given_record" ] || continue
    read -r given_sum given_path <"$given_record"
    case ${given_record##*/} in
      azure) clean_azure "$given_sum" "$given_path" ;;
      # Beside a person's own: ours, even where the person changed it.
      *.beside) leave_out "$given_path" ;;
      *)
        leave_out "$given_path.limpet"
        [ "$(sha256sum 2>/dev/null <"$given_path" | cut -c 1-64)" != "$given_sum" ] || leave_out "$given_path"
        ;;
    esac
  done
  clean_aws "$HOME/.aws/credentials"
  # The two places of git's own helper `store`, which is given what others answered.
  clean_git "$HOME/.git-credentials"
  clean_git "${XDG_CONFIG_HOME:-$HOME/.config}/git/credentials"
  # A copy that was cut by a full disk would be the person's own lines, lost.
  [ -z "$aside_lost" ] && has_room
}

# given_name: the file $1 below the home, its links followed. 1: it lies elsewhere, where no snapshot takes it from.
name_given() {
  given_name=$(readlink -m -- "$1" && echo x)
  given_name=${given_name%?x}
  case $given_name in "$home_at"/*) given_name=${given_name#"$home_at"/} ;; *) return 1 ;; esac
}

leave_out() {
  name_given "$1" || return 0
  printf '%s\0' "$given_name" >>"$work/given" || aside_lost=1
}

clean_aws() {
  [ -f "$1" ] && grep -q '^# limpet: begin' "$1" || return 0
  keep_cleaned "$1" sed '/^# limpet: begin/,/^# limpet: end$/d'
}

clean_azure() {
  [ -f "$HOME/.azure/service_principal_entries.json" ] || return 0
  keep_cleaned "$HOME/.azure/service_principal_entries.json" jq --arg client "$1" --arg tenant "$2" \
    'map(select(.client_id != $client or .tenant != $tenant)) | select(length > 0)'
}

clean_git() {
  [ -f "$1" ] && [ -f "$state/git/token" ] || return 0
  without_token <"$1" | cmp -s - "$1" || keep_cleaned "$1" without_token
}

# Lines (git-credential-store(1): addresses, with bytes as %xx) but those with the given token for a password.
without_token() {
  LC_ALL=C awk -v token="$state/git/token" '
    BEGIN {
      for (each = 1; each < 256; each++) byte[sprintf("%02x", each)] = sprintf("%c", each)
      while ((getline pair <token) > 0) if (substr(pair, 1, 9) == "password=") password = ":" substr(pair, 10) "@"
    }
    {
      rest = $0; plain = ""
      while ((at = index(rest, "%")) > 0) {
        code = tolower(substr(rest, at + 1, 2))
        plain = plain substr(rest, 1, at - 1) (code in byte ? byte[code] : "%")
        rest = substr(rest, at + (code in byte ? 3 : 1))
      }
      if (password == "" || index(plain rest, password) == 0) print
    }'
}

# Leaves the file $1 out, and keeps a copy of it as the command that follows gives it, where that is more than blank.
keep_cleaned() {
  name_given "$1" || return 0
  clean_from=$1
  clean_to=$work/cleaned/$given_name
  shift
  printf '%s\0' "$given_name" >>"$work/given" || aside_lost=1
  mkdir -p -- "${clean_to%/*}"
  "$@" <"$clean_from" >"$clean_to" 2>/dev/null
  if grep -q '[^[:space:]]' "$clean_to"; then
    chmod --reference="$clean_from" -- "$clean_to"
    touch --reference="$clean_from" -- "$clean_to"
  else
    rm -f -- "$clean_to"
  fi
}
