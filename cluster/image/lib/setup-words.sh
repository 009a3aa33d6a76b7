# shellcheck shell=sh
# Owns what `setup` says: its words on stdout (SetupWord in worker/shells/setup-line.ts), without a secret in any of them, and
# never silence for long: whoever listens gives up after a minute of it (worker/shells/setup-run.ts).
# Must not know what the steps do.
#
# Whoever uses this has `set -u`, the line of JSON in the file $line, a folder $scratch, and takes from here: step, check,
# one_line, keep_saying, ended_badly.

# 1 once a step failed or left something as it was.
ended_badly=0

# True for a text that is JSON as it stands, and that is not too long.
is_plain() {
  case $1 in *[\\\"[:cntrl:]]*) return 1 ;; esac
  [ "${#1}" -le 900 ]
}

# A step begins, or goes on. $1: which; $2: what is shown meanwhile, in our own words.
step() {
  if is_plain "$2"; then
    step_word="{\"type\":\"step\",\"step\":\"$1\",\"text\":\"$2\"}"
  else
    step_word=$(jq -nc --arg step "$1" --arg text "$2" '{type: "step", step: $step, text: $text}')
  fi
  # For keep_saying. Where the disk is full, that is no reason to be silent now.
  { printf '%s\n' "$step_word" >"$scratch/said"; } 2>/dev/null
  printf '%s\n' "$step_word"
}

# Says the last step again every LIMPET_WORD_SECONDS (10), until it is ended or the set-up is gone; ends the set-up where
# nobody reads any more. For the background.
keep_saying() {
  trap '' PIPE
  quiet=0
  # A second each: no `sleep` of ours is left behind for long.
  while sleep 1 >/dev/null 2>&1; do
    kill -0 "$$" 2>/dev/null || return
    quiet=$((quiet + 1))
    [ "$quiet" -ge "${LIMPET_WORD_SECONDS:-10}" ] || continue
    quiet=0
    { read -r again <"$scratch/said"; } 2>/dev/null || continue
    printf '%s\n' "$again" 2>/dev/null || {
      kill -TERM "$$"
      return
    }
  done
}

# Writes each secret of the line to $scratch/secrets, the longest first, one a line. Of a key file or a kubeconfig, which a
# program never quotes as a whole, its lines, its values and its words, where they have 16 characters or more.
write_secrets() {
  [ ! -s "$scratch/secrets" ] || return 0
  jq -r '
    def lines: strings | split("\n")[];
    ((.edge.capability, .save.key, .snapshot.ticket?, .git.token.token?, .aws.secretAccessKey?, .aws.sessionToken?,
      .azure.clientSecret?) | lines | "= " + .),
    ((.git.key?, .kubeconfig?, (.google.serviceAccountKey? | strings | ., (fromjson? | .. | strings))) | lines | "+ " + .)' "$line" |
    LC_ALL=C awk '
      function take(text) {
        gsub(/^[ \t\r"\047]+|[ \t\r"\047,]+$/, "", text)
        # The names of fields and plain addresses are no secrets, and say what is wrong.
        if (length(text) >= 16 && text !~ /^-----|:$|^https?:\/\/[^@]*$/) print length(text) "\t" text
      }
      { kind = substr($0, 1, 2); text = substr($0, 3) }
      kind == "= " { if (length(text) > 3) print length(text) "\t" text; next }
      {
        take(text)
        if ((at = index(text, ": ")) > 0) take(substr(text, at + 2))
        count = split(text, words, /[ \t\r"\047{},\[\]\\]+/)
        for (each = 1; each <= count; each++) take(words[each])
      }' | LC_ALL=C sort -u | LC_ALL=C sort -rn | cut -f 2- >"$scratch/secrets"
}

# Takes every secret out of what is read, and whoever is named in an address: its password may hold an @ itself.
redact() {
  # Without a list of them nothing is known to be none.
  write_secrets && [ -s "$scratch/secrets" ] || {
    rm -f -- "$scratch/secrets"
    cat >/dev/null
    echo 'What went wrong cannot be told: there is no room on the disk.'
    return
  }
  LC_ALL=C awk -v secrets="$scratch/secrets" '
    BEGIN { while ((getline secret <secrets) > 0) known[++count] = secret }
    {
      for (each = 1; each <= count; each++)
        while ((at = index($0, known[each])) > 0) $0 = substr($0, 1, at - 1) "…" substr($0, at + length(known[each]))
      gsub(/:\/\/[^\/ \t]*@/, "://")
      print
    }'
}

# jq: a text as one line.
flat='gsub("[\\x00-\\x20\\x7f]+"; " ") | ltrimstr(" ") | rtrimstr(" ")'

# What is read, as one line of at most $1 characters, without secrets.
one_line() {
  redact | jq -Rrs --argjson most "$1" "$flat | .[:\$most]"
}

# What became of a step. $1: which; $2: done, failed, skipped or conflict; $3: its code, or nothing; $4: a sentence, which
# may hold what some program said: it never stands in an argument. What is said of steps that are done is ours.
check() {
  case $2 in failed | conflict) ended_badly=1 ;; esac
  case $2:$4 in
    *://*) check_word= ;;
    done:* | skipped:*)
      check_code=null
      [ -z "$3" ] || check_code="\"$3\""
      check_word="{\"type\":\"check\",\"step\":\"$1\",\"state\":\"$2\",\"code\":$check_code,\"text\":\"$4\"}"
      is_plain "$4" || check_word=
      ;;
    *) check_word= ;;
  esac
  [ -n "$check_word" ] ||
    check_word=$(printf %s "$4" | redact | jq -Rsc --arg step "$1" --arg state "$2" --arg code "$3" "$flat"'
      | {type: "check", $step, $state, code: (if $code == "" then null else $code end), text: .[:900]}')
  printf '%s\n' "$check_word"
}
