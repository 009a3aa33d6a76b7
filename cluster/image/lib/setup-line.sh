# shellcheck shell=sh
# Owns the line that `setup` was given (SetupLine in worker/shells/setup-line.ts), read at one look: each jq takes 15 ms of a
# processor, and a person waits.
# Must not know what becomes of anything in it, and must not let a secret of it into an argument or the environment.

# read_line FILE -> variables of this shell, none of them exported; `given` ones are 1 or empty, texts are empty where there are
# none. 1: it is no line of version 1.
#   nonce, person_name, person_email
#   has_aws, has_google, has_azure, has_kubeconfig, has_snapshot, has_ca, tells_programs
#   git_url, git_scheme (https, http, ssh; empty: none of them), git_host (with its port), git_name (the host alone), git_user,
#   git_branch, workspace, git_key and git_token (1 or 0)
#   company_https_proxy, company_http_proxy, company_no_proxy, company_hosts
#   aws_fits (1 or empty), aws_lines, aws_region
#   azure_fits, azure_client, azure_tenant, azure_secret, azure_default (what az takes for the default subscription)
#   token_lines, exports, config_lines: what stands in git's token, $state/environment and $state/config.json
read_line() {
  nonce=''
  eval "$(jq -r '
    def text: if type == "string" then . else "" end;
    def given: if . then 1 else "" end;
    def fits(pattern): type == "string" and test(pattern);
    def parts: (
      capture("^(?<scheme>https|http|ssh)://((?<user>[^/@:]+)@)?(?<host>(?<name>\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9][A-Za-z0-9._-]*)(:[0-9]+)?)/[^\\s]+$")
      // (capture("^((?<user>[A-Za-z0-9][^/@:\\s]*)@)?(?<host>(?<name>[A-Za-z0-9][A-Za-z0-9._-]*)):(?!//)[^\\s]+$") + {scheme: "ssh"})
      // {});
    def put(names; value): value as $value | select($value != null and $value != "")
      | names[] | "export \(.)=\($value | @sh)";
    select(.version == 1 and (.nonce | fits("^[0-9a-f]{32}$")) and (.shell.id | type == "string")
      and (.edge.url | type == "string") and (.edge.capability | type == "string") and (.save.key | type == "string")
      and (.person | type == "object") and (.company | type == "object"))
    | @sh "nonce=\(.nonce) person_name=\(.person.name | text) person_email=\(.person.email | text)",
      @sh "has_aws=\(.aws | given) has_google=\(.google | given) has_azure=\(.azure | given)",
      @sh "has_kubeconfig=\(.kubeconfig | given) has_snapshot=\(.snapshot | given) has_ca=\(.company.caBundle | given)",
      @sh "tells_programs=\(.tellPrograms | given)",
      @sh "company_https_proxy=\(.company.httpsProxy | text) company_http_proxy=\(.company.httpProxy | text)",
      @sh "company_no_proxy=\(.company.noProxy | text) company_hosts=\(.company.knownHosts | text)",
      ((.git.url? | text) as $url | ($url | parts) as $at
        | @sh "git_url=\($url) git_scheme=\($at.scheme | text) git_host=\($at.host | text) git_name=\($at.name | text)",
          @sh "git_user=\($at.user | text) git_branch=\(.git.branch? | text) workspace=\(.git.workspace? | text)",
          "git_key=\(if .git.key? then 1 else 0 end) git_token=\(if .git.token? then 1 else 0 end)",
          @sh "token_lines=\(.git.token? | if . then "protocol=\($at.scheme | text)\nhost=\($at.host | text)\nalso=\($at.user | text)\nusername=\(.user)\npassword=\(.token)" else "" end)"),
      (.aws // {}
        | @sh "aws_fits=\((.accessKeyId | fits("^[A-Za-z0-9]{16,128}$")) and (.secretAccessKey | fits("^[!-~]{16,}$"))
            and ((.sessionToken // "") | fits("^[!-~]*$")) and ((.region // "") | fits("^[a-z0-9-]*$")) | given)",
          @sh "aws_lines=\("aws_access_key_id = \(.accessKeyId)\naws_secret_access_key = \(.secretAccessKey)"
            + (if .sessionToken then "\naws_session_token = \(.sessionToken)" else "" end)) aws_region=\(.region | text)"),
      (.azure // {}
        | @sh "azure_fits=\(([.tenantId, .clientId, (.subscriptionId // "0000")] | all(fits("^[A-Za-z0-9.-]{4,}$")))
            and (.clientSecret | fits("^[!-~]{8,}$")) | given)",
          @sh "azure_client=\(.clientId | text) azure_tenant=\(.tenantId | text) azure_secret=\(.clientSecret | text)",
          @sh "azure_default=\(.subscriptionId // .tenantId | text)"),
      @sh "config_lines=\({version, shell, edge, person, company, save,
        git: (if .git then .git | {url, branch, workspace, saveUpstream} else null end)} | tojson)",
      @sh "exports=\([
        put(["https_proxy", "HTTPS_PROXY"]; .company.httpsProxy),
        put(["http_proxy", "HTTP_PROXY"]; .company.httpProxy),
        put(["no_proxy", "NO_PROXY"]; .company.noProxy),
        put(["GOOGLE_CLOUD_PROJECT"]; .google.project?),
        put(["ARM_TENANT_ID"]; .azure.tenantId?),
        put(["ARM_CLIENT_ID"]; .azure.clientId?),
        put(["ARM_SUBSCRIPTION_ID"]; .azure.subscriptionId?)] | map("\(.)\n") | add // "")"' "$1" 2>/dev/null)"
  # Only where everything is this machine: the local environment and the tests.
  if [ "${git_scheme:-}" = http ]; then
    case ${LIMPET_LOCAL:-}/$git_name in 1/127.0.0.1 | 1/localhost | '1/[::1]') ;; *) git_scheme= ;; esac
  fi
  [ -n "$nonce" ]
}
