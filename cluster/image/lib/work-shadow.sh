# shellcheck shell=sh
# Owns where a repository's save is made: a git directory of our own beside the person's, which borrows their objects and
# writes only into itself; and how theirs is read without running anything that it or its owner configured.
# Must not know what a save consists of or where it goes.

# The person's repository, read only. No hook, no file-system monitor; only commands that read no index and open no file
# of the working tree are run by this, so no filter either.
theirs() {
  git -c core.fsmonitor=false -c core.hooksPath=/dev/null --git-dir="$gitdir" "$@"
}

# The shadow with the person's files as its working tree. The current folder is $dir.
shadow_files() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_DIR=$shadow GIT_WORK_TREE=$dir git -c core.excludesFile="$excludes" "$@"
}

# Sets gitdir, common, linked, module, inside, bare. 1: no repository there. A `.git` file is one of a linked working tree (its objects and
# branches are the main one's), of a submodule (its git folder is in the `modules` of its outer one's), or of a repository whose
# git folder lies elsewhere. inside: its name in $dir, where it lies there; bare: likewise, where it is a bare one, whose
# working trees are linked ones.
find_repository() {
  linked='' module='' inside='' bare=''
  if [ -d "$dir/.git" ]; then
    gitdir=$dir/.git
  elif [ -f "$dir/.git" ]; then
    IFS= read -r work_line <"$dir/.git" || [ -n "$work_line" ] || return 1
    gitdir=${work_line#gitdir: }
    case $gitdir in
      /*) ;;
      *) gitdir=$dir/$gitdir ;;
    esac
  else
    return 1
  fi
  common=$gitdir
  if [ -f "$gitdir/commondir" ]; then
    IFS= read -r common <"$gitdir/commondir"
    case $common in
      /*) ;;
      *) common=$gitdir/$common ;;
    esac
    linked=1
  elif [ ! -d "$dir/.git" ]; then
    case $gitdir in
      */modules/*) if [ -f "${gitdir%%/modules/*}/HEAD" ] || [ -f "${gitdir%/modules/*}/HEAD" ]; then module=1; fi ;;
    esac
  fi
  [ -f "$gitdir/HEAD" ] && [ -d "$common/objects" ] || return 1
  if [ ! -d "$dir/.git" ] && [ -z "$linked$module" ]; then
    inside=$(cd -- "$gitdir" && pwd -P)
    case $inside in
      *"$newline"*) inside='' ;;
      "$dir"/*) inside=${inside#"$dir"/} ;;
      *) inside='' ;;
    esac
    if [ "$(theirs config --type=bool --get core.bare 2>/dev/null)" = true ]; then bare=$inside; fi
  fi
  return 0
}

# A line of objects/info/alternates, quoted as git reads it.
quoted_path() {
  printf '"'
  printf %s "$1" | sed -z 's/[\\"]/\\&/g; s/\n/\\n/g'
  printf '"\n'
}

# make_shadow FORMAT: an empty shadow for objects named by FORMAT (sha1, sha256).
make_shadow() {
  rm -rf "$shadow/objects" "$shadow/refs" "$shadow/index" "$shadow/last" "$shadow/config" "$shadow/HEAD" "$shadow/url"
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null \
    git init -q --bare --template= --object-format="$1" "$shadow" 2>"$shadow/error" || return 1
  mkdir -p "$shadow/info" "$shadow/objects/info" || return 1
  echo "$1" >"$shadow/format"
  # Bytes as they are: whatever attributes the repository has, none of them changes a file on its way in or out.
  echo '* -text -filter -ident -working-tree-encoding -diff -merge' >"$shadow/info/attributes"
  cat >>"$shadow/config" <<'END'
[core]
	bare = false
	fileMode = true
	symlinks = true
	ignoreCase = false
	autocrlf = false
	safecrlf = false
	fsmonitor = false
	untrackedCache = false
	splitIndex = false
	protectNTFS = false
	protectHFS = false
	logAllRefUpdates = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	compression = 1
[gc]
	auto = 0
[maintenance]
	auto = false
[commit]
	gpgSign = false
[push]
	gpgSign = false
	followTags = false
	recurseSubmodules = no
[fetch]
	recurseSubmodules = no
	writeCommitGraph = false
[index]
	sparse = false
[http]
	followRedirects = false
	lowSpeedLimit = 100
	lowSpeedTime = 30
[advice]
	detachedHead = false
END
}

# The shadow of $dir, as new as the person's repository is: what it borrows, what it ignores, where its history was cut off.
open_shadow() {
  if [ ! -f "$shadow/HEAD" ] || [ ! -s "$shadow/info/attributes" ]; then
    work_format=$(theirs rev-parse --show-object-format 2>"$shadow/error") ||
      fail REPOSITORY "git cannot read $below: $(last_line "$shadow/error")"
    make_shadow "$work_format" || fail STATE "Limpet's own folder ($shadow) cannot be written: $(last_line "$shadow/error")"
  fi
  if [ "$(cat "$shadow/borrows" 2>/dev/null && echo x)" != "$common/objects${newline}x" ] ||
    [ ! -s "$shadow/objects/info/alternates" ]; then
    quoted_path "$common/objects" >"$shadow/objects/info/alternates"
    printf '%s\n' "$common/objects" >"$shadow/borrows"
  fi
  same_file "$common/info/exclude" "$shadow/info/exclude"
  same_file "$common/shallow" "$shadow/shallow"
  excludes=$(theirs config --type=path --get core.excludesFile 2>/dev/null) ||
    excludes=${XDG_CONFIG_HOME:-$HOME/.config}/git/ignore
}

# same_file FROM TO: TO has FROM's bytes, or is not there as FROM is not.
same_file() {
  if [ -f "$1" ]; then
    cmp -s "$1" "$2" || cp "$1" "$2"
  elif [ -e "$2" ]; then
    rm -f "$2"
  fi
}

# set_remote URL: the shadow's one remote, `limpet`. It stands in the configuration: an address is not for argv.
set_remote() {
  if [ "$(cat "$shadow/url" 2>/dev/null)" != "$1" ]; then
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_DIR=$shadow git config --remove-section remote.limpet 2>/dev/null
    {
      printf '[remote "limpet"]\n\turl = "'
      printf %s "$1" | sed 's/[\\"]/\\&/g'
      printf '"\n'
    } >>"$shadow/config"
    printf '%s\n' "$1" >"$shadow/url"
  fi
}

# What a program said last, as one line without what an address may carry before its last @. Not what git ends with whatever
# the reason was: a hint, and that the other side has gone, which the line before tells better.
last_line() {
  sed 's#://[^/ ]*@#://#g; /[^ ]/!d; /^Please make sure you have the correct access rights/d; /^and the repository exists\.$/d' "$1" |
    sed -n '$!{h;d;}; /^fatal: Could not read from remote/b before; /^fatal: the remote end hung up/b before; p; d
      :before; x; /./!x; p' | tr -d '\000-\037' | cut -c 1-300
}

# All that a program said, likewise: to be looked through, not to be shown.
whole_words() {
  sed 's#://[^/ ]*@#://#g' "$1" | tr '\000-\037' ' ' | cut -c 1-4000
}

# Our own objects are packed, and what no save needs goes, once there are many.
tidy_shadow() {
  set -- "$shadow"/objects/17/*
  [ "$#" -ge 12 ] || return 0
  ours repack -q -a -d -l 2>/dev/null && ours prune --expire=now 2>/dev/null
}
