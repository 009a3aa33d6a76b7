# shellcheck shell=sh
# Owns how a pod speaks to Limpet at the edge: what `setup` left in $state/config.json, one call with time and tries that
# are bounded, and what became of it in a code and a sentence.
# Must not know what is saved or measured.
#
# The capability reaches curl through a pipe: never in argv, the environment or a file but config.json (0600). A call writes
# no file, so that a disk that is full can still be told of. Whoever uses this has `set -u`, and takes the answers from
# variables: edge_status, edge_code, edge_text, edge_said (the answer's body).

state=${HOME:?}/.local/state/limpet
config=$state/config.json

# Whole seconds since 1970.
now() {
  date +%s
}

# Takes from config.json where the edge is, by what one speaks to it, through which network of a company, and what is to be
# saved: edge_*, connected_* and save_* below. jq takes 20 ms; what it said is kept beside the saves (0600, as config.json is)
# until that file changes. 1: this pod was not set up yet.
read_edge() {
  edge_seen=$(stat -c '%i %s %y %z' -- "$config" 2>/dev/null) || return 1
  edge_of='' edge_url='' edge_read=$state/save/edge
  # shellcheck disable=SC1090 # written below
  [ ! -r "$edge_read" ] || . "$edge_read"
  if [ "$edge_of" != "$edge_seen" ]; then
    mkdir -p -- "$state/save" || return 1
    edge_settings=$(jq -r --arg of "$edge_seen" '
      def text: if type == "string" then . else "" end;
      def whole($otherwise): if type == "number" then floor else $otherwise end;
      @sh "edge_url=\(.edge.url | text | rtrimstr("/"))",
      @sh "edge_capability=\(.edge.capability | text)",
      @sh "edge_ca=\(.company.caBundle | text)",
      @sh "edge_https_proxy=\(.company.httpsProxy | text)",
      @sh "edge_http_proxy=\(.company.httpProxy | text)",
      @sh "edge_no_proxy=\(.company.noProxy | text)",
      @sh "connected_url=\(.git.url | text)",
      @sh "connected_workspace=\(.git.workspace | text)",
      @sh "connected_upstream=\(.git.saveUpstream == true)",
      @sh "save_every=\(.save.everySeconds | whole(300))",
      @sh "save_file_limit=\(.save.fileLimitBytes | whole(52428800))",
      @sh "save_home_limit=\(.save.homeLimitBytes | whole(52428800))",
      # Words for `set --`, each quoted by itself.
      @sh "save_include=\([.save.include[]? | strings | @sh] | join(" "))",
      @sh "edge_of=\($of)"' "$config" 2>/dev/null) || return 1
    (umask 077 && printf '%s\n' "$edge_settings" >"$edge_read.$$") && mv -f -- "$edge_read.$$" "$edge_read"
    eval "$edge_settings"
  fi
  [ -n "$edge_url" ]
}

# A line of curl's configuration: name and value, quoted as curl reads it (curl(1), --config).
curl_line() {
  printf '%s = "' "$1"
  printf %s "$2" | tr -d '\r\n' | sed 's/[\\"]/\\&/g'
  printf '"\n'
}

# What curl reads: where to go, by whose word ($1: a bearer), and how through the company's network.
curl_lines() {
  curl_line header "Authorization: Bearer $1"
  # A body must not wait for a 100 that some proxies never send.
  printf 'header = "Expect:"\n'
  case $edge_target in
    https:*) [ -z "$edge_https_proxy" ] || curl_line proxy "$edge_https_proxy" ;;
    *) [ -z "$edge_http_proxy" ] || curl_line proxy "$edge_http_proxy" ;;
  esac
  [ -z "$edge_no_proxy" ] || curl_line noproxy "$edge_no_proxy"
  [ -z "$edge_ca" ] || curl_line cacert "$state/save/ca.pem"
}

# The image's own certificates and the company's: curl takes one file in the place of its own. Written where it differs.
write_ca() {
  [ -n "$edge_ca" ] || return 0
  ca_lines() { cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null; printf '\n%s\n' "$edge_ca"; }
  ca_lines | cmp -s - "$state/save/ca.pem" && return 0
  mkdir -p -- "$state/save" && ca_lines >"$state/save/ca.pem.$$" && mv -f -- "$state/save/ca.pem.$$" "$state/save/ca.pem"
}

