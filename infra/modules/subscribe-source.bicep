// From one source to the bridge: topic, Event Grid's roles, event subscription. The topic lies beside its source, in
// whatever group and subscription that is; the roles are the bridge's.

import { target } from 'types.bicep'

@allowed(['workspace', 'account'])
param kind string

@description('The source\'s name, resource group, subscription, and resource id.')
param sourceName string
param sourceResourceGroup string
param sourceSubscriptionId string
param sourceId string

@description('The name of the source\'s topic. If it does not exist, this module creates it.')
param topicName string

@description('Whether a parameter names the topic. Such a topic must exist. This module never creates it.')
param topicIsNamed bool

param eventTypes string[]
param subjectBeginsWith string

param bridge target

@secure()
param webhookUrl string

param tags object

var topicTypes = {
  workspace: 'Microsoft.MachineLearningServices.Workspaces'
  account: 'Microsoft.Storage.StorageAccounts'
}

// Deployments have names, too. In the source's group another bridge may deploy at the same time.
var run = uniqueString(bridge.eventSubscriptionName, topicName)
var storageAccountId = resourceId('Microsoft.Storage/storageAccounts', bridge.storageAccountName)

// The topic may be there: another bridge has made it, or the last deployment of this one. A source can have one only.
@nullIfNotFound()
resource foundTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
}

module source 'source.bicep' = {
  name: 'source-${run}'
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: { kind: kind, name: sourceName }
}

module topic 'system-topic.bicep' = {
  name: 'topic-${run}'
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: {
    topicType: topicTypes[kind]
    sourceId: sourceId
    location: source.outputs.location
    name: topicName
    exists: topicIsNamed ? true : foundTopic != null
    tags: tags
    eventSubscriptionName: bridge.eventSubscriptionName
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

module owner 'subscription-owner.bicep' = {
  name: 'owner-${run}'
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: {
    topicKind: 'system'
    topicName: topicName
    bridge: bridge
    storageAccountId: storageAccountId
  }
  dependsOn: [topic]
}

module eventSubscription 'event-subscription.bicep' = {
  name: 'events-${run}'
  scope: resourceGroup(sourceSubscriptionId, sourceResourceGroup)
  params: {
    topicKind: 'system'
    topicName: topicName
    eventTypes: eventTypes
    subjectBeginsWith: subjectBeginsWith
    bridge: bridge
    storageAccountId: storageAccountId
    webhookUrl: webhookUrl
  }
  // Event Grid looks whether it may write dead letters when a subscription is made.
  dependsOn: [eventGridRoles, owner]
}
