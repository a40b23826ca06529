// What Event Grid may do in the bridge's storage account, with the identity of one topic: write dead letters into their
// container, and put events into their queue. Nothing else.

import { containers, eventQueue } from 'names.bicep'
import { roles } from 'roles.bicep'
import { delivery as deliveryKind } from 'types.bicep'

param storageAccountName string

@description('The object id of the topic\'s identity.')
param topicPrincipalId string

param delivery deliveryKind

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  name: '${storageAccountName}/default/${containers.eventGridDeadLetters}'
}

resource deadLetterRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, topicPrincipalId, roles.storageBlobDataContributor)
  scope: deadLetters
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource events 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' existing = {
  name: '${storageAccountName}/default/${eventQueue}'
}

resource queueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (delivery == 'queue') {
  name: guid(events.id, topicPrincipalId, roles.storageQueueDataMessageSender)
  scope: events
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageQueueDataMessageSender
    )
  }
}
