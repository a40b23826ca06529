// What Event Grid could not deliver, told by the metrics of one system topic. A module of its own for each topic, since
// topics lie beside their sources. Metric alerts have no region.

@description('Resource id of the system topic.')
param topicId string

@description('What the names of the alerts begin with.')
param baseName string

@description('The event subscription to watch. Other bridges may have theirs on the same topic.')
param eventSubscriptionName string

@description('Resource id of the action group that sends mail; empty: none.')
param actionGroupId string

param tags object

var alerts = [
  {
    name: 'dropped'
    title: 'Event Grid has dropped events'
    repair: 'They are lost to the bridge: no dead-letter container could take them. See to it that the event subscription has one and that the topic\'s identity may write to it. See docs/receipts.md, "Alerts".'
    metric: 'DroppedEventCount'
    dimension: 'DropReason'
    severity: 0
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
    threshold: 0
    windowSize: 'PT15M'
  }
  {
    name: 'delivery-failed'
    title: 'Event Grid cannot deliver'
    repair: 'It tries again for a day. The error says why: the function app does not answer, or its configuration is broken; GET /api/health tells. See docs/receipts.md, "Alerts".'
    metric: 'DeliveryAttemptFailCount'
    dimension: 'Error'
    severity: 2
    // Tries that fail while an instance starts are repeated within seconds.
    threshold: 10
    windowSize: 'PT30M'
  }
]

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
            metricNamespace: 'Microsoft.EventGrid/systemTopics'
            metricName: alert.metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
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
      actions: empty(actionGroupId) ? [] : [{ actionGroupId: actionGroupId }]
    }
  }
]
