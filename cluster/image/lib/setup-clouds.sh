# shellcheck shell=sh
# Owns the credentials of AWS, Google and Azure and the kubeconfig: in the files that their own CLIs and terraform read.
# Must not know git, and must not take a person's own sign-in away: what they wrote stays, and is said to.
# Uses $state, $line, $scratch, what lib/setup-line.sh read, check, put_file, take_file, put_block, write_file, attempt.

gcloud=${CLOUDSDK_CONFIG:-$HOME/.config/gcloud}
adc=$gcloud/application_default_credentials.json
kubeconfig=$HOME/.kube/config

not_written() {
  check "$1" failed HOME_NOT_WRITABLE "$2 could not be written: $write_error. Make room or give it back to yourself, then set up again."
}

# The given access key as the profile $1 of a credentials file.
aws_profile_of() {
  printf '[%s]\n%s\n' "$1" "$aws_lines"
}

# AWS: a marked block in ~/.aws/credentials and ~/.aws/config (docs.aws.amazon.com/cli, "Configuration and credential file
# settings"). The profile is default, or limpet where the person has a [default] of their own: two would be an error.
step_aws() {
  aws_profile=''
  credentials=$HOME/.aws/credentials
  rm -f -- "$private/aws"
  if [ -z "$has_aws" ]; then
    put_block "$credentials" </dev/null && put_block "$HOME/.aws/config" </dev/null || { not_written aws ~/.aws; return; }
    check aws skipped '' 'No AWS credentials were given.'
    return
  fi
  if [ -z "$aws_fits" ]; then
    check aws failed AWS_INVALID 'This is no AWS access key: an id of 16 letters and digits or more, and a secret without spaces. Give it again in the settings.'
    return
  fi
  if in_repository "$credentials"; then
    put_block "$credentials" </dev/null && aws_profile_of default | write_file "$private/aws" || { not_written aws "$credentials"; return; }
    check aws conflict AWS_KEPT "~/.aws/credentials lies in a repository, which is saved and pushed, so the given access key was put elsewhere: export AWS_SHARED_CREDENTIALS_FILE=$(shown "$private/aws")."
    return
  fi
  profile=default
  outside_block "$credentials" | grep -Eq '^[[:space:]]*\[[[:space:]]*default[[:space:]]*\]' && profile=limpet
  if outside_block "$credentials" | grep -Eq "^[[:space:]]*\[[[:space:]]*limpet[[:space:]]*\]" && [ "$profile" = limpet ]; then
    check aws conflict AWS_KEPT 'Your own profiles default and limpet in ~/.aws/credentials were kept: take one of them away to use the credentials from the settings.'
    return
  fi
  aws_profile_of "$profile" | put_block "$credentials" || {
    not_written aws "$credentials"
    return
  }
  section=default
  [ "$profile" = default ] || section='profile limpet'
  if outside_block "$HOME/.aws/config" | tr -s '[:space:]' ' ' | grep -Eq "^ ?\[ ?$section ?\]"; then
    : >"$scratch/region"
  else
    { [ -z "$aws_region" ] || printf '[%s]\nregion = %s\n' "$section" "$aws_region"; } >"$scratch/region"
  fi
  put_block "$HOME/.aws/config" <"$scratch/region" || { not_written aws "$HOME/.aws/config"; return; }
  if [ "$profile" = default ]; then
    check aws done '' 'aws and terraform use the given access key.'
  else
    aws_profile=limpet
    check aws conflict AWS_KEPT 'Your own default profile in ~/.aws/credentials was kept; the given access key is the profile limpet: export AWS_PROFILE=limpet.'
  fi
}

