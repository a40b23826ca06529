// A new Azure ML workspace without shared keys, what it needs, and a cluster to train on. What exists is left alone.

import { workspaceNamesOf } from 'names.bicep'
import { roles } from 'roles.bicep'
import { redundancy as redundancyKind } from 'types.bicep'

param name string
param location string
param tags object

@description('Whether the workspace exists already.')
param exists bool

@description('Whether the cluster of the workspace exists, too. Then this module has nothing to do.')
param clusterExists bool

@description('Whether this bridge created the existing workspace. If a deployment stopped half-way, this one then creates the missing parts.')
param isOurs bool

@description('The bridge that owns a new workspace: the name of its function app.')
param bridgeName string = ''

param logAnalyticsId string
param clusterName string
param vmSize string
param maximumNodes int
param redundancy redundancyKind = 'LRS'
param purgeProtection bool = false

var names = workspaceNamesOf(name, resourceGroup().name, subscription().subscriptionId)
var isIncomplete = !exists || (isOurs && !clusterExists)

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = if (isIncomplete) {
  name: names.storageAccount
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_${redundancy}' }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = if (isIncomplete) {
  name: names.keyVault
  location: location
  tags: tags
  properties: {
    enablePurgeProtection: purgeProtection ? true : null
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    sku: { family: 'A', name: 'standard' }
    tenantId: tenant().tenantId
  }
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = if (isIncomplete) {
  name: names.registry
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' = if (isIncomplete) {
  name: names.appInsights
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: logAnalyticsId
  }
}

// The workspace's own identity gets its rights on these four from Azure ML when the workspace is made.
resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' = if (!exists) {
  name: name
  location: location
  // Tell a workspace of this bridge from one that was there before, and from another bridge's.
  tags: union(tags, { 'grid-dispatch': 'workspace', 'grid-dispatch-bridge': bridgeName })
  identity: { type: 'SystemAssigned' }
  properties: {
    friendlyName: name
    applicationInsights: appInsights.id
    containerRegistry: registry.id
    keyVault: vault.id
    storageAccount: storage.id
    // Its storage has no shared keys: datastores work with the caller's identity, or the cluster's.
    systemDatastoresAuthMode: 'Identity'
  }
}

resource computeIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = if (isIncomplete) {
  name: names.computeIdentity
  location: location
  tags: tags
}

resource storageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isIncomplete) {
  name: guid(storage.id, computeIdentity.id, roles.storageBlobDataContributor)
  scope: storage
  properties: {
    principalId: computeIdentity!.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource registryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isIncomplete) {
  name: guid(registry.id, computeIdentity.id, roles.acrPull)
  scope: registry
  properties: {
    principalId: computeIdentity!.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
  }
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2025-06-01' = if (isIncomplete) {
  parent: workspace
  name: clusterName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${computeIdentity.id}': {} }
  }
  properties: {
    computeType: 'AmlCompute'
    disableLocalAuth: true
    properties: {
      osType: 'Linux'
      remoteLoginPortPublicAccess: 'Disabled'
      // Nothing runs, and nothing costs, between two trainings.
      scaleSettings: { maxNodeCount: maximumNodes, minNodeCount: 0, nodeIdleTimeBeforeScaleDown: 'PT5M' }
      vmSize: vmSize
    }
  }
  dependsOn: [storageRole, registryRole]
}

// A later deployment may add a data account, or repeat one that failed: the cluster gets its role there then.
@nullIfNotFound()
resource foundIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = if (!isIncomplete && isOurs) {
  name: names.computeIdentity
}

@description('The object id of the cluster\'s identity, which reads the data. It is empty if this bridge did not create the workspace.')
output computePrincipalId string = isIncomplete
  ? computeIdentity!.properties.principalId
  : isOurs ? foundIdentity.?properties.principalId ?? '' : ''
