// The second entry: system topics and event subscriptions, from the sources to the bridge that main.bicep made.
// A subscription to a function is refused until the function's code is there, so main.bicep runs this itself only where
// it has deployed the code, or where no code is needed. `node infra/subscribe.mjs GROUP` runs it with main's parameters.

import { namesOf, subscriptionNameFor, topicNameFor, workspaceNamesOf } from 'modules/names.bicep'
import { problemsOfSources, soundOr } from 'modules/rules.bicep'
import {
  dataAccount
  delivery as deliveryKind
  eventSchema as eventSchemaKind
  workspaceEventType
} from 'modules/types.bicep'

targetScope = 'resourceGroup'

@description('Optional. The names of the resources begin with this text, as in main.bicep.')
param baseName string = 'grid-dispatch'

@description('Optional. Tags of new topics.')
param tags object = {}

@description('Optional. The Azure ML workspace whose events the bridge gets.')
param workspaceName string = ''

@description('Optional. The resource group of the workspace.')
param workspaceResourceGroup string = resourceGroup().name

@description('Optional. The subscription of the workspace.')
param workspaceSubscriptionId string = subscription().subscriptionId

@description('Optional. The name of the workspace\'s system topic, if it has one already.')
param workspaceTopicName string = ''

@description('Optional. The types of the workspace\'s events that Event Grid delivers.')
param workspaceEventTypes workspaceEventType[] = [
  'Microsoft.MachineLearningServices.ModelRegistered'
  'Microsoft.MachineLearningServices.RunCompleted'
]

@description('Optional. The storage accounts whose events the bridge gets, each with one container.')
param dataAccounts dataAccount[] = []

@description('Optional. The name of the bridge\'s custom topic, if it has one.')
param customTopicName string = ''

@description('Optional. The way from Event Grid to the bridge.')
param delivery deliveryKind = 'queue'

@description('Optional. The schema of the events that Event Grid delivers.')
param eventSchema eventSchemaKind = 'CloudEventSchemaV1_0'

@description('Conditional. The address of the endpoint. Required with delivery \'webhook\'.')
@secure()
param webhookUrl string = ''

@description('Conditional. The id of the tenant, if Microsoft Entra protects the endpoint.')
param webhookTenantId string = ''

@description('Conditional. The id or URI of the application, if Microsoft Entra protects the endpoint.')
param webhookApplicationId string = ''

@description('Optional. The names of system topics begin with this text. All bridges on one source need the same value.')
param topicPrefix string = 'grid-dispatch'

@description('Optional. The names of event subscriptions begin with this text. The name of the container and the hash of the bridge follow.')
param eventSubscriptionName string = 'grid-dispatch'

@description('Optional. The e-mail address that gets the topics\' alerts, as in main.bicep. If it is empty, no mail is sent.')
param alertEmail string = ''

@description('Optional. The resource id of an existing action group that gets the topics\' alerts, as in main.bicep.')
param alertActionGroupId string = ''

var ownNames = namesOf(baseName, resourceGroup().id)
var problems = problemsOfSources(
  {
    baseName: baseName
    tags: tags
    workspaceName: workspaceName
    workspaceResourceGroup: workspaceResourceGroup
    workspaceSubscriptionId: workspaceSubscriptionId
    workspaceTopicName: workspaceTopicName
    workspaceEventTypes: workspaceEventTypes
    dataAccounts: dataAccounts
    customTopicName: customTopicName
    webhookTenantId: webhookTenantId
    webhookApplicationId: webhookApplicationId
    topicPrefix: topicPrefix
    eventSubscriptionName: eventSubscriptionName
    alertEmail: alertEmail
    alertActionGroupId: alertActionGroupId
  },
  [
    ownNames.storageAccount
    workspaceNamesOf(workspaceName, workspaceResourceGroup, workspaceSubscriptionId).storageAccount
  ]
)
var names = namesOf(soundOr(baseName, problems), resourceGroup().id)

