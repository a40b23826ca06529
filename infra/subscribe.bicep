// The second entry: system topics and event subscriptions, from the sources to the bridge that main.bicep made.
// A subscription to a function is refused until the function's code is there, so main.bicep runs this itself only where
// it has deployed the code, or where no code is needed. `node infra/subscribe.mjs GROUP` runs it with main's parameters.

import { namesOf, topicNameFor, workspaceNamesOf } from 'modules/names.bicep'
import {
  checkedAccount
  checkedActionGroupId
  dataAccount
  delivery as deliveryKind
  eventSchema as eventSchemaKind
  workspaceEventType
} from 'modules/types.bicep'

targetScope = 'resourceGroup'

@description('Optional. As in main.bicep: what the resources\' names begin with.')
@minLength(2)
@maxLength(24)
param baseName string = 'grid-dispatch'

@description('Optional. Tags of the topics that are made.')
param tags object = {}

@description('Optional. The Azure ML workspace to listen to.')
param workspaceName string = ''

@description('Optional. Its resource group.')
param workspaceResourceGroup string = resourceGroup().name

@description('Optional. Its subscription.')
param workspaceSubscriptionId string = subscription().subscriptionId

@description('Optional. Its system topic, if it has one already.')
param workspaceTopicName string = ''

@description('Optional. Which of its events are delivered.')
param workspaceEventTypes workspaceEventType[] = [
  'Microsoft.MachineLearningServices.ModelRegistered'
  'Microsoft.MachineLearningServices.RunCompleted'
]

@description('Optional. Storage accounts to listen to, each with its container.')
param dataAccounts dataAccount[] = []

@description('Optional. The bridge\'s custom topic, if main.bicep made one.')
param customTopicName string = ''

@description('Optional. How events reach the bridge.')
param delivery deliveryKind = 'queue'

@description('Optional. The schema in which they do.')
param eventSchema eventSchemaKind = 'CloudEventSchemaV1_0'

@description('Conditional. Required with delivery \'webhook\': the endpoint.')
@secure()
param webhookUrl string = ''

@description('Conditional. The tenant, where Microsoft Entra protects the endpoint.')
param webhookTenantId string = ''

@description('Conditional. The application id or URI, where Microsoft Entra protects the endpoint.')
param webhookApplicationId string = ''

@description('Optional. What the names of topics begin with.')
param topicPrefix string = baseName

@description('Optional. The event subscriptions\' name; that of a storage account ends in its container.')
@minLength(3)
param eventSubscriptionName string = 'grid-dispatch'

@description('Optional. As in main.bicep: where mail about the topics goes. Empty: no mail.')
param alertEmail string = ''

@description('Optional. As in main.bicep: an action group that is told as well. Empty: none.')
param alertActionGroupId string = ''

var names = namesOf(baseName, resourceGroup().id)
var ownAccounts = [
  names.storageAccount
  workspaceNamesOf(workspaceName, workspaceResourceGroup, workspaceSubscriptionId).storageAccount
]
var accounts = [for account in dataAccounts: checkedAccount(account, ownAccounts)]

var endpoint = delivery == 'webhook' && empty(webhookUrl)
  ? fail('delivery \'webhook\' needs webhookUrl, the endpoint to deliver to.')
  : webhookUrl

var bridge = {
  baseName: baseName
  delivery: empty(webhookTenantId) == empty(webhookApplicationId)
    ? delivery
    : fail('webhookTenantId and webhookApplicationId belong together: give both, or none.')
  eventSchema: eventSchema
  eventSubscriptionName: eventSubscriptionName
  functionAppId: resourceId('Microsoft.Web/sites', names.functionApp)
  storageAccountName: names.storageAccount
  webhookTenantId: webhookTenantId
  webhookApplicationId: webhookApplicationId
  actionGroupIds: concat(
    empty(alertEmail) ? [] : [resourceId('Microsoft.Insights/actionGroups', names.actionGroup)],
    empty(alertActionGroupId) ? [] : [checkedActionGroupId(alertActionGroupId)]
  )
}

module workspace 'modules/subscribe-source.bicep' = if (!empty(workspaceName)) {
  params: {
    kind: 'workspace'
    sourceName: workspaceName
    sourceResourceGroup: workspaceResourceGroup
    sourceSubscriptionId: workspaceSubscriptionId
    topicName: empty(workspaceTopicName) ? topicNameFor(topicPrefix, workspaceName) : workspaceTopicName
    topicExists: !empty(workspaceTopicName)
    eventTypes: workspaceEventTypes
    subjectBeginsWith: ''
    bridge: bridge
    webhookUrl: endpoint
    tags: tags
  }
}

// One after the other, so that an account may be listed twice, with two containers: it has one topic.
@batchSize(1)
module account 'modules/subscribe-source.bicep' = [
  for account in accounts: {
    params: {
      kind: 'account'
      sourceName: account.name
      sourceResourceGroup: account.?resourceGroup ?? resourceGroup().name
      sourceSubscriptionId: account.?subscriptionId ?? subscription().subscriptionId
      topicName: account.?topicName ?? topicNameFor(topicPrefix, account.name)
      topicExists: account.?topicName != null
      eventTypes: account.?eventTypes ?? [
        'Microsoft.Storage.BlobCreated'
        'Microsoft.Storage.BlobDeleted'
        'Microsoft.Storage.BlobRenamed'
        'Microsoft.Storage.DirectoryRenamed'
      ]
      // The slash at its end keeps "data" apart from "database".
      subjectBeginsWith: '/blobServices/default/containers/${account.dataContainer}/'
      bridge: union(bridge, {
        eventSubscriptionName: take('${eventSubscriptionName}-${account.dataContainer}', 64)
      })
      webhookUrl: endpoint
      tags: tags
    }
  }
]

resource customTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(customTopicName)) {
  name: customTopicName
}

module customTopicRoles 'modules/event-grid-roles.bicep' = if (!empty(customTopicName)) {
  params: {
    storageAccountName: names.storageAccount
    topicPrincipalId: customTopic!.identity.principalId
    delivery: bridge.delivery
  }
}

module customTopicSubscription 'modules/event-subscription.bicep' = if (!empty(customTopicName)) {
  params: {
    topicKind: 'custom'
    topicName: customTopicName
    eventTypes: []
    subjectBeginsWith: ''
    bridge: bridge
    storageAccountId: resourceId('Microsoft.Storage/storageAccounts', names.storageAccount)
    webhookUrl: endpoint
  }
  dependsOn: [customTopicRoles]
}

module customTopicAlerts 'modules/topic-alerts.bicep' = if (!empty(customTopicName) && !empty(bridge.actionGroupIds)) {
  params: {
    topicId: customTopic.id
    baseName: baseName
    actionGroupIds: bridge.actionGroupIds
    tags: tags
  }
}
