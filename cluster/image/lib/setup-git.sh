# shellcheck shell=sh
# Owns how git reaches the connected repository: key or token, host keys, certificates, proxies, and what is never allowed.
# Must not know cloning or the edge.
#
#   $state/git/config      all of it, for Limpet's own git (GIT_CONFIG_GLOBAL of set-up, saving and restoring)
#   $state/git/person      what the person's own git takes of it, for the connected repository and its host alone
#   $state/git/ssh         the same for ssh: only for a repository with that remote
#   $state/git/{ssh_config,known_hosts,key,token}
#
# The person's own settings win: `person` is included at the very top of ~/.gitconfig, so that whatever they set comes
# after it. Their ssh, their agent, ~/.ssh and other hosts are left alone.
# Uses $here, $state, $line, $scratch, what lib/setup-line.sh read, write_file, attempt. setup-git-errors.sh says what a
# failure means.

git_dir=$state/git

# A value as a git configuration has it (git-config(1), Values).
git_quote() {
  case $1 in
    *[\\\"[:cntrl:]]*) printf '"%s"' "$(printf %s "$1" | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g')" ;;
    *) printf '"%s"' "$1" ;;
  esac
}

# A word for the shell that git hands core.sshCommand to.
shell_quote() {
  case $1 in
    *\'*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf "'%s'" "$1" ;;
  esac
}

write_ssh() {
  {
    sed -n '/^[^#]/p' "$here/forges/known_hosts"
    [ -z "$company_hosts" ] || printf '%s\n' "$company_hosts"
  } | write_file "$git_dir/known_hosts" || return 1
  {
    printf '# Written by Limpet: ssh for the connected repository.\nHost *\n'
    if [ "$git_key" = 1 ]; then
      printf '  IdentityFile "%s"\n  IdentitiesOnly yes\n  IdentityAgent none\n' "$git_dir/key"
    fi
    printf '  UserKnownHostsFile "%s"\n  GlobalKnownHostsFile /dev/null\n' "$git_dir/known_hosts"
    printf '  StrictHostKeyChecking yes\n  UpdateHostKeys no\n  BatchMode yes\n'
    printf '  PreferredAuthentications publickey\n  ForwardAgent no\n  ClearAllForwardings yes\n  ControlMaster no\n'
    printf '  ConnectTimeout 20\n  ServerAliveInterval 15\n  ServerAliveCountMax 4\n'
  } | write_file "$git_dir/ssh_config" || return 1
  ssh_command="ssh -F $(shell_quote "$git_dir/ssh_config")"
}

# What both git configurations say of the company's network.
network_lines() {
  [ ! -e "$state/ca.pem" ] || printf '[http]\n\tsslCAInfo = %s\n' "$(git_quote "$state/ca.pem")"
  # git asks curl, which reads the proxies of the environment; these are for shells that were there before the set-up.
  # A proxy belongs to an address here, so that no_proxy stays the environment's to say.
  if [ -n "$git_url" ] && [ -n "$git_proxy" ]; then
    printf '[http %s]\n\tproxy = %s\n' "$(git_quote "$git_scheme://$git_host/")" "$(git_quote "$git_proxy")"
  fi
}

# What git runs for the token, as its configuration has it.
token_helper() {
  printf '!%s %s' "$(shell_quote "$here/git-credential")" "$(shell_quote "$git_dir/token")"
}

credential_lines() {
  [ "$git_token" = 1 ] || return 0
  case $git_scheme in http | https) ;; *) return 0 ;; esac
  printf '[credential %s]\n\thelper =\n\thelper = %s\n' "$(git_quote "$git_scheme://$git_host")" \
    "$(git_quote "$(token_helper)")"
}

# Limpet's own git. https and ssh alone, no redirects, no hooks, nobody to ask.
write_own_config() {
  {
    printf '# Written by Limpet, for its own git.\n[core]\n\thooksPath = /dev/null\n\taskPass =\n'
    printf '\tsshCommand = %s\n' "$(git_quote "$ssh_command")"
    printf '[credential]\n\thelper =\n'
    credential_lines
    printf '[protocol]\n\tallow = never\n[protocol "https"]\n\tallow = always\n[protocol "ssh"]\n\tallow = always\n'
    [ "$git_scheme" != http ] || printf '[protocol "http"]\n\tallow = always\n'
    printf '[http]\n\tfollowRedirects = false\n\tlowSpeedLimit = 1\n\tlowSpeedTime = 60\n'
    network_lines
    printf '[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n'
  } | write_file "$git_dir/config"
}

# The address as a person might have written it: with and without .git at its end.
remotes() {
  bare=${git_url%.git}
  printf '%s\n%s.git\n' "$bare" "$bare"
}

