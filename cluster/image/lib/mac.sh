# shellcheck shell=sh
# Owns HMAC-SHA256 (RFC 2104) out of sha256sum: no openssl in the image, and no key in any program's arguments.
# Must not know what is signed or where the key is kept. Sourced; dash's own printf writes the bytes, so nothing is forked for them.

# hex_octal HEX MASK -> $mac_octal: each byte of HEX xor MASK, as printf escapes.
hex_octal() {
  mac_rest=$1
  mac_octal=
  while [ -n "$mac_rest" ]; do
    mac_tail=${mac_rest#??}
    mac_byte=$((0x${mac_rest%"$mac_tail"} ^ $2))
    mac_octal="$mac_octal\\$((mac_byte >> 6))$((mac_byte >> 3 & 7))$((mac_byte & 7))"
    mac_rest=$mac_tail
  done
}

# hmac_sha256 KEY <message -> the MAC, 64 hex digits. KEY: 64 hex digits (32 bytes); anything else: 1, and nothing is printed.
hmac_sha256() {
  case $1 in
    *[!0-9a-f]*) return 1 ;;
  esac
  [ "${#1}" -eq 64 ] || return 1
  # A block of SHA-256 is 64 bytes: the key, then zeros.
  mac_key=${1}0000000000000000000000000000000000000000000000000000000000000000
  hex_octal "$mac_key" 0x36
  # shellcheck disable=SC2059 # escapes of our own making
  mac_inner=$({ printf "$mac_octal" && cat; } | sha256sum) || return 1
  hex_octal "$mac_key" 0x5c
  mac_outer=$mac_octal
  hex_octal "${mac_inner%% *}" 0
  # shellcheck disable=SC2059
  mac_inner=$(printf "$mac_outer$mac_octal" | sha256sum) || return 1
  printf '%s\n' "${mac_inner%% *}"
}
