// Diagnostic settings: who has read, written or deleted what, told to a Log Analytics workspace of the platform team. The
// app itself writes to its Application Insights.

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

param storageAccountName string

@description('The bridge\'s own key vault. It is empty if the bridge uses an existing vault.')
param keyVaultName string

var logs = [{ categoryGroup: 'audit', enabled: true }]

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }

  resource queues 'queueServices' existing = {
    name: 'default'
  }

  resource tables 'tableServices' existing = {
    name: 'default'
  }
}

resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::blobs
  properties: { workspaceId: workspaceId, logs: logs }
}

resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::queues
  properties: { workspaceId: workspaceId, logs: logs }
}

resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::tables
  properties: { workspaceId: workspaceId, logs: logs }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = if (!empty(keyVaultName)) {
  name: keyVaultName
}

resource ofVault 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(keyVaultName)) {
  name: 'audit'
  scope: vault
  properties: { workspaceId: workspaceId, logs: logs }
}