# One try. $1: seconds at most; $2: bearer; the rest goes to curl. What it sends is $edge_body. Sets edge_status (000: no
# answer), edge_code, edge_text, edge_said.
edge_try() {
  edge_seconds=$1 edge_bearer=$2
  shift 2
  edge_code='' edge_text=''
  edge_lines=$(curl_lines "$edge_bearer")
  # The answer, a line of what became of it, and curl's own words.
  edge_words=$(printf '%s\n' "$edge_body" | curl --silent --config /dev/fd/6 --connect-timeout 10 \
    --max-time "$edge_seconds" ${edge_output:+--output "$edge_output"} \
    --write-out '\n%{exitcode} %{http_code} %header{retry-after}\n%{errormsg}.' "$@" "$edge_target" 2>/dev/null 6<<END | tail -c 65536 | tr -d '\000'
$edge_lines
END
  )
  edge_error=${edge_words##*"$edge_newline"}
  edge_words=${edge_words%"$edge_newline"*}
  edge_line=${edge_words##*"$edge_newline"}
  edge_said=${edge_words%"$edge_newline"*}
  edge_exit=${edge_line%% *}
  edge_line=${edge_line#* }
  edge_status=${edge_line%% *}
  edge_after=${edge_line#* }
  case $edge_after in '' | *[!0-9]*) edge_after='' ;; esac
  if [ "$edge_exit" != 0 ]; then
    edge_status=000
    case $edge_exit in
      35 | 51 | 58 | 60 | 77) edge_code=EDGE_CERTIFICATE ;;
      *) edge_code=EDGE_UNREACHABLE ;;
    esac
    edge_text="Limpet was not reached: $(printf %s "${edge_error%.}" | cut -c 1-200 | sed 's/[. ]*$//')."
    return 1
  fi
  case $edge_status in 2??) return 0 ;; esac
  [ -z "${edge_output:-}" ] || edge_said=$(head -c 65536 "$edge_output" | tr -d '\000')
  eval "$(printf '%s\n' "$edge_said" | jq -r '@sh "edge_code=\(.error.code | strings)", @sh "edge_text=\(.error.message | strings)"' \
    2>/dev/null)"
  [ -n "$edge_code" ] || edge_code=HTTP_$edge_status
  [ -n "$edge_text" ] || edge_text="Limpet answered with status $edge_status."
  return 1
}

edge_body=''
edge_newline='
'

# A call of the pod API, tried again (at most $edge_tries times, 4) where that can help and $edge_deadline (unix seconds)
# allows. $1: address; $2: bearer; $3: seconds at most for one try; the rest goes to curl. A caller who wants the answer itself
# names a file for it in edge_output. 0: answered with a 2xx.
edge_call() {
  edge_target=$1 edge_word=$2 edge_limit=$3
  shift 3
  edge_turn=1 edge_status=000 edge_code=EDGE_UNREACHABLE edge_text='There was no time left to reach Limpet.'
  edge_said=''
  write_ca
  while :; do
    edge_left=$((edge_deadline - $(now)))
    [ "$edge_left" -gt 0 ] || break
    [ "$edge_left" -lt "$edge_limit" ] || edge_left=$edge_limit
    edge_try "$edge_left" "$edge_word" "$@" && break
    # A request that is wrong is wrong the next time too.
    case $edge_status in 000 | 408 | 425 | 429 | 5??) ;; *) break ;; esac
    [ "$edge_code" != EDGE_CERTIFICATE ] && [ "$edge_turn" -lt "${edge_tries:-4}" ] || break
    # 1, 2, 4 s and up to as much again: many pods meet one edge that comes back.
    edge_wait=$(( (1 << (edge_turn - 1)) * (1000 + $(od -An -N2 -tu2 /dev/urandom) % 1000) ))
    [ -z "$edge_after" ] || [ "$edge_after" -gt 30 ] || edge_wait=$((edge_after * 1000))
    [ "$(($(now) + edge_wait / 1000))" -lt "$edge_deadline" ] || break
    sleep "$((edge_wait / 1000)).$(printf %03d "$((edge_wait % 1000))")"
    edge_turn=$((edge_turn + 1))
  done
  case $edge_status in 2??) return 0 ;; *) return 1 ;; esac
}

# Posts the JSON on stdin to $1 (below /api/pod). $2: seconds at most for one try.
edge_post() {
  edge_body=$(cat)
  edge_call "$edge_url/api/pod/$1" "$edge_capability" "$2" --header 'content-type: application/json' --data-binary @-
  edge_posted=$?
  edge_body=''
  return "$edge_posted"
}
