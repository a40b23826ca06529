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

@description('Whether the topic exists already. An existing topic must have a system-assigned identity: docs/deploy.md.')
param exists bool

param tags object

@description('The bridge\'s event subscription. The alerts watch only this subscription of the topic, and their names begin with its name.')
param eventSubscriptionName string

@description('The action groups that get the alerts about events that Event Grid drops or cannot deliver. If there are none, there are no alerts.')
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
  name: 'alerts-${uniqueString(eventSubscriptionName, name)}'
  params: {
    topicId: resourceId('Microsoft.EventGrid/systemTopics', name)
    baseName: eventSubscriptionName
    eventSubscriptionName: eventSubscriptionName
    actionGroupIds: actionGroupIds
    tags: tags
  }
  dependsOn: [made]
}

var foundPrincipalId = found.?identity.?principalId ?? fail('The topic ${name} has no system-assigned identity. Event Grid needs this identity to write dead letters and to fill the queue. Add it: az eventgrid system-topic update --name ${name} --resource-group ${resourceGroup().name} --identity systemassigned')

@description('The object id of the topic\'s identity, with which Event Grid writes dead letters.')
output principalId string = exists ? foundPrincipalId : made!.identity.principalId
