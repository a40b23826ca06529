// From one source to the bridge: topic, Event Grid's roles, event subscription. The topic lies beside its source, in
// whatever group and subscription that is; the roles are the bridge's.

import { target } from 'types.bicep'

@allowed(['workspace', 'account'])
param kind string

@description('The source\'s name, resource group and subscription.')
param sourceName string
param sourceResourceGroup string
param sourceSubscriptionId string

@description('The topic\'s name, and whether it is there already.')
param topicName string
param topicExists bool

param eventTypes string[]
param subjectBeginsWith string

param bridge target

@secure()
param webhookUrl string

param tags object

var kinds = {
  workspace: {
    resourceType: 'Microsoft.MachineLearningServices/workspaces'
    topicType: 'Microsoft.MachineLearningServices.Workspaces'
  }
  account: {
    resourceType: 'Microsoft.Storage/storageAccounts'
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

module source 'source.bicep' = {
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: { kind: kind, name: sourceName }
}

module topic 'system-topic.bicep' = {
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: {
    topicType: kinds[kind].topicType
    sourceId: resourceId(sourceSubscriptionId, sourceResourceGroup, kinds[kind].resourceType, sourceName)
    location: source.outputs.location
    name: topicName
    exists: topicExists
    tags: tags
    baseName: bridge.baseName
    actionGroupIds: bridge.actionGroupIds
  }
}

module eventGridRoles 'event-grid-roles.bicep' = {
  params: {
    storageAccountName: bridge.storageAccountName
    topicPrincipalId: topic.outputs.principalId
    delivery: bridge.delivery
  }
}

module eventSubscription 'event-subscription.bicep' = {
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: {
    topicKind: 'system'
    topicName: topicName
    eventTypes: eventTypes
    subjectBeginsWith: subjectBeginsWith
    bridge: bridge
    storageAccountId: resourceId('Microsoft.Storage/storageAccounts', bridge.storageAccountName)
    webhookUrl: webhookUrl
  }
  // Event Grid looks whether it may write dead letters when a subscription is made.
  dependsOn: [eventGridRoles]
}
