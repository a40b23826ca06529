// The bridge's storage account: what was accepted (tables, queue, blobs) and the code. Identities only, no keys.

import { containers, eventQueue, ledgerQueues } from 'names.bicep'
import { roles } from 'roles.bicep'
import { delivery as deliveryKind, network as networkOf, redundancy as redundancyKind } from 'types.bicep'

param name string
param location string
param tags object

@description('The bridge\'s identity, which reads and writes here.')
param bridgePrincipalId string

@description('The object ids of the identities that may read payloads and manifests, and nothing else in this account.')
param payloadReaders string[]

param delivery deliveryKind
param redundancy redundancyKind
param network networkOf

var listenedTo = concat(ledgerQueues, delivery == 'queue' ? [eventQueue] : [])

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_${redundancy}' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    networkAcls: {
      // Event Grid comes with a topic's identity, and is one of the trusted services.
      bypass: 'AzureServices'
      defaultAction: network.closed ? 'Deny' : 'Allow'
      // An account refuses a single address that is written as a range.
      ipRules: map(network.closed ? network.ipRanges : [], range => {
        value: endsWith(range, '/32') ? split(range, '/')[0] : range
        action: 'Allow'
      })
      virtualNetworkRules: map(network.subnetIds, id => { id: id, action: 'Allow' })
    }
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource container 'containers' = [
      for container in items(containers): {
        name: container.value
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource queues 'queueServices' = {
    name: 'default'

    // Every queue that a trigger listens to, before it does: the host writes a warning each time that it misses one.
    // Event Grid can deliver as soon as its queue is there, without code and key.
    resource queue 'queues' = [
      for name in flatten(map(listenedTo, name => [name, '${name}-poison'])): {
        name: name
      }
    ]
  }
}

var bridgeRoles = [
  roles.storageBlobDataOwner
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

resource bridgeRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in bridgeRoles: {
    name: guid(account.id, bridgePrincipalId, role)
    scope: account
    properties: {
      principalId: bridgePrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource payloads 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  name: '${name}/default/${containers.payloads}'
}

// Users, groups and workflows alike, so without a principalType.
resource readerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for reader in payloadReaders: {
    name: guid(payloads.id, reader, roles.storageBlobDataReader)
    scope: payloads
    properties: {
      principalId: reader
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
    }
    dependsOn: [account::blobs::container]
  }
]

output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