# Google: the key file as Application Default Credentials (cloud.google.com/docs/authentication, "How Application Default
# Credentials works"), which terraform and the client libraries read. gcloud itself reads no ADC: a configuration named
# limpet points it to the same file (property auth/credential_file_override), without a login.
step_google() {
  if [ -z "$has_google" ]; then
    take_file google-key "$adc"
    kept=$?
    take_gcloud || kept=1
    case $kept in
      0) check google skipped '' 'No Google credentials were given.' ;;
      2) check google conflict GOOGLE_KEPT 'Your own Google credentials in ~/.config/gcloud were kept.' ;;
      *) not_written google "$gcloud" ;;
    esac
    return
  fi
  jq -j '.google.serviceAccountKey' "$line" >"$scratch/google"
  if ! jq -e '.type == "service_account" and (.client_email | type == "string") and
    (.private_key | type == "string" and startswith("-----BEGIN"))' "$scratch/google" >/dev/null 2>&1; then
    check google failed GOOGLE_INVALID "This is no service account's key file (JSON with type service_account). Download it again and give it in the settings."
    return
  fi
  put_file google-key "$adc" "$scratch/google"
  kept=$?
  [ "$kept" != 1 ] || { not_written google "$adc"; return; }
  {
    printf '# Written by Limpet.\n[core]\n'
    jq -r '"account = \(.client_email | gsub("[^!-~]"; ""))"' "$scratch/google"
    jq -r --slurpfile key "$scratch/google" '(.google.project // $key[0].project_id // "") | select(. != "")
      | "project = \(gsub("[^!-~]"; ""))"' "$line"
    printf '[auth]\ncredential_file_override = %s\n' "$placed"
  } | write_file "$gcloud/configurations/config_limpet" || { not_written google "$gcloud"; return; }
  if gcloud_is_free; then
    printf limpet | write_file "$gcloud/active_config" || { not_written google "$gcloud"; return; }
  elif [ "$kept" = 0 ]; then
    check google conflict GOOGLE_KEPT 'terraform uses the given key; your own sign-in of gcloud was kept: gcloud config configurations activate limpet.'
    return
  fi
  if [ "$kept" = 2 ]; then
    check google conflict GOOGLE_KEPT 'Your own application default credentials were kept; the given key lies beside them: export GOOGLE_APPLICATION_CREDENTIALS=~/.config/gcloud/application_default_credentials.json.limpet.'
    return
  fi
  if [ "$kept" = 3 ]; then
    check google conflict GOOGLE_KEPT "~/.config/gcloud lies in a repository, which is saved and pushed, so the given key was put elsewhere: export GOOGLE_APPLICATION_CREDENTIALS=$(shown "$placed")."
    return
  fi
  check google done '' 'gcloud, terraform and the client libraries use the given key.'
}

# True where gcloud is nobody's yet: no configuration is chosen but ours, or the default one, which says of nobody.
gcloud_is_free() {
  active=$(cat "$gcloud/active_config" 2>/dev/null)
  case $active in
    limpet) ;;
    '' | default) ! grep -Eqs '^[[:space:]]*(account|credential_file_override|impersonate_service_account)[[:space:]]*=' "$gcloud/configurations/config_default" ;;
    *) return 1 ;;
  esac
}

take_gcloud() {
  grep -qs '^# Written by Limpet' "$gcloud/configurations/config_limpet" || return 0
  attempt rm -f -- "$gcloud/configurations/config_limpet" || return 1
  # Without one gcloud takes its default configuration.
  [ "$(cat "$gcloud/active_config" 2>/dev/null)" != limpet ] || attempt rm -f -- "$gcloud/active_config"
}

# Puts the JSON that a jq program makes of a file of az ($1; what stands for an empty one: $2) in its place.
change_azure() {
  azure_file=$1
  azure_empty=$2
  shift 2
  if [ -s "$azure_file" ]; then cp "$azure_file" "$scratch/azure"; else printf '%s' "$azure_empty" >"$scratch/azure"; fi
  jq --slurpfile line "$line" "$@" "$scratch/azure" >"$scratch/azured" 2>/dev/null || {
    write_error="${azure_file##*/} is not as az writes it"
    return 1
  }
  # Where nothing of anybody's is left, neither is the file.
  if jq -e '. == [] or . == {subscriptions: []}' "$scratch/azured" >/dev/null; then
    attempt rm -f -- "$(target_of "$azure_file")"
  elif ! cmp -s "$scratch/azure" "$scratch/azured"; then
    write_file "$azure_file" <"$scratch/azured"
  fi
}

# Where az keeps its files, and which service principal the last set-up put there.
read_azure() {
  azure=${AZURE_CONFIG_DIR:-$HOME/.azure}
  former='' former_tenant=''
  [ -r "$written/azure" ] && read -r former former_tenant <"$written/azure"
}

