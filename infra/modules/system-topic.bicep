// The system topic of a source: a new one, or the one that the source has already, since it can have one only.

@allowed([
  'Microsoft.MachineLearningServices.Workspaces'
  'Microsoft.Storage.StorageAccounts'
])
param topicType string

@description('The resource id of the source.')
param sourceId string

@description('The source\'s own location.')
param location string

@description('The name of the topic.')
param name string

@description('Whether the topic is there already. It must have a system-assigned identity: docs/deploy.md.')
param exists bool

param tags object

@description('What the names of alerts begin with.')
param baseName string

@description('The action groups that are told what Event Grid drops or cannot deliver; none: no alerts.')
param actionGroupIds string[]

resource made 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!exists) {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: sourceId
    topicType: topicType
  }
}

resource found 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (exists) {
  name: name
}

module alerts 'topic-alerts.bicep' = if (!empty(actionGroupIds)) {
  params: {
    topicId: exists ? found.id : made.id
    baseName: baseName
    actionGroupIds: actionGroupIds
    tags: tags
  }
}

@description('The object id of the topic\'s identity, with which Event Grid writes dead letters.')
output principalId string = exists ? found!.identity.principalId : made!.identity.principalId