// Apart from the other problems: a secret may not stand in a message.
var endpoint = delivery == 'webhook' && empty(webhookUrl)
  ? fail('webhookUrl: delivery \'webhook\' needs webhookUrl. Set it to the address of the endpoint.')
  : webhookUrl

var bridge = {
  delivery: delivery
  eventSchema: eventSchema
  eventSubscriptionName: subscriptionNameFor(eventSubscriptionName, names.hash)
  functionAppId: resourceId('Microsoft.Web/sites', names.functionApp)
  storageAccountName: names.storageAccount
  webhookTenantId: webhookTenantId
  webhookApplicationId: webhookApplicationId
  actionGroupIds: concat(
    empty(alertEmail) ? [] : [resourceId('Microsoft.Insights/actionGroups', names.actionGroup)],
    empty(alertActionGroupId) ? [] : [alertActionGroupId]
  )
}

var workspaceId = resourceId(
  workspaceSubscriptionId,
  workspaceResourceGroup,
  'Microsoft.MachineLearningServices/workspaces',
  workspaceName
)

module workspace 'modules/subscribe-source.bicep' = if (!empty(workspaceName)) {
  params: {
    kind: 'workspace'
    sourceName: workspaceName
    sourceResourceGroup: workspaceResourceGroup
    sourceSubscriptionId: workspaceSubscriptionId
    sourceId: workspaceId
    topicName: empty(workspaceTopicName) ? topicNameFor(topicPrefix, workspaceId) : workspaceTopicName
    topicIsNamed: !empty(workspaceTopicName)
    eventTypes: workspaceEventTypes
    subjectBeginsWith: ''
    bridge: bridge
    webhookUrl: endpoint
    tags: tags
  }
}

var accountIds = [
  for account in dataAccounts: resourceId(
    account.?subscriptionId ?? subscription().subscriptionId,
    account.?resourceGroup ?? resourceGroup().name,
    'Microsoft.Storage/storageAccounts',
    account.name
  )
]

// One after the other, so that an account may be listed twice, with two containers: it has one topic.
@batchSize(1)
module account 'modules/subscribe-source.bicep' = [
  for (account, i) in dataAccounts: {
    params: {
      kind: 'account'
      sourceName: account.name
      sourceResourceGroup: account.?resourceGroup ?? resourceGroup().name
      sourceSubscriptionId: account.?subscriptionId ?? subscription().subscriptionId
      sourceId: accountIds[i]
      topicName: empty(account.?topicName) ? topicNameFor(topicPrefix, accountIds[i]) : account.topicName!
      topicIsNamed: !empty(account.?topicName)
      eventTypes: account.?eventTypes ?? [
        'Microsoft.Storage.BlobCreated'
        'Microsoft.Storage.BlobDeleted'
        'Microsoft.Storage.BlobRenamed'
        'Microsoft.Storage.DirectoryRenamed'
      ]
      // The slash at its end keeps "data" apart from "database".
      subjectBeginsWith: '/blobServices/default/containers/${account.dataContainer}/'
      bridge: union(bridge, {
        eventSubscriptionName: subscriptionNameFor('${eventSubscriptionName}-${account.dataContainer}', names.hash)
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

module customTopicOwner 'modules/subscription-owner.bicep' = if (!empty(customTopicName)) {
  params: {
    topicKind: 'custom'
    topicName: customTopicName
    bridge: bridge
    storageAccountId: resourceId('Microsoft.Storage/storageAccounts', names.storageAccount)
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
  dependsOn: [customTopicRoles, customTopicOwner]
}

module customTopicAlerts 'modules/topic-alerts.bicep' = if (!empty(customTopicName) && !empty(bridge.actionGroupIds)) {
  params: {
    topicId: customTopic.id
    baseName: bridge.eventSubscriptionName
    eventSubscriptionName: bridge.eventSubscriptionName
    actionGroupIds: bridge.actionGroupIds
    tags: tags
  }
}
