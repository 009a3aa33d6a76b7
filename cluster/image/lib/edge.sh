# shellcheck shell=sh
# Owns how a pod speaks to Limpet at the edge: what `setup` left in $state/config.json, one call with time and tries that
# are bounded, and what became of it in a code and a sentence.
# Must not know what is saved or measured.
#
# The capability reaches curl on its stdin: never in argv, the environment or a file but config.json (0600). Whoever uses
# this has `set -u`, and takes the answers from variables: edge_status, edge_code, edge_text, edge_said (the answer's body).

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
  [ -z "$edge_ca" ] || curl_line cacert "$edge_scratch/ca.pem"
}

# The image's own certificates and the company's: curl takes one file in the place of its own.
write_ca() {
  [ -n "$edge_ca" ] || return 0
  { cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null; printf '\n%s\n' "$edge_ca"; } >"$edge_scratch/ca.pem"
}

# One try. $1: seconds at most; $2: bearer; the rest goes to curl. Sets edge_status (000: no answer), edge_code, edge_text.
edge_try() {
  edge_seconds=$1 edge_bearer=$2
  shift 2
  edge_code='' edge_text=''
  : >"$edge_answer"
  edge_words=$(curl_lines "$edge_bearer" | curl --silent --show-error --config - --connect-timeout 10 \
    --max-time "$edge_seconds" --output "$edge_answer" --write-out '%{http_code} %header{retry-after}' \
    "$@" "$edge_target" 2>"$edge_scratch/curl")
  edge_exit=$?
  edge_status=${edge_words%% *}
  edge_after=${edge_words#* }
  case $edge_after in '' | *[!0-9]*) edge_after='' ;; esac
  if [ "$edge_exit" -ne 0 ]; then
    edge_status=000
    case $edge_exit in
      35 | 51 | 58 | 60 | 77) edge_code=EDGE_CERTIFICATE ;;
      *) edge_code=EDGE_UNREACHABLE ;;
    esac
    edge_text="Limpet was not reached: $(head -n 1 "$edge_scratch/curl" | sed 's/^curl: ([0-9]*) //' | cut -c 1-200 | sed 's/[. ]*$//')."
    return 1
  fi
  case $edge_status in 2??) return 0 ;; esac
  eval "$(jq -r '@sh "edge_code=\(.error.code | strings)", @sh "edge_text=\(.error.message | strings)"' \
    "$edge_answer" 2>/dev/null)"
  [ -n "$edge_code" ] || edge_code=HTTP_$edge_status
  [ -n "$edge_text" ] || edge_text="Limpet answered with status $edge_status."
  return 1
}

# A call of the pod API, tried again (at most $edge_tries times, 4) where that can help and $edge_deadline (unix seconds)
# allows. $1: address; $2: bearer; $3: seconds at most for one try; the rest goes to curl. 0: answered with a 2xx.
edge_call() {
  edge_target=$1 edge_word=$2 edge_limit=$3
  shift 3
  edge_turn=1 edge_status=000 edge_code=EDGE_UNREACHABLE edge_text='There was no time left to reach Limpet.'
  edge_scratch=$(mktemp -d "$state/call.XXXXXX") || return 1
  # Where a caller wants the answer itself, as a file, it names one.
  edge_answer=${edge_output:-$edge_scratch/answer}
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
  edge_said=
  [ -n "${edge_output:-}" ] || edge_said=$(head -c 65536 "$edge_answer" | tr -d '\000')
  rm -rf -- "$edge_scratch"
  case $edge_status in 2??) return 0 ;; *) return 1 ;; esac
}

# Posts the JSON on stdin to $1 (below /api/pod). $2: seconds at most for one try.
edge_post() {
  edge_body=$(cat)
  edge_file=$(mktemp "$state/post.XXXXXX") || return 1
  printf '%s\n' "$edge_body" >"$edge_file"
  edge_call "$edge_url/api/pod/$1" "$edge_capability" "$2" --header 'content-type: application/json' \
    --data-binary "@$edge_file"
  edge_posted=$?
  rm -f -- "$edge_file"
  return "$edge_posted"
}
