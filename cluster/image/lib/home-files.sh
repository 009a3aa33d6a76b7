# shellcheck shell=sh
# Owns what of a home is worth keeping: which folders are caches, where the repositories are, which files a snapshot takes,
# and by what an unchanged home is known.
# Must not know archives or the edge. Sourced after lib/edge.sh ($state, $config). Lists end each name with a NUL.
#
# Names below the home are written without a leading `./`. Symbolic links are kept as links and never followed; other file
# systems that are mounted in the home are not entered.

# Folders that programs fill again by themselves, wherever they are …
cache_names='node_modules __pycache__ .cache .venv .tox .nox .npm .pnpm-store .mypy_cache .pytest_cache .ruff_cache
  .terragrunt-cache'
# … by their last two names …
cache_pairs='.terraform/providers .terraform/modules .terraform/plugins .yarn/cache'
# … and at their places in the home. The last is Limpet's own.
cache_places='go/pkg .cargo/registry .cargo/git .rustup/toolchains .rustup/downloads .gradle/caches .gradle/wrapper
  .gradle/daemon .m2/repository .nuget/packages .bun/install/cache .terraform.d/plugin-cache .local/share/Trash
  .local/share/pnpm .kube/cache .kube/http-cache .minikube/cache .ansible/tmp .aws/cli/cache .aws/sso/cache .azure/logs
  .azure/telemetry .config/gcloud/logs .docker/buildx .nvm/.cache .vscode-server/bin .vscode-server/cli
  .vscode-server/extensions .local/state/limpet'

# The deepest folder of the home that a repository is looked for in.
repository_depth=8

# The words of a list of names, quoted for `eval "set -- …"`: any byte but NUL comes through.
quote_names() {
  LC_ALL=C sed -z "s/'/'\\\\''/g; s/^/'/; s/\$/' /" | tr -d '\000'
}

# The list of names on stdin as words that take each of them out of a walk: `-o -path './NAME'`, for $pruned. Characters
# that mean something in a pattern are escaped.
prune_words() {
  LC_ALL=C sed -z "s/[][*?\\\\]/\\\\&/g; s/'/'\\\\''/g; s/^/-o -path '.\\//; s/\$/' /" | tr -d '\000'
}

# git as it looks at a person's repository from here: nothing that is configured there runs.
quiet_git() {
  git -c core.fsmonitor=false -c core.hooksPath=/dev/null "$@"
}

# Is the repository $1 a clone of the connected one? With or without .git at its end it is the same address.
has_connected_remote() {
  [ -e "$HOME/$1/.git" ] || return 1
  quiet_git -C "$HOME/$1" config --get-regexp '^remote\..*\.url$' 2>/dev/null | while read -r _ address; do
    [ "${address%.git}" != "${connected_url%.git}" ] || echo yes
  done | grep -q yes
}

# Nothing of the caller's reaches git: GIT_DIR and its like would turn every look at one repository into one at another.
forget_git() {
  for clean_each in $(env | sed -n 's/^\(GIT_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$clean_each"; done
  GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0
  export GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT
}

# Writes to $1 what find prints with the predicates that follow, in the home or in the folder $find_root; not in caches, nor
# in $pruned. 1: not all was walked, and $1 is not to be believed. Find's own status does not say so, since a file that went
# meanwhile is enough for a 1: a second place, which it comes to last, makes an empty record, which has to stand at the end.
find_kept() {
  find_to=$1
  shift
  set -- ')' -prune -o '(' "$@" ')'
  for find_name in $cache_names; do set -- -o -name "$find_name" "$@"; done
  for find_name in $cache_pairs; do set -- -o -path "*/$find_name" "$@"; done
  for find_name in $cache_places; do set -- -o -path "./$find_name" "$@"; done
  eval "set -- ${pruned:-} \"\$@\""
  shift
  find_end=$state/save/home/end
  mkdir -p -- "$find_end/of" || return 1
  (cd -- "${find_root:-$HOME}" && LC_ALL=C exec find . "$find_end" -xdev -mindepth 1 '(' -path "$find_end/of" -printf '\0' ')' \
    -o '(' "$@" 2>/dev/null) >"$find_to"
  case $(tail -c 2 "$find_to" | tr '\000\n' '.n') in
    .. | .) truncate -s -1 -- "$find_to" ;;
    *) return 1 ;;
  esac
}

# Of the records on stdin those whose name, which begins in their field $1, is neither a name of the lists in the files that
# follow nor below one. (As words for find there may be too many of them.)
drop_below() {
  below_field=$1
  shift
  LC_ALL=C FIELD=$below_field awk 'BEGIN { RS = ORS = "\0"; field = ENVIRON["FIELD"] }
    !records { out[$0]; next }
    {
      name = $0
      for (each = 1; each < field; each++) name = substr(name, index(name, "\t") + 1)
      for (end = 0; (step = index(substr(name, end + 1), "/")) > 0;) {
        end += step
        if (substr(name, 1, end - 1) in out) next
      }
      if (!(name in out)) print
    }' "$@" records=1 -
}

# The first 16 hex digits of the SHA-256 of a name below the home: what a repository is called in every save.
name_hash() {
  printf %s "$1" | sha256sum | cut -c 1-16
}

