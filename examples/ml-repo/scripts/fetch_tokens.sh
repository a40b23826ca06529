#!/usr/bin/env bash
# Fetches the tokens that later commands need, right after the login.
#
# GitHub's OIDC token lives for five minutes, and `az` needs it for the first token of each service. A token that is in
# the cache then lives for an hour. Without this, a command that asks a service for the first time after five minutes
# fails with AADSTS700024 (azure-cli issue 28708). No token is printed.
set -euo pipefail

for service in https://management.azure.com https://ml.azure.com https://storage.azure.com; do
  if ! az account get-access-token --scope "$service/.default" --output none; then
    echo "::warning::There is no token for $service. A later step that needs one will fail"
  fi
done
