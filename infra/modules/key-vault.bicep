// The key vault with the GitHub credential. Roles decide who may read it; there are no access policies.

param name string
param location string
param tags object

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    sku: { family: 'A', name: 'standard' }
    tenantId: tenant().tenantId
  }
}
