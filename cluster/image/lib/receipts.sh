# shellcheck shell=sh
# Owns the receipts of a save: what is said of its parts together, and whether that is worth a call to the edge.
# Must not know how anything is saved. Uses $parts (a line of JSON for each part), $own, $last of `save`, lib/edge.sh. Nothing
# here needs room on the disk.

# The receipt of a kind ($1) from its parts: the worst state, the sentences that say so, everything that was left out. A
# home that is saved but for a repository is partly saved.
receipt_of() {
  receipt_parts=$(printf %s "$parts" | grep "^{\"type\":\"part\",\"kind\":\"$1\"") || return 0
  # A home without a word about any repository: its part is the receipt. (jq takes 20 ms.)
  case $receipt_parts in
    *'}
{'*) ;;
    '{"type":"part","kind":"edge","name":"",'*) printf '{"kind":"edge",%s\n' "${receipt_parts#*\"name\":\"\",}"; return ;;
  esac
  printf '%s\n' "$receipt_parts" | jq -cs --arg kind "$1" '
    def rank: {unchanged: 0, clean: 0, saved: 1, partial: 2, failed: 3}[.] // 3;
    (map(select(.name == "")) | first) as $whole
    | (max_by(.state | rank)) as $worst
    | (if $whole and $worst.state == "failed" and $whole.state != "failed" then "partial"
       elif $worst.state == "clean" then "unchanged" else $worst.state end) as $state
    | ($whole // $worst) as $first
    | map(select(. != $first)) as $others
    | {kind: $kind, state: $state,
       text: ([$first.text] + (if $whole then [] else [$others[] | select(.state == "failed").text] end) | join(" ") | .[:1000]),
       skipped: ([$first.skipped[]?] + [$others[] | (if $whole then .text else empty end), .skipped[]?] | .[:50]),
       snapshot: (map(.snapshot | strings) | first)}'
}

# Makes the receipt ($1: kind) and sends it; it stays in $receipt, which is empty where nothing is to be said.
send_receipt() {
  receipt=$(receipt_of "$1")
  [ -n "$receipt" ] || return 0
  if is_news "$1" "$receipt" && printf '%s\n' "$receipt" | edge_post receipt 10; then
    printf '%s\n' "$receipt" >"$own/sent.$1"
  fi
}

# Whether the receipt $2 (of kind $1) is worth a call: something was saved, or the words are others than the last time. That
# nothing changed is said again each quarter of an hour, so that the age of what is saved is known.
is_news() {
  [ -z "$last" ] || return 0
  case $1/$2 in
    *'"state":"saved"'* | upstream/*'"state":"partial"'*) return 0 ;;
    *'"state":"unchanged"'*) [ -n "$(find "$own/sent.$1" -mmin -15 2>/dev/null)" ] || return 0 ;;
  esac
  [ "$2" != "$(cat "$own/sent.$1" 2>/dev/null)" ]
}
