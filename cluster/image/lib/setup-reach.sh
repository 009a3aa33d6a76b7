# shellcheck shell=sh
# Owns trying what no shell may reach, for whoever looks whether the cluster enforces its network policy.
# Must not know who asks, nor send anything: a request without a token, whose answer is thrown away.
# Uses $scratch, step (lib/setup-words.sh).

# reach_of HOST:PORT -> open: a connection is made, whatever comes over it; refused: somebody says no; shut: nobody answers.
# A policy may come to a new pod some seconds after its start: what is open is tried again. Plain HTTP, to a port of TLS too:
# curl says when TCP was connected only where the handshake of TLS, if there is one, came to an end.
reach_of() {
  for each in 1 2 3; do
    [ "$each" = 1 ] || sleep 2
    took=$(curl -q -s -k -I -o /dev/null --noproxy '*' --connect-timeout 3 --max-time 5 -w '%{time_connect}' "http://$1/" 2>/dev/null)
    ended=$?
    # Seconds until it was connected; 0.000000 where it never was.
    case $took in *[1-9]*) reach=open ;; *) reach=shut ;; esac
    [ "$reach" = open ] || break
  done
  [ "$reach:$ended" != shut:7 ] || reach=refused
  printf %s "$reach"
}

# One word (SeenReach in worker/doctor/network-words.ts) for the API server and one for the cloud's metadata. `local`: pods are
# processes of one machine, in its own network (LIMPET_LOCAL); `unknown`: the pod does not know the address.
tell_reach() {
  step edge 'Trying what no shell may reach'
  if [ "${LIMPET_LOCAL:-}" = 1 ]; then
    say_reach api-server '' local
    say_reach metadata '' local
    return
  fi
  reach_of 169.254.169.254:80 >"$scratch/reach" 9>&- &
  metadata=$!
  # Every pod has these two, enableServiceLinks or not.
  case ${KUBERNETES_SERVICE_HOST:-} in
    '' | *[!A-Za-z0-9.:-]*) api= ;;
    *:*) api="[$KUBERNETES_SERVICE_HOST]:${KUBERNETES_SERVICE_PORT:-443}" ;;
    *) api=$KUBERNETES_SERVICE_HOST:${KUBERNETES_SERVICE_PORT:-443} ;;
  esac
  if [ -n "$api" ]; then
    say_reach api-server "$api" "$(reach_of "$api")"
  else
    say_reach api-server '' unknown
  fi
  wait "$metadata"
  say_reach metadata 169.254.169.254:80 "$(cat "$scratch/reach")"
}

say_reach() {
  printf '{"type":"reach","to":"%s","address":"%s","state":"%s"}\n' "$1" "$2" "$3"
}
