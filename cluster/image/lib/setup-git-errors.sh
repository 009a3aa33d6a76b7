# shellcheck shell=sh
# Owns what a failure of git means: from its exit and its own words to a code and a sentence with a next step.
# Must not know which command failed. git and ssh speak English here (LC_ALL=C); the words are those of git 2.39 to 2.51,
# libcurl (GnuTLS and OpenSSL), OpenSSH 9, GitHub, GitLab, Bitbucket and Azure DevOps.

# The line of $scratch/git that says the most: what the forge says, else what ssh or git says.
git_words() {
  tr '\r' '\n' <"$scratch/git" | grep -v '^Cloning into\|^warning:\|^Warning:\|^@@@\|^remote: .*[0-9]%\|^remote: Enumerating\|^remote: Total' >"$scratch/words"
  said=$(
    grep -i -m 1 '^remote: .*[[:alnum:]]\|^ERROR:\|^Load key' "$scratch/words" ||
      grep -i -m 1 'permission denied\|host key\|^ssh:\|kex_exchange\|connection closed' "$scratch/words" ||
      grep -m 1 '^fatal:\|^error:' "$scratch/words" ||
      head -n 1 "$scratch/words"
  )
  printf %s "$said" | sed 's/^remote: //; s/^fatal: //; s/^error: //; s/\.$//' | one_line 300
}

# Sets git_code and git_text. $1: the exit of git.
name_git_failure() {
  git_said=$(git_words)
  words=$(tr '\r\n' '  ' <"$scratch/git")
  git_code=GIT_FAILED git_next='Look at the address and the sign-in in the settings.'
  case $1 in
    124 | 137)
      git_code=GIT_TIMEOUT
      git_said="no end within $git_seconds seconds"
      git_next='Try again, or ask whether the shells may reach it.'
      git_text="git was given up: $git_said. $git_next"
      return
      ;;
  esac
  case $words in
    *'REMOTE HOST IDENTIFICATION HAS CHANGED'*)
      git_code=GIT_HOST_KEY_CHANGED
      git_said="$git_name showed another host key than the one that is known"
      git_next="Nothing was sent. Ask the people who run $git_name; a new key is for COMPANY_KNOWN_HOSTS."
      ;;
    *'Host key verification failed'* | *'host key is known for'*)
      git_code=GIT_HOST_KEY_UNKNOWN
      git_said="the host key of $git_host is not known"
      git_next='Ask the people who run Limpet to add it to COMPANY_KNOWN_HOSTS, or use https with a token.'
      ;;
    *'Permission denied (publickey'* | *'Permission denied, please try again'* | *'Too many authentication failures'*)
      git_code=GIT_KEY_REFUSED
      if [ "$git_key" = 1 ]; then
        git_next="Add the public half of the key at $git_name, or give another key in the settings."
      else
        git_next='Give a key in the settings: none was given.'
      fi
      ;;
    *'Could not resolve proxy'* | *'Received HTTP code 4'* | *'CONNECT tunnel failed'* | *'Proxy CONNECT'*)
      git_code=GIT_PROXY
      git_next='Ask the people who run Limpet to look at COMPANY_HTTPS_PROXY.'
      ;;
    *'Could not resolve host'* | *'Name or service not known'* | *'Temporary failure in name resolution'*)
      git_code=GIT_HOST_UNREACHABLE
      git_next="Is $git_name spelt right, and may the shells reach it?"
      ;;
    *'Failed to connect'* | *"Couldn't connect"* | *'Connection refused'* | *'Connection timed out'* | \
      *'Operation timed out'* | *'No route to host'* | *'Network is unreachable'* | *'Connection closed by'* | \
      *'Connection reset'* | *'kex_exchange_identification'* | *'Operation too slow'* | *'Empty reply from server'*)
      git_code=GIT_HOST_UNREACHABLE
      git_next="May the shells reach $git_host?"
      ;;
    *'certificate'* | *'gnutls_handshake'* | *'SSL'* | *'TLS'*)
      git_code=GIT_TLS
      git_next='Ask the people who run Limpet to look at COMPANY_CA_BUNDLE, if this host is your own.'
      ;;
    *'returned error: 30'*)
      git_code=GIT_REDIRECTED
      git_next='Redirects are not followed: give the address that it leads to.'
      ;;
    *'not allowed'*"transport"* | *"transport "*' not allowed'*)
      git_code=GIT_URL_REFUSED
      git_next='Addresses are https:// or ssh.'
      ;;
    *'Remote branch '*' not found'*)
      git_code=GIT_BRANCH_NOT_FOUND
      git_next='Give another branch in the settings, or none for the default one.'
      ;;
    *'Authentication failed'* | *'could not read Username'* | *'could not read Password'* | *'Access denied'* | \
      *'terminal prompts disabled'* | *'returned error: 401'* | *'nvalid credentials'* | *'nvalid username or'*)
      if [ "$git_token" = 1 ]; then
        git_code=GIT_TOKEN_REFUSED
        git_next='Give a new token in the settings; it may have ended or been taken back.'
      else
        git_code=GIT_SIGN_IN_NEEDED
        git_next='Give a token or a key in the settings.'
      fi
      ;;
    *'returned error: 403'*)
      git_code=GIT_FORBIDDEN
      git_next='The sign-in is known but may not read this repository: give it the right to.'
      ;;
    *'ot found'* | *'does not exist'* | *'does not appear to be a git repository'* | *'could not be found'* | \
      *'returned error: 404'* | *'returned error: 410'* | *'TF401019'*)
      git_code=GIT_NOT_FOUND
      git_next='Is the address spelt right, and may this sign-in see it?'
      ;;
    *'No space left'* | *'Disk quota exceeded'*)
      git_code=DISK_FULL
      git_next='Make room in the home, or ask for a larger one.'
      ;;
  esac
  git_text="$git_name: ${git_said:-git ended with code $1 and said nothing}. $git_next"
}
