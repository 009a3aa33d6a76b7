# shellcheck shell=sh
# Owns saying which programs an image has and in which version, for whoever looks whether an installation is in order.
# Must not know who asks, nor which of them Limpet needs.

# The person's tools first, by how long they take to answer.
programs='tmux zsh git ssh less vim nano jq curl unzip rg python3 kubectl helm tofu terraform aws gcloud az'

# One word (ProgramWord in worker/doctor/probe-talk.ts) a program, in their order. Version: the first number that it says.
tell_programs() {
  step edge 'Looking which programs there are'
  for program in $programs; do
    if ! command -v "$program" >/dev/null 2>&1; then
      printf '{"type":"program","name":"%s","version":null}\n' "$program"
      continue
    fi
    case $program in
      tmux | ssh) set -- -V ;;
      unzip) set -- -v ;;
      kubectl) set -- version --client ;;
      helm) set -- version --short ;;
      # Their `--version` asks the network for a newer one.
      az) set -- version ;;
      *) set -- --version ;;
    esac
    version=$(CHECKPOINT_DISABLE=1 timeout -k 2 10 "$program" "$@" </dev/null 2>&1 |
      LC_ALL=C sed -n 's/^[^0-9]*\([0-9][0-9A-Za-z.]*\).*/\1/p' | head -n 1)
    printf '{"type":"program","name":"%s","version":"%s"}\n' "$program" "${version:-unknown}"
  done
}
