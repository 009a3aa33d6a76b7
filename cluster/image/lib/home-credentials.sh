# shellcheck shell=sh
# Owns that no credential which `setup` put into the home gets into a snapshot: it comes from `setup` again, or does not
# where the person took it away in the settings. What the person wrote beside it, or changed, is kept.
# Must not know archives. Uses $work (lib/home-archive.sh).
#
# From lib/setup-files.sh: ~/.config/limpet/written/NAME holds `SHA256 PATH` of a file that is wholly Limpet's as long as it
# has that sum; ~/.aws/credentials holds a marked block. From lib/setup-clouds.sh: written/azure holds `CLIENT TENANT` of one
# entry in ~/.azure/service_principal_entries.json.

# Writes names below the home that are left out to $work/given, and, where something else is in such a file, a copy without
# what was given below $work/cleaned.
set_credentials_aside() {
  rm -rf -- "$work/cleaned"
  : >"$work/given"
  for given_record in "$HOME/.config/limpet/written"/*; do
    [ -f "$given_record" ] || continue
    read -r given_sum given_path <"$given_record"
    case ${given_record##*/} in
      azure) clean_azure "$given_sum" "$given_path" ;;
      *) leave_out_given "$given_sum" "$given_path" ;;
    esac
  done
  clean_aws .aws/credentials
}

leave_out_given() {
  case $2 in "$HOME"/*) ;; *) return 0 ;; esac
  # Where the person has a file of their own, ours lies beside it under this name.
  printf '%s\0' "${2#"$HOME"/}.limpet" >>"$work/given"
  [ "$(sha256sum 2>/dev/null <"$2" | cut -c 1-64)" = "$1" ] && printf '%s\0' "${2#"$HOME"/}" >>"$work/given"
}

clean_aws() {
  [ -f "$HOME/$1" ] && grep -q '^# limpet: begin' "$HOME/$1" || return 0
  keep_cleaned "$1" sed '/^# limpet: begin/,/^# limpet: end$/d'
}

clean_azure() {
  [ -f "$HOME/.azure/service_principal_entries.json" ] || return 0
  keep_cleaned .azure/service_principal_entries.json jq --arg client "$1" --arg tenant "$2" \
    'map(select(.client_id != $client or .tenant != $tenant)) | select(length > 0)'
}

# Leaves the file $1 out, and keeps a copy of it as the command that follows gives it, where that is more than blank.
keep_cleaned() {
  clean_name=$1
  shift
  printf '%s\0' "$clean_name" >>"$work/given"
  mkdir -p -- "$work/cleaned/${clean_name%/*}"
  "$@" <"$HOME/$clean_name" >"$work/cleaned/$clean_name" 2>/dev/null
  if grep -q '[^[:space:]]' "$work/cleaned/$clean_name"; then
    chmod --reference="$HOME/$clean_name" -- "$work/cleaned/$clean_name"
    touch --reference="$HOME/$clean_name" -- "$work/cleaned/$clean_name"
  else
    rm -f -- "$work/cleaned/$clean_name"
  fi
}
