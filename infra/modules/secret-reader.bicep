// Lets the bridge read one secret of a vault, here or elsewhere, and no other.

import { roles } from 'roles.bicep'

param vaultName string
param secretName string

@description('The bridge\'s identity.')
param bridgePrincipalId string

resource secret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' existing = {
  name: '${vaultName}/${secretName}'
}

resource bridgeRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(secret.id, bridgePrincipalId, roles.keyVaultSecretsUser)
  scope: secret
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}
