# shellcheck shell=sh
# Owns what of a repository is neither staged nor a file: HEAD, branches, stashes, the settings that travel with it.
# Must not know trees, commits of ours, or where a save goes.

# now/facts: all of it in one file, a line each, to be compared with the last time; now/config with NULs.
#   head KIND NAME OBJECT    KIND: branch, detached. OBJECT: - where there is no commit yet.
#   ref OBJECT NAME          refs/heads/*, refs/remotes/*, refs/tags/*
#   stash OBJECT TIME ZONE NAME <MAIL>, a tab, the message. The newest first.
read_facts() {
  : >"$shadow/now/refs"
  theirs for-each-ref --format='ref %(objectname) %(refname)' refs/heads refs/remotes refs/tags refs/stash \
    >"$shadow/now/refs" 2>"$shadow/error" || fail REPOSITORY "git cannot list the branches of $below: $(last_line "$shadow/error")"
  # Where the host wants branches for saves, a clone has them: they hold what was not pushed.
  sed -i '/ refs\/remotes\/[^/]*\/limpet\/wip\//d' "$shadow/now/refs"
  leave_broken
  IFS= read -r work_line <"$gitdir/HEAD"
  case $work_line in
    'ref: refs/heads/.invalid') work_head=$(theirs symbolic-ref -q HEAD) || work_head=$(theirs rev-parse -q --verify HEAD) ;;
    'ref: '*) work_head=${work_line#ref: } ;;
    *) work_head=$work_line ;;
  esac
  case $work_head in
    refs/*)
      head_kind=branch
      head_commit=$(sed -n "s/^ref \([0-9a-f]*\) $(escape_pattern "$work_head")\$/\1/p" "$shadow/now/refs")
      ;;
    *)
      head_kind=detached
      head_commit=$work_head
      ours cat-file -e "$head_commit" 2>/dev/null ||
        fail REPOSITORY "HEAD of $below is at $head_commit, which is not there: check out a branch."
      ;;
  esac
  {
    printf 'head %s %s %s\n' "$head_kind" "$work_head" "${head_commit:--}"
    cat "$shadow/now/refs" || exit 1
    if grep -q ' refs/stash$' "$shadow/now/refs"; then
      # The name of an entry, as %gd says it with --date=raw: stash@{SECONDS ZONE}.
      # rev-list says nothing of a reflog's words. No signature is looked at, and no diff: neither runs a program.
      theirs -c log.showSignature=false log -g -s --no-decorate --no-color --date=raw \
        --format="stash %H %gd %gn <%ge>${tab}%gs" refs/stash 2>/dev/null |
        sed 's/ [^ ]*@{\([0-9]* [-+0-9]*\)} / \1 /' >"$shadow/now/stashes"
      # A stash without a log is one entry.
      if [ ! -s "$shadow/now/stashes" ]; then
        sed -n "s/^ref \([0-9a-f]*\) refs\/stash$/stash \1 0 +0000 Limpet <wip@limpet.invalid>${tab}a stash/p" "$shadow/now/refs"
      fi
      cat "$shadow/now/stashes"
    fi
  } >"$shadow/now/facts" || fail STATE "Limpet's own folder ($shadow) cannot be written."
  theirs config --local -z --get-regexp "$carried_settings" >"$shadow/now/config" 2>/dev/null || :
}

# One branch that names what is not there must not keep all else from being saved. By our own git: theirs would ask a partial
# clone's remote.
leave_broken() {
  sed 's/^ref \([0-9a-f]*\) .*/\1/' "$shadow/now/refs" | sort -u | ours cat-file --batch-check --buffer 2>/dev/null |
    sed -n 's/^\([0-9a-f]*\) missing$/^ref \1 /p' >"$shadow/now/missing"
  # git names a reference that holds no object's name at all, and goes on.
  sed -n 's/^warning: ignoring broken ref \(refs\/.*\)$/\1/p' "$shadow/error" >"$shadow/now/broken"
  if [ -s "$shadow/now/missing" ]; then
    grep -f "$shadow/now/missing" "$shadow/now/refs" | sed 's/^ref [0-9a-f]* //' >>"$shadow/now/broken"
    grep -v -f "$shadow/now/missing" "$shadow/now/refs" >"$shadow/now/refs-whole"
    mv -f "$shadow/now/refs-whole" "$shadow/now/refs"
  fi
  while IFS= read -r work_name; do
    skip_line "$work_name: names a commit that is not there"
  done <"$shadow/now/broken"
}

# Settings that name a repository's remotes and branches, or change what `git status` says; none of them runs a program.
carried_settings='^(core\.(autocrlf|eol|safecrlf|filemode|symlinks|ignorecase|checkroundtripencoding)|user\.(name|email)'
carried_settings=$carried_settings'|remote\..*\.(url|pushurl|fetch|tagopt|prune)|branch\..*\.(remote|merge|rebase|pushremote|description)'
carried_settings=$carried_settings'|(push|pull|rebase|merge|rerere)\.(default|rebase|ff|autostash|enabled|conflictstyle|autosetupremote)'
carried_settings=$carried_settings'|status\.[a-z]*)$'

# What is under way and cannot be saved.
name_operations() {
  for work_name in MERGE_HEAD:merge rebase-merge:rebase rebase-apply:rebase CHERRY_PICK_HEAD:cherry-pick REVERT_HEAD:revert BISECT_LOG:bisect; do
    if [ -e "$gitdir/${work_name%:*}" ]; then
      skip_line "a ${work_name#*:} is in progress: the files are saved, the ${work_name#*:} is not"
    fi
  done
  [ -z "$linked" ] || skip_line "a linked working tree: it comes back as a repository of its own"
  [ ! -f "$common/shallow" ] || skip_line "a shallow clone: it comes back with its whole history"
  if [ -s "$gitdir/info/sparse-checkout" ] && theirs config --type=bool --get core.sparseCheckout 2>/dev/null | grep -q true; then
    skip_line "a sparse checkout: it comes back with all files"
  fi
}