# Writes the list of the home's repositories to $1, and of the folders that mark themselves as a cache or as an
# environment of Python's, which can be made again, to $2. The home itself never counts as a repository: its `.git` is
# kept as the files that it is. Nor do submodules, whose repository is the outer one's. 1: not all was walked.
find_repositories() {
  pruned=''
  find_kept "$1.found" -maxdepth "$repository_depth" '(' -name .git '(' -type d -o -type f ')' -printf 'git\t%h\0' -prune ')' \
    -o '(' -type f '(' -name CACHEDIR.TAG -o -name pyvenv.cfg ')' -printf 'cache\t%h\0' ')' || return 1
  found_names cache "$1.found" >"$2"
  found_names git "$1.found" | drop_below 1 "$2" >"$1.found.git"
  found_list=$1
  eval "set -- $(quote_names <"$1.found.git")"
  for found; do
    if is_repository "$found"; then printf '%s\0' "$found"; fi
  done >"$found_list"
  rm -f -- "$found_list.found" "$found_list.found.git"
  has_room
}

# 1: the disk is full; lists that were written just now may have been cut.
has_room() {
  head -c 65536 /dev/zero 2>/dev/null >"$state/save/home/room" && rm -f -- "$state/save/home/room"
}

# The names of the records of kind $1 in the file $2, without the home itself. A name may be of any bytes.
found_names() {
  LC_ALL=C grep -z "^$1" "$2" | LC_ALL=C cut -z -f 2- | LC_ALL=C sed -z 's,^\.$,,; s,^\./,,' | LC_ALL=C grep -z .
}

# A `.git` file is one of a linked working tree, of a repository whose git folder lies elsewhere, or of a submodule: that
# one's git folder is in the `modules` of its outer one's, and, unlike a linked one's, has all of a repository in it.
is_repository() {
  if [ -d "$HOME/$1/.git" ]; then
    [ -f "$HOME/$1/.git/HEAD" ]
    return
  fi
  found_line=''
  read -r found_line 2>/dev/null <"$HOME/$1/.git"
  case $found_line in
    'gitdir: /'*) found_git=${found_line#gitdir: } ;;
    'gitdir: '*) found_git=$HOME/$1/${found_line#gitdir: } ;;
    *) return 1 ;;
  esac
  [ ! -f "$found_git/commondir" ] || return 0
  case $found_git in
    */modules/*) [ ! -f "${found_git%%/modules/*}/HEAD" ] && [ ! -f "${found_git%/modules/*}/HEAD" ] || return 1 ;;
  esac
  [ -f "$found_git/HEAD" ]
}

# Writes a record of each thing that is kept to $4: kind (d, f, l; u: it cannot be read), mode, bytes, time of change of the
# content and of the rest, name. $1: list of repositories, whose own files are saved with them; $2: list of folders that
# are caches by their own word; $3: list of files that are left out besides. Each record ends with a NUL, its fields with
# a tab. 1: not all was walked.
walk_home() {
  # Find need not enter what is left out, as far as its arguments may go; what else is to be left out is taken from its list.
  pruned=$(cat -- "$1" "$2" | head -z -n 500 | prune_words)
  find_kept "$4.all" -type d '(' ! -readable -o ! -executable ')' -printf 'u\t%m\t0\t0\t0\t%P\0' -prune \
    -o -type d -printf 'd\t%m\t0\t0\t0\t%P\0' -o -type l -printf 'l\t%m\t%s\t%T@\t%C@\t%P\0' \
    -o -type f '(' -readable -printf 'f\t%m\t%s\t%T@\t%C@\t%P\0' -o -printf 'u\t%m\t%s\t%T@\t%C@\t%P\0' ')' || return 1
  # Sorted, so that the same home gives the same list; and sort says when the disk is full, which a list must not be cut by.
  drop_below 6 "$1" "$2" "$3" <"$4.all" | LC_ALL=C sort -z >"$4" && rm -f -- "$4.all"
}

# The same records to $2, of those files inside the repositories (list in $1) that git ignores and that matter all the same,
# by the patterns of config.json ($save_include).
walk_ignored() {
  ignored_repositories=$1 ignored_to=$2
  printf '' >"$ignored_to"
  eval "set -- $save_include"
  [ "$#" -gt 0 ] && [ -s "$ignored_repositories" ] || return 0
  ignored_words=$(
    for ignored_pattern; do
      case $ignored_pattern in */*) printf '%s\0' -o -path "*/$ignored_pattern" ;; *) printf '%s\0' -o -name "$ignored_pattern" ;; esac
    done | quote_names
  )
  eval "set -- $(quote_names <"$ignored_repositories")"
  printf '' >"$ignored_to.names"
  for ignored_in; do
    find_root=$HOME/$ignored_in pruned="-o -name .git"
    eval "find_kept \"\$ignored_to.in\" '(' -type f -o -type l ')' '(' -false $ignored_words ')' -printf '%P\\0'" || {
      # It may have gone meanwhile.
      [ ! -d "$find_root" ] || return 1
      continue
    }
    [ -s "$ignored_to.in" ] || continue
    quiet_git -C "$find_root" check-ignore -z --stdin <"$ignored_to.in" >"$ignored_to.out" 2>/dev/null
    # 1: none is ignored. Where git cannot say, a file too many is better than one too few.
    [ "$?" -le 1 ] || cp -- "$ignored_to.in" "$ignored_to.out"
    # The name may begin with anything, and `sed` would read a repository's name as its own language.
    LC_ALL=C IN="./$ignored_in/" awk 'BEGIN { RS = ORS = "\0" } { print ENVIRON["IN"] $0 }' "$ignored_to.out" >>"$ignored_to.names" || return 1
  done
  find_root=''
  [ -s "$ignored_to.names" ] || return 0
  LC_ALL=C sort -zu -o "$ignored_to.names" "$ignored_to.names" || return 1
  (cd -- "$HOME" && find -files0-from "$ignored_to.names" -maxdepth 0 \
    '(' -type l -o -readable ')' -printf '%y\t%m\t%s\t%T@\t%C@\t%p\0' 2>/dev/null) | LC_ALL=C sed -z 's,\t\./,\t,' |
    LC_ALL=C sort -z >"$ignored_to"
}
