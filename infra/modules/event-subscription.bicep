// One event subscription: which events of a topic go to the bridge, how, and what becomes of those that do not arrive.

import { containers, eventQueue } from 'names.bicep'
import { target } from 'types.bicep'

@allowed(['system', 'custom'])
param topicKind string

param topicName string

@description('The types of events to deliver. If the list is empty, all types are delivered.')
param eventTypes string[]

@description('The subject of an event must begin with this text. If it is empty, every subject matches.')
param subjectBeginsWith string

param bridge target

@description('The bridge\'s storage account, with the queue and the container for dead letters.')
param storageAccountId string

@description('The address of the endpoint for delivery \'webhook\'. It may contain a key.')
@secure()
param webhookUrl string

// One event a request: that is Event Grid's own default, and the trigger takes a batch apart anyway.
var batch = { maxEventsPerBatch: 1, preferredBatchSizeInKilobytes: 64 }

var identity = { type: 'SystemAssigned' }

var functionDestination = {
  endpointType: 'AzureFunction'
  properties: { resourceId: '${bridge.functionAppId}/functions/eventGrid', ...batch }
}

// Event Grid takes an identity for a queue and for a blob container, and none for a function or a webhook.
var queueDelivery = {
  identity: identity
  destination: {
    endpointType: 'StorageQueue'
    properties: {
      resourceId: storageAccountId
      queueName: eventQueue
      // A message waits for as long as it takes. Event Grid's own default is a week.
      queueMessageTimeToLiveInSeconds: -1
    }
  }
}

var webhookEntra = empty(bridge.webhookTenantId)
  ? {}
  : {
      azureActiveDirectoryTenantId: bridge.webhookTenantId
      azureActiveDirectoryApplicationIdOrUri: bridge.webhookApplicationId
    }

var webhookDestination = {
  endpointType: 'WebHook'
  properties: { endpointUrl: webhookUrl, minimumTlsVersionAllowed: '1.2', ...batch, ...webhookEntra }
}

var properties = {
  ...(bridge.delivery == 'queue' ? { deliveryWithResourceIdentity: queueDelivery } : {})
  ...(bridge.delivery == 'function' ? { destination: functionDestination } : {})
  ...(bridge.delivery == 'webhook' ? { destination: webhookDestination } : {})
  eventDeliverySchema: bridge.eventSchema
  filter: {
    ...(empty(subjectBeginsWith) ? {} : { subjectBeginsWith: subjectBeginsWith })
    ...(empty(eventTypes) ? {} : { includedEventTypes: eventTypes })
  }
  // The longest that Event Grid allows.
  retryPolicy: { eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 }
  deadLetterWithResourceIdentity: {
    identity: identity
    deadLetterDestination: {
      endpointType: 'StorageBlob'
      properties: { blobContainerName: containers.eventGridDeadLetters, resourceId: storageAccountId }
    }
  }
}

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (topicKind == 'system') {
  name: topicName

  resource subscription 'eventSubscriptions' = if (topicKind == 'system') {
    name: bridge.eventSubscriptionName
    properties: properties
  }
}

resource customTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (topicKind == 'custom') {
  name: topicName

  resource subscription 'eventSubscriptions' = if (topicKind == 'custom') {
    name: bridge.eventSubscriptionName
    properties: properties
  }
}
