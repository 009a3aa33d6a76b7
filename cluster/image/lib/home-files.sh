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

# find in the home, or in the folder $find_root, with the predicates that are given; not in caches, nor in $pruned.
find_kept() {
  set -- ')' -prune -o '(' "$@" ')'
  for find_name in $cache_names; do set -- -o -name "$find_name" "$@"; done
  for find_name in $cache_pairs; do set -- -o -path "*/$find_name" "$@"; done
  for find_name in $cache_places; do set -- -o -path "./$find_name" "$@"; done
  eval "set -- ${pruned:-} \"\$@\""
  shift
  (cd -- "${find_root:-$HOME}" && LC_ALL=C exec find . -xdev -mindepth 1 '(' "$@" 2>/dev/null)
}

# The first 16 hex digits of the SHA-256 of a name below the home: what a repository is called in every save.
name_hash() {
  printf %s "$1" | sha256sum | cut -c 1-16
}

# Writes the list of the home's repositories to $1, and of the folders that mark themselves as a cache or as an
# environment of Python's, which can be made again, to $2. The home itself never counts as a repository: its `.git` is
# kept as the files that it is. Nor do submodules, whose repository is the outer one's.
find_repositories() {
  pruned=''
  find_kept -maxdepth "$repository_depth" '(' -name .git '(' -type d -o -type f ')' -printf 'git\t%h\0' -prune ')' \
    -o '(' -type f '(' -name CACHEDIR.TAG -o -name pyvenv.cfg ')' -printf 'cache\t%h\0' ')' >"$1.found"
  LC_ALL=C grep -z '^cache' "$1.found" | cut -z -f 2- | sed -z 's,^\.$,,; s,^\./,,' | grep -z . >"$2"
  LC_ALL=C grep -z '^git' "$1.found" | cut -z -f 2- | sed -z 's,^\.$,,; s,^\./,,' | grep -z . >"$1.found.git"
  eval "set -- \"\$1\" \"\$2\" $(quote_names <"$1.found.git")"
  found_list=$1
  found_caches=$2
  shift 2
  : >"$found_list"
  for found; do
    if is_repository "$found" && ! is_below_list "$found" "$found_caches"; then
      printf '%s\0' "$found" >>"$found_list"
    fi
  done
  rm -f -- "$found_list.found" "$found_list.found.git"
}

is_repository() {
  if [ -d "$HOME/$1/.git" ]; then
    [ -f "$HOME/$1/.git/HEAD" ]
  else
    read -r found_line <"$HOME/$1/.git" 2>/dev/null
    case $found_line in */modules/*) return 1 ;; gitdir:*) return 0 ;; *) return 1 ;; esac
  fi
}

# True where $1 is below a folder (or is one) of the list in the file $2.
is_below_list() {
  [ -s "$2" ] || return 1
  below_name=$1
  eval "set -- $(quote_names <"$2")"
  for below_folder; do
    case $below_name/ in "$below_folder"/*) return 0 ;; esac
  done
  return 1
}

# A record of each thing that is kept: kind (d, f, l; u: it cannot be read), mode, bytes, time of change of the
# content and of the rest, name. $1: list of repositories, whose own files are saved with them; $2: list of folders that
# are caches by their own word; $3: list of files that are left out besides. To stdout; each record ends with a NUL, its fields with a tab.
walk_home() {
  pruned=$({ cat -- "$1" "$2"; [ ! -f "$3" ] || cat -- "$3"; } | prune_words)
  find_kept -type d '(' ! -readable -o ! -executable ')' -printf 'u\t%m\t0\t0\t0\t%P\0' -prune \
    -o -type d -printf 'd\t%m\t0\t0\t0\t%P\0' -o -type l -printf 'l\t%m\t%s\t%T@\t%C@\t%P\0' \
    -o -type f '(' -readable -printf 'f\t%m\t%s\t%T@\t%C@\t%P\0' -o -printf 'u\t%m\t%s\t%T@\t%C@\t%P\0' ')'
}

# The same records of those files inside the repositories (list in $1) that git ignores and that matter all the same, by
# the patterns of config.json ($save_include).
walk_ignored() {
  ignored_repositories=$1
  eval "set -- $save_include"
  [ "$#" -gt 0 ] && [ -s "$ignored_repositories" ] || return 0
  ignored_words=$(
    for ignored_pattern; do
      case $ignored_pattern in */*) printf '%s\0' -o -path "*/$ignored_pattern" ;; *) printf '%s\0' -o -name "$ignored_pattern" ;; esac
    done | quote_names
  )
  eval "set -- $(quote_names <"$ignored_repositories")"
  for ignored_in; do
    find_root=$HOME/$ignored_in pruned="-o -name .git"
    eval "find_kept '(' -type f -o -type l ')' '(' -false $ignored_words ')' -printf '%P\\0'" >"$state/save/home/ignored.in"
    [ -s "$state/save/home/ignored.in" ] || continue
    git -C "$find_root" check-ignore -z --stdin <"$state/save/home/ignored.in" >"$state/save/home/ignored.out" 2>/dev/null
    # 1: none is ignored. Where git cannot say, a file too many is better than one too few.
    [ "$?" -le 1 ] || cp -- "$state/save/home/ignored.in" "$state/save/home/ignored.out"
    # The name may begin with anything, and `sed` would read a repository's name as its own language.
    LC_ALL=C IN="./$ignored_in/" awk 'BEGIN { RS = ORS = "\0" } { print ENVIRON["IN"] $0 }' "$state/save/home/ignored.out"
  done >"$state/save/home/ignored"
  find_root=''
  [ -s "$state/save/home/ignored" ] || return 0
  (cd -- "$HOME" && LC_ALL=C sort -zu "$state/save/home/ignored" | find -files0-from - -maxdepth 0 \
    '(' -type l -o -readable ')' -printf '%y\t%m\t%s\t%T@\t%C@\t%p\0' 2>/dev/null) | LC_ALL=C sed -z 's,\t\./,\t,'
}
