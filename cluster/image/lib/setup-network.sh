# shellcheck shell=sh
# Owns what the company's network and the clouds want in the environment of new shells: certificates, proxies, names of
# files. `login` reads $state/environment before the person's own files, which win.
# Must not put a secret of the person's into it: programs are told where the file is that holds one.
# Uses $state, $line, $scratch, what lib/setup-line.sh read, write_file, attempt.

# One file with the machine's own certificates and the company's, for programs that take a file in the place of theirs.
write_certificates() {
  if [ -z "$has_ca" ]; then
    attempt rm -f -- "$state/ca.pem" "$state/company.pem"
    return
  fi
  jq -r '.company.caBundle' "$line" >"$scratch/company.pem"
  # A file without a certificate would leave git and curl with none at all.
  grep -q -e '-----BEGIN CERTIFICATE-----' "$scratch/company.pem" || {
    write_error='COMPANY_CA_BUNDLE holds no certificate (PEM)'
    return 1
  }
  { cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null; echo; cat "$scratch/company.pem"; } | write_file "$state/ca.pem" &&
    write_file "$state/company.pem" <"$scratch/company.pem"
}

# git_proxy: what the connected repository's host is reached through.
read_proxy() {
  git_proxy=
  [ "$git_scheme" != https ] || git_proxy=$company_https_proxy
  [ "$git_scheme" != http ] || git_proxy=$company_http_proxy
  # Hosts that no proxy is for: names as they end, or * for all (curl(1), NO_PROXY).
  [ -z "$git_proxy" ] || for entry in $(set -f; printf '%s\n' "$company_no_proxy" | tr ',' ' '); do
    case $entry in '*') git_proxy= ;; esac
    case .$git_name in *."${entry#.}") git_proxy= ;; esac
  done
}

# The environment of new shells. Tools read either case of the proxies' names; curl takes http_proxy in small letters only.
write_environment() {
  {
    printf '# Written by Limpet: read by new shells before your own files.\n'
    printf '%s' "$exports"
    if [ -e "$state/ca.pem" ]; then
      # OpenSSL and Go, curl, git, Python, the cloud CLIs; Node adds to its own.
      for name in SSL_CERT_FILE CURL_CA_BUNDLE GIT_SSL_CAINFO REQUESTS_CA_BUNDLE AWS_CA_BUNDLE CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE; do
        printf 'export %s=%s\n' "$name" "$(shell_quote "$state/ca.pem")"
      done
      printf 'export NODE_EXTRA_CA_CERTS=%s\n' "$(shell_quote "$state/company.pem")"
    fi
    if [ -e "$state/azure/client-secret" ]; then
      printf 'export ARM_CLIENT_SECRET_FILE_PATH=%s\n' "$(shell_quote "$state/azure/client-secret")"
    fi
    if [ -n "${aws_profile:-}" ]; then printf '# Your own [default] stays: export AWS_PROFILE=%s\n' "$aws_profile"; fi
  } | write_file "$state/environment"
}
