// The key vault with the GitHub credential. Roles decide who may read it; there are no access policies.

import { network as networkOf } from 'types.bicep'

param name string
param location string
param tags object

@description('Whether a deleted vault or secret cannot be purged. You cannot switch it off again.')
param purgeProtection bool

param network networkOf

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    // Azure refuses `false`.
    enablePurgeProtection: purgeProtection ? true : null
    enableRbacAuthorization: true
    enableSoftDelete: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: network.closed ? 'Deny' : 'Allow'
      ipRules: map(network.closed ? network.ipRanges : [], range => { value: range })
      virtualNetworkRules: map(network.subnetIds, id => { id: id })
    }
    softDeleteRetentionInDays: 7
    sku: { family: 'A', name: 'standard' }
    tenantId: tenant().tenantId
  }
}