# Azure: what `az login --service-principal` leaves behind, without the login (azure-cli, core/auth/identity.py and
# core/_profile.py): the secret in service_principal_entries.json, the subscription in azureProfile.json. terraform's azurerm
# reads neither for a service principal: it is told by the environment of new shells (lib/setup-network.sh).
step_azure() {
  read_azure
  if [ -z "$has_azure" ]; then
    take_azure || { not_written azure "$azure"; return; }
    check azure skipped '' 'No Azure credentials were given.'
    return
  fi
  if [ -z "$azure_fits" ]; then
    check azure failed AZURE_INVALID 'This is no service principal: tenant, client and subscription are ids, and the secret has no spaces. Give it again in the settings.'
    return
  fi
  client=$azure_client tenant=$azure_tenant
  if [ "$former $former_tenant" != "$client $tenant" ]; then
    take_azure || { not_written azure "$azure"; return; }
    if jq -e --slurpfile line "$line" '$line[0].azure as $given | any(.[]; .client_id == $given.clientId
      and .tenant == $given.tenantId and .client_secret != $given.clientSecret)' "$azure/service_principal_entries.json" >/dev/null 2>&1; then
      check azure conflict AZURE_KEPT 'Your own sign-in of az as this service principal was kept: az logout, then set up again.'
      return
    fi
  fi
  if in_repository "$azure/service_principal_entries.json"; then
    # What an earlier one put there, before that was a repository.
    take_azure && printf %s "$azure_secret" | write_file "$state/azure/client-secret" || { not_written azure "$azure"; return; }
    check azure conflict AZURE_KEPT '~/.azure lies in a repository, which is saved and pushed, so az was not given the service principal; terraform uses it in windows opened from now on.'
    return
  fi
  printf %s "$azure_secret" | write_file "$state/azure/client-secret" &&
    printf '%s %s\n' "$client" "$tenant" | write_file "$written/azure" &&
    change_azure "$azure/service_principal_entries.json" '[]' '$line[0].azure as $given
      | map(select(.client_id != $given.clientId or .tenant != $given.tenantId))
        + [{client_id: $given.clientId, tenant: $given.tenantId, client_secret: $given.clientSecret}]' &&
    change_azure "$azure/azureProfile.json" '{"subscriptions":[]}' '$line[0].azure as $given
      | (.subscriptions // [] | map(select(.user.name != $given.clientId))) as $others
      | .subscriptions = $others + [{
          id: ($given.subscriptionId // $given.tenantId),
          name: ($given.subscriptionId // "N/A(tenant level account)"),
          state: "Enabled", user: {name: $given.clientId, type: "servicePrincipal"},
          isDefault: ($others | all(.isDefault != true)), tenantId: $given.tenantId,
          homeTenantId: $given.tenantId, environmentName: "AzureCloud", managedByTenants: []}]' || {
    not_written azure "$azure"
    return
  }
  if jq -e --arg client "$client" '.subscriptions[] | select(.user.name == $client) | .isDefault' "$azure/azureProfile.json" >/dev/null; then
    check azure done '' 'az uses the given service principal; terraform does in windows opened from now on.'
  else
    check azure conflict AZURE_KEPT "Your own default subscription of az was kept: az account set --subscription $azure_default."
  fi
}

# Takes the former service principal out of az's files, and the secret's own.
take_azure() {
  attempt rm -rf -- "$state/azure" || return 1
  [ -n "$former" ] || return 0
  if [ -s "$azure/service_principal_entries.json" ]; then
    change_azure "$azure/service_principal_entries.json" '[]' --arg client "$former" --arg tenant "$former_tenant" \
      'map(select(.client_id != $client or .tenant != $tenant))' || return 1
  fi
  if [ -s "$azure/azureProfile.json" ]; then
    change_azure "$azure/azureProfile.json" '{}' --arg client "$former" --arg tenant "$former_tenant" \
      '.subscriptions |= map(select(.user.name != $client or .tenantId != $tenant))' || return 1
  fi
  attempt rm -f -- "$written/azure"
}

# Kubernetes: ~/.kube/config as it was given.
step_kubeconfig() {
  if [ -z "$has_kubeconfig" ]; then
    take_file kubeconfig "$kubeconfig"
    case $? in
      0) check kubeconfig skipped '' 'No kubeconfig was given.' ;;
      2) check kubeconfig conflict KUBECONFIG_KEPT 'The kubeconfig was taken away in the settings, but you changed ~/.kube/config since, so it was kept.' ;;
      *) not_written kubeconfig "$kubeconfig" ;;
    esac
    return
  fi
  jq -j '.kubeconfig' "$line" >"$scratch/kubeconfig"
  fault=
  if command -v kubectl >/dev/null 2>&1; then
    # It reads the file and runs nothing of it.
    fault=$(HOME=$scratch timeout 20 kubectl --kubeconfig "$scratch/kubeconfig" config view -o name 2>&1 >/dev/null | head -n 1 | sed "s|$scratch/||g")
  fi
  grep -q '^[[:space:]"]*clusters[":]' "$scratch/kubeconfig" || fault=${fault:-there are no clusters in it}
  if [ -n "$fault" ]; then
    check kubeconfig failed KUBECONFIG_INVALID "This is no kubeconfig: $fault. Give it again in the settings."
    return
  fi
  put_file kubeconfig "$kubeconfig" "$scratch/kubeconfig"
  case $? in
    0) check kubeconfig done '' 'kubectl and helm use the given kubeconfig.' ;;
    2) check kubeconfig conflict KUBECONFIG_KEPT 'Your own ~/.kube/config was kept; the given one lies beside it: export KUBECONFIG=~/.kube/config.limpet.' ;;
    3) check kubeconfig conflict KUBECONFIG_KEPT "~/.kube/config lies in a repository, which is saved and pushed, so the given one was put elsewhere: export KUBECONFIG=$(shown "$placed")." ;;
    *) not_written kubeconfig "$kubeconfig" ;;
  esac
}

# Takes all of it out of the home, where it is as it was put there.
take_clouds() {
  put_block "$HOME/.aws/credentials" </dev/null
  put_block "$HOME/.aws/config" </dev/null
  take_file google-key "$adc"
  take_gcloud
  read_azure
  take_azure
  take_file kubeconfig "$kubeconfig"
}
