# shellcheck shell=sh
# Owns what `setup` says: its words on stdout (SetupWord in worker/shells/setup-line.ts), without a secret in any of them.
# Must not know what the steps do.
#
# Whoever uses this has `set -u`, the line of JSON in the file $line, and takes from here: step, check, ended_badly.

# 1 once a step failed or left something as it was.
ended_badly=0

# Takes every secret of $line out of what it reads, and whoever is named in an address.
redact() {
  jq -Rrs --slurpfile line "$line" '
    ($line[0] | [
      .edge.capability, .save.key, .snapshot.ticket?, .git.token.token?, .aws.secretAccessKey?, .aws.sessionToken?,
      .azure.clientSecret?
    ] | map(strings | select(length > 3))) as $secrets
    | reduce $secrets[] as $secret (.; split($secret) | join("…"))
    | gsub("://[^/@\\s]*@"; "://")'
}

# What is read, as one line of at most $1 characters.
one_line() {
  redact | tr '\000-\037\177' ' ' | tr -s ' ' | sed 's/^ //; s/ $//' | cut -c "1-$1"
}

# A step begins, or goes on. $1: which; $2: what is shown meanwhile.
step() {
  jq -nc --arg step "$1" --arg text "$2" '{type: "step", step: $step, text: $text}'
}

# What became of a step. $1: which; $2: done, failed, skipped or conflict; $3: its code, or nothing; $4: a sentence.
check() {
  case $2 in failed | conflict) ended_badly=1 ;; esac
  checked=$(printf %s "$4" | one_line 900)
  jq -nc --arg step "$1" --arg state "$2" --arg code "$3" --arg text "$checked" \
    '{type: "check", step: $step, state: $state, code: (if $code == "" then null else $code end), text: $text}'
}
