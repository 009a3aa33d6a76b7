# shellcheck shell=sh
# Owns what both scripts of a repository's save begin with: an environment of our own, the settings that `setup` left, the
# repository's place and hash, and the one line of JSON at the end.
# Must not know what is saved or how it travels.

state=$HOME/.local/state/limpet
newline='
'
tab='	'

# Nothing of the caller's reaches git: not its GIT_*, not its language, not its way of asking for passwords.
clean_environment() {
  for work_name in $(env | sed -n 's/^\(GIT_[A-Za-z0-9_]*\)=.*/\1/p') SSH_ASKPASS GREP_OPTIONS POSIXLY_CORRECT; do
    unset "$work_name"
  done
  LC_ALL=C
  # The person's own git is never kept waiting for a lock of ours, and what they replaced is not what they have.
  GIT_OPTIONAL_LOCKS=0
  GIT_NO_REPLACE_OBJECTS=1
  # From git 2.45 on: an object that a partial clone has not got is not fetched behind the person's back.
  GIT_NO_LAZY_FETCH=1
  GIT_TERMINAL_PROMPT=0
  export LC_ALL GIT_OPTIONAL_LOCKS GIT_NO_REPLACE_OBJECTS GIT_NO_LAZY_FETCH GIT_TERMINAL_PROMPT
  umask 077
}

# git as Limpet runs it: its own configuration and credentials ($state/git/config, which `setup` wrote), never the person's.
ours() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work_git_config GIT_DIR=$shadow git "$@"
}

# Reads $state/config.json into work_shell, work_key, work_url, work_branch, work_file_limit. jq takes 20 ms: what it
# said is kept beside the saves (0600, as config.json is) until that file changes.
read_settings() {
  work_config=$state/config.json
  work_git_config=$state/git/config
  # A file that is not there is an error to git; a shell without a repository has none.
  [ -r "$work_git_config" ] || work_git_config=/dev/null
  mkdir -p "$state/save" || fail STATE "Limpet's own folder ($state) cannot be written."
  work_now=$(stat -c '%i %s %Y %y %Z' -- "$work_config" 2>/dev/null) ||
    fail NOT_SET_UP "This shell has not been set up yet, so nothing can be saved."
  if [ -r "$state/save/settings" ]; then
    # shellcheck disable=SC1091 # written below
    . "$state/save/settings"
    [ "$work_of" != "$work_now" ] || return 0
  fi
  work_read=$(jq -r '
    def text: if type == "string" then . else "" end;
    def number: if type == "number" then floor | tostring else "" end;
    @sh "work_shell=\(.shell.id | text)",
    @sh "work_key=\(.save.key | text)",
    @sh "work_url=\(.git.url | text)",
    @sh "work_branch=\(.git.branch | text)",
    @sh "work_file_limit=\(.save.fileLimitBytes | number)"' "$work_config" 2>/dev/null) ||
    fail NOT_SET_UP "Limpet's settings in the shell ($work_config) cannot be read: run setup again."
  eval "$work_read"
  case $work_shell in
    '' | *[!A-Za-z0-9_-]*) fail NOT_SET_UP "Limpet's settings name no shell: run setup again." ;;
  esac
  case $work_key in
    *[!0-9a-f]* | '') fail NOT_SET_UP "Limpet's settings hold no key for saves: run setup again." ;;
  esac
  [ "${#work_key}" -eq 64 ] || fail NOT_SET_UP "Limpet's settings hold no key for saves: run setup again."
  : "${work_file_limit:=52428800}"
  work_of=$work_now
  # Neither holds a quote: what stat says, and digits.
  printf "%s\nwork_of='%s' work_file_limit='%s'\n" "$work_read" "$work_now" "$work_file_limit" >"$state/save/settings.$$" &&
    mv -f "$state/save/settings.$$" "$state/save/settings"
}

# place DIR -> dir (physical), below (its path below the home), hash, shadow, ref. The folder need not be there.
place() {
  work_home=$(cd -- "$HOME" && pwd -P) || fail STATE "The home ($HOME) is not there."
  case $1 in
    /*) dir=$1 ;;
    *) dir=$PWD/$1 ;;
  esac
  if [ -d "$dir" ]; then
    # The x keeps a newline at the end of a folder's name.
    dir=$(cd -- "$dir" && pwd -P && echo x) || fail REPOSITORY "$1 cannot be entered."
    dir=${dir%"${newline}x"}
  fi
  case $dir in
    "$work_home") below=. ;;
    "$work_home"/*) below=${dir#"$work_home"/} ;;
    *) fail OUTSIDE_HOME "$1 is not below the home." ;;
  esac
  hash=$(printf %s "$below" | sha256sum)
  hash=$(printf %.16s "$hash")
  shadow=$state/save/$hash
}

# The names of this repository's save upstream, once the shell is known.
place_ref() {
  ref=refs/limpet/wip/$work_shell/$hash
  branch_ref=refs/heads/limpet/wip/$work_shell/$hash
}

# One of these at a time for each repository; whoever came first is waited for, for a minute.
lock_shadow() {
  mkdir -p "$shadow" || fail STATE "Limpet's own folder ($shadow) cannot be written."
  exec 8>"$shadow/lock"
  flock -w 60 8 || fail BUSY "Another save of $below has been running for a minute."
  # What a git of ours left that was ended in the middle.
  for work_each in "$shadow"/*.lock "$shadow"/refs/limpet/*.lock; do
    if [ -e "$work_each" ]; then rm -f "$work_each"; fi
  done
}

# answer STATE TEXT [CODE]: the one line, and the end. What was skipped stands in $work_skipped: NUL after each sentence.
answer() {
  if [ -n "${work_skipped:-}" ] && [ -s "$work_skipped" ]; then
    tr '\n\000' '\001\n' <"$work_skipped" | jq -c --arg state "$1" --arg text "$2" --arg code "${3:-}" -Rs '
      (split("\n")[:-1] | map(gsub("\u0001"; "\n"))) as $all
      | { state: $state, text: $text,
          skipped: ($all[:50] + (if ($all | length) > 50 then ["and \(($all | length) - 50) more"] else [] end)),
          code: (if $code == "" then null else $code end) }'
    exit 0
  fi
  case "$2${3:-}" in
    *[!A-Za-z0-9\ .,:\;_/\(\)+-]*)
      jq -cn --arg state "$1" --arg text "$2" --arg code "${3:-}" \
        '{ state: $state, text: $text, skipped: [], code: (if $code == "" then null else $code end) }'
      ;;
    *)
      if [ -n "${3:-}" ]; then work_code="\"$3\""; else work_code=null; fi
      printf '{"state":"%s","text":"%s","skipped":[],"code":%s}\n' "$1" "$2" "$work_code"
      ;;
  esac
  exit 0
}

# fail CODE TEXT
fail() {
  answer failed "$2" "$1"
}

# TEXT as a basic regular expression that matches itself, between slashes.
escape_pattern() {
  printf %s "$1" | sed 's/[].[*^$\\/]/\\&/g'
}
