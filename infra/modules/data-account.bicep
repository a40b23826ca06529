// A new storage account for data, with the container that is listened to. What exists is left alone.

import { roles } from 'roles.bicep'
import { redundancy as redundancyKind } from 'types.bicep'

param name string
param location string
param tags object
param dataContainer string
param isHnsEnabled bool

@description('Whether the account exists already.')
param exists bool

@description('Whether this bridge created the existing account. If a deployment stopped half-way, this one then creates the missing parts.')
param isOurs bool

@description('The bridge that owns a new account: the name of its function app.')
param bridgeName string = ''

param redundancy redundancyKind = 'LRS'

@description('The object id of the cluster\'s identity, which reads the data. It may be empty.')
param readerPrincipalId string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = if (!exists) {
  name: name
  location: location
  // Tell an account of this bridge from one that was there before, and from another bridge's.
  tags: union(tags, { 'grid-dispatch': 'data', 'grid-dispatch-bridge': bridgeName })
  kind: 'StorageV2'
  sku: { name: 'Standard_${redundancy}' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    isHnsEnabled: isHnsEnabled
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = if (!exists || isOurs) {
  name: '${name}/default/${dataContainer}'
  properties: { publicAccess: 'None' }
  dependsOn: [account]
}

resource readerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if ((!exists || isOurs) && !empty(readerPrincipalId)) {
  name: guid(container.id, readerPrincipalId, roles.storageBlobDataReader)
  scope: container
  properties: {
    principalId: readerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}
