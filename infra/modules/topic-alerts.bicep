// What Event Grid could not deliver, told by the metrics of one topic: a system topic, or a custom one. A module of its own
// for each topic, since topics lie beside their sources. Metric alerts have no region.

@description('Resource id of the topic.')
param topicId string

@description('The names of the alerts begin with this text.')
param baseName string

@description('The event subscription to watch. Other bridges may have subscriptions on the same topic.')
param eventSubscriptionName string

@description('The resource ids of the action groups that get the alerts.')
param actionGroupIds string[]

param tags object

var alerts = [
  {
    name: 'dropped'
    title: 'Event Grid has dropped events'
    repair: 'They are lost to the bridge: no dead-letter container could take them. See to it that the event subscription has one and that the topic\'s identity may write to it. See docs/receipts.md, "Alerts".'
    metric: 'DroppedEventCount'
    dimension: 'DropReason'
    severity: 0
    operator: 'GreaterThan'
    threshold: 0
    windowSize: 'PT15M'
  }
  {
    name: 'dead-lettered'
    title: 'Event Grid has given events up'
    repair: 'They lie in the dead-letter container. Repair what kept the bridge from taking them, then feed them back with POST /api/receipts/replay. See docs/receipts.md, "Event Grid\'s own dead letters".'
    metric: 'DeadLetteredCount'
    dimension: 'DeadLetterReason'
    severity: 1
    operator: 'GreaterThan'
    threshold: 0
    windowSize: 'PT15M'
  }
  {
    name: 'delivery-failed'
    title: 'Event Grid cannot deliver'
    repair: 'It tries again for a day. The error says why. With delivery \'queue\' the topic\'s identity may not write into the queue. Otherwise the function app does not answer, or its configuration is broken; GET /api/health tells. See docs/receipts.md, "Alerts".'
    metric: 'DeliveryAttemptFailCount'
    dimension: 'Error'
    severity: 2
    // Event Grid tries an event at 0 s, 10 s, 40 s, 2 min, 7 min and 17 min, so an app that is dead makes six failures of one
    // event in half an hour at the most. One or two while an instance starts are repeated within seconds.
    operator: 'GreaterThanOrEqual'
    threshold: 3
    windowSize: 'PT30M'
  }
]

// Such as Microsoft.EventGrid/systemTopics.
var metricNamespace = join(take(skip(split(topicId, '/'), 6), 2), '/')

resource rules 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for alert in alerts: {
    name: '${baseName}-${last(split(topicId, '/'))}-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: '${alert.title}. ${alert.repair}'
      severity: alert.severity
      enabled: true
      scopes: [topicId]
      evaluationFrequency: 'PT15M'
      windowSize: alert.windowSize
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricNamespace: metricNamespace
            metricName: alert.metric
            timeAggregation: 'Total'
            operator: alert.operator
            threshold: alert.threshold
            dimensions: [
              { name: 'EventSubscriptionName', operator: 'Include', values: [eventSubscriptionName] }
              { name: alert.dimension, operator: 'Include', values: ['*'] }
            ]
            // A topic that was made a moment ago has no metrics yet.
            skipMetricValidation: true
          }
        ]
      }
      actions: map(actionGroupIds, id => { actionGroupId: id })
    }
  }
]
