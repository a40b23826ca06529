// A new storage account for data, with the container that is listened to. What exists is left alone.

import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param dataContainer string
param isHnsEnabled bool

@description('Whether the account is there already.')
param exists bool

@description('Whether an account that exists was made here, so that what a broken-off deployment left out is made up for.')
param isOurs bool

@description('The object id of the cluster\'s identity, which reads the data, or none.')
param readerPrincipalId string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = if (!exists) {
  name: name
  location: location
  // Tells an account of this template from one that was there before.
  tags: union(tags, { 'grid-dispatch': 'data' })
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
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
