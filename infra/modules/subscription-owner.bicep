// Looks at the event subscription that the bridge is about to write. One that leads elsewhere is not overwritten: its
// owner would get no more events, and no error.

import { strangerIn } from 'rules.bicep'
import { target } from 'types.bicep'

@allowed(['system', 'custom'])
param topicKind string

param topicName string

param bridge target

@description('The bridge\'s storage account.')
param storageAccountId string

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (topicKind == 'system') {
  name: topicName
}

@nullIfNotFound()
resource foundOnSystem 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' existing = if (topicKind == 'system') {
  parent: systemTopic
  name: bridge.eventSubscriptionName
}

resource customTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (topicKind == 'custom') {
  name: topicName
}

@nullIfNotFound()
resource foundOnCustom 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' existing = if (topicKind == 'custom') {
  parent: customTopic
  name: bridge.eventSubscriptionName
}

var stranger = strangerIn(
  (topicKind == 'system' ? foundOnSystem.?properties : foundOnCustom.?properties) ?? {},
  [bridge.functionAppId, storageAccountId]
)

@description('Always true. If the subscription belongs to another owner, the deployment fails here.')
output isOurs bool = empty(stranger)
  ? true
  : fail('The event subscription ${bridge.eventSubscriptionName} of the topic ${topicName} leads to ${stranger}, which does not belong to this bridge. Delete this event subscription, or choose another eventSubscriptionName.')
