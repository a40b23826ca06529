"""Says whether a deployment of the bridge is to write the GitHub token: prints yes or no, and why.

A token in a key vault may have been rotated there, and an older one must not replace it. So the answer is yes only if no
vault of the bridge holds a token. If Azure cannot be asked, the script fails and nothing is deployed.
"""

import argparse

from azure import az, az_find_text, main_of, read_json, text

# The template's default.
SECRET_NAME = "github-token"
SECRETS_API = "2023-07-01"
ENDED = ("Succeeded", "Failed", "Canceled")
ENDED_QUERY = "contains(['Succeeded', 'Failed', 'Canceled'], properties.provisioningState)"


def state_of(show):
    """How the last deployment ended, and None if there was none. Waits for one that Azure still works on."""
    state = az_find_text(*show, "--query", "properties.provisioningState", "--output", "tsv")
    if state is not None and text(state, "state of the last deployment") not in ENDED:
        # A run that was cancelled leaves its deployment running, and Azure refuses a second one of that name meanwhile.
        az("deployment", "group", "wait", *show[3:], "--custom", ENDED_QUERY)
        state = az_find_text(*show, "--query", "properties.provisioningState", "--output", "tsv")
    return state


def vaults_of(group, show, state):
    """The vaults that may hold the token, and its name there, by what the last deployment was given."""
    printed = az_find_text(*show, "--query", "properties.parameters", "--output", "json") if state is not None else ""
    given = read_json(show, printed) if printed else {}
    name = value_of(given, "githubTokenSecretName") or SECRET_NAME
    elsewhere = value_of(given, "existingKeyVaultId")
    here = az("keyvault", "list", "--resource-group", group, "--query", "[].id", "--output", "tsv").split()
    return [elsewhere] if elsewhere else here, name


def value_of(parameters, name):
    """A parameter's text; empty without one."""
    value = (parameters.get(name) or {}).get("value") if isinstance(parameters, dict) else None
    return value if isinstance(value, str) else ""


def vault_with_token(vaults, name):
    """The name of the vault that holds the token, or None. The token itself is not read."""
    for vault in vaults:
        secret = ("--ids", f"{vault}/secrets/{name}", "--api-version", SECRETS_API)
        if az_find_text("resource", "show", *secret, "--output", "none") is not None:
            return vault.rpartition("/")[2]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resource-group", required=True, help="the resource group of the bridge")
    parser.add_argument("--deployment", default="main", help="the name of the bridge's deployment")
    options = parser.parse_args()
    group = options.resource_group
    show = ("deployment", "group", "show", "--resource-group", group, "--name", options.deployment)
    vault = vault_with_token(*vaults_of(group, show, state_of(show)))
    if vault is None:
        print("yes: no key vault of the bridge holds a token yet")
    else:
        print(f"no: the key vault {vault} holds a token, and it stays")


if __name__ == "__main__":
    main_of("needs_token.py", main)