# What the person's own git takes. Name and address stand here so that any of theirs is stronger.
write_person_config() {
  {
    printf '# Written by Limpet and included by your own configuration, which wins over it.\n'
    [ -z "$person_name" ] || printf '[user]\n\tname = %s\n' "$(git_quote "$person_name")"
    [ -z "$person_email" ] || printf '[user]\n\temail = %s\n' "$(git_quote "$person_email")"
    credential_lines
    network_lines
    if [ "$git_scheme" = ssh ] && [ "$git_key" = 1 ]; then
      remotes | while read -r remote; do
        printf '[includeIf %s]\n\tpath = %s\n' "$(git_quote "hasconfig:remote.*.url:$remote")" "$(git_quote "$git_dir/ssh")"
      done
    fi
  } | write_file "$git_dir/person" || return 1
  if [ "$git_scheme" = ssh ] && [ "$git_key" = 1 ]; then
    printf '[core]\n\tsshCommand = %s\n' "$(git_quote "$ssh_command")" | write_file "$git_dir/ssh"
  else
    attempt rm -f -- "$git_dir/ssh"
  fi
}

# The file that `git config --global` writes to.
person_file() {
  xdg=${XDG_CONFIG_HOME:-$HOME/.config}/git/config
  if [ ! -e "$HOME/.gitconfig" ] && [ -e "$xdg" ]; then printf '%s\n' "$xdg"; else printf '%s\n' "$HOME/.gitconfig"; fi
}

# Puts the include at the top of the person's file, or takes it away ($1: in, out). Nothing else in there is touched.
include_person() {
  include_path="	path = $(git_quote "$git_dir/person")"
  include_mark='[include] # Limpet'
  mine=$(person_file)
  # Whatever path it has: a home that came back may have stood elsewhere. git may have put more of the person's into that
  # section; it keeps a heading.
  awk -v mark="$include_mark" '
    $0 == mark { ours = 1; next }
    ours && /^\tpath = ".*\/git\/person"$/ { next }
    ours && /^[ \t]*\[/ { ours = 0 }
    ours && /[^ \t]/ { print "[include]"; ours = 0 }
    { print }' "$mine" >"$scratch/person" 2>/dev/null
  if [ "$1" = in ]; then
    printf '%s\n%s\n' "$include_mark" "$include_path" | cat - "$scratch/person" >"$scratch/included"
  else
    cp "$scratch/person" "$scratch/included"
  fi
  if [ -e "$mine" ] && cmp -s "$scratch/included" "$mine"; then return 0; fi
  if [ ! -s "$scratch/included" ] && [ "$1" = out ]; then
    attempt rm -f -- "$mine"
    return
  fi
  mode=$(stat -L -c %a -- "$mine" 2>/dev/null || echo 600)
  write_file "$mine" "$mode" <"$scratch/included"
}

# A key is used as it is or not at all: says why where ssh cannot read it.
key_fault() {
  ssh-keygen -y -P '' -f "$git_dir/key" </dev/null 2>&1 >/dev/null | head -n 1 | sed "s|$git_dir/key|the key|g"
}

write_sign_in() {
  if [ "$git_key" = 1 ]; then
    # ssh wants a last newline and no returns.
    jq -r '.git.key' "$line" | tr -d '\r' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' | write_file "$git_dir/key" || return 1
  else
    attempt rm -f -- "$git_dir/key" || return 1
  fi
  if [ "$git_token" = 1 ]; then
    printf '%s\n' "$token_lines" | write_file "$git_dir/token"
  else
    attempt rm -f -- "$git_dir/token"
  fi
}

# Everything above, in its order. 1: not writable (write_error).
write_git() {
  write_sign_in && write_ssh && write_own_config && write_person_config && include_person in
}

# Limpet's own git: its configuration, nobody to ask, no more than $1 seconds. Its stderr goes to $scratch/git, its end to
# git_exit. A repository's own configuration may name programs: for hooks, for its watcher, for passwords. None of them is
# run with the person's sign-in.
own_git() {
  git_seconds=$1
  shift
  case $git_token/$git_scheme in
    1/http | 1/https) set -- -c "credential.$git_scheme://$git_host.helper=$(token_helper)" "$@" ;;
  esac
  set -- -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.askPass= -c http.followRedirects=false \
    -c core.sshCommand="$ssh_command" -c credential.helper= "$@"
  GIT_CONFIG_GLOBAL=$git_dir/config GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=${git_scheme:-https} LC_ALL=C \
    timeout -k 5 "$git_seconds" git "$@" </dev/null 2>"$scratch/git" 8>&- 9>&- &
  child=$!
  # Only a shell that waits hears a signal at once.
  wait "$child"
  git_exit=$?
  child=
  return "$git_exit"
}
