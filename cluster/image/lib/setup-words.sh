# shellcheck shell=sh
# Owns what `setup` says: its words on stdout (SetupWord in worker/shells/setup-line.ts), without a secret in any of them.
# Must not know what the steps do.
#
# Whoever uses this has `set -u`, the line of JSON in the file $line, and takes from here: step, check, ended_badly.

# 1 once a step failed or left something as it was.
ended_badly=0

# jq: every secret of the line is taken out of a text, and whoever is named in an address.
redact='($line[0] | [
    .edge.capability, .save.key, .snapshot.ticket?, .git.token.token?, .aws.secretAccessKey?, .aws.sessionToken?,
    .azure.clientSecret?
  ] | map(strings | select(length > 3))) as $secrets
  | reduce $secrets[] as $secret (.; split($secret) | join("…"))
  | gsub("://[^/@\\s]*@"; "://") | gsub("[\\x00-\\x20\\x7f]+"; " ") | ltrimstr(" ") | rtrimstr(" ")'

# What is read, as one line of at most $1 characters, without secrets.
one_line() {
  jq -Rrs --slurpfile line "$line" --argjson most "$1" "$redact | .[:\$most]"
}

# A step begins, or goes on. $1: which; $2: what is shown meanwhile.
step() {
  jq -nc --arg step "$1" --arg text "$2" '{type: "step", step: $step, text: $text}'
}

# What became of a step. $1: which; $2: done, failed, skipped or conflict; $3: its code, or nothing; $4: a sentence, which
# may hold what some program said: it never stands in an argument.
check() {
  case $2 in failed | conflict) ended_badly=1 ;; esac
  printf %s "$4" | jq -Rsc --slurpfile line "$line" --arg step "$1" --arg state "$2" --arg code "$3" "$redact"'
    | {type: "check", $step, $state, code: (if $code == "" then null else $code end), text: .[:900]}'
}
