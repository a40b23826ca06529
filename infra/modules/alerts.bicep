// What asks for a person: the bridge's log is searched every quarter of an hour, and an action group tells of what is found.
// Each alert is one query of infra/queries; test/infra/queries.test.ts holds the names in them to the code.

@description('Resource id of the Application Insights component that the function app writes to.')
param appInsightsId string

param location string
param tags object

@description('The names of the alerts and of the action group begin with this text.')
param baseName string

@description('The e-mail address that gets the alerts, such as that of a team. If it is empty, no mail is sent.')
param alertEmail string

@description('The resource id of an existing action group that also gets the alerts. It may be empty.')
param alertActionGroupId string

// Lines arrive minutes late, so that a window is always longer than the time between two looks. An alert resolves by
// itself when its window holds nothing any more; one with `repeatAfter` does not, and is told of again after that time.
var alerts = [
  {
    name: 'parked-lanes'
    title: 'GitHub refuses a token or a repository'
    repair: 'Events wait and none is lost. The reason names the repair: a valid token, a permission, the repository\'s name. After it the rest follows within three minutes. See docs/receipts.md, "Alerts".'
    query: loadTextContent('../queries/parked-lanes.kql')
    severity: 1
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    threshold: 0
    dimension: 'parked'
    repeatAfter: ''
  }
  {
    name: 'dead-letters'
    title: 'Events became dead letters'
    repair: 'Repair what the reason names, then feed them back with POST /api/receipts/replay. See docs/receipts.md, "Dead letters".'
    query: loadTextContent('../queries/dead-letters.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    threshold: 0
    dimension: ''
    repeatAfter: ''
  }
  {
    name: 'token-expiring'
    title: 'A GitHub token ends soon, or is refused'
    repair: 'Write a new version of the token\'s secret into the key vault; no restart is needed. See docs/settings.md, "The token".'
    query: loadTextContent('../queries/token-expiring.kql')
    severity: 2
    evaluationFrequency: 'PT1H'
    windowSize: 'P1D'
    threshold: 0
    dimension: 'lane'
    repeatAfter: ''
  }
  {
    name: 'backlog'
    title: 'Events wait for more than an hour'
    repair: 'The reason says what they wait for. None: more events than GITHUB_PACE lets through; gather them with coalesce, or use a GitHub App or a token of its own for some routes. See docs/receipts.md, "Alerts".'
    query: loadTextContent('../queries/backlog.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    threshold: 0
    dimension: 'lane'
    repeatAfter: ''
  }
  {
    name: 'function-failures'
    title: 'Invocations of the bridge fail'
    repair: 'GET /api/health names what is wrong with settings, storage and tokens. The log line of a window names its reason. What failed is tried again. See docs/receipts.md, "Alerts".'
    query: loadTextContent('../queries/function-failures.kql')
    severity: 1
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
    // What fails once or twice is repeated, and done.
    threshold: 2
    dimension: ''
    repeatAfter: ''
  }
  {
    name: 'no-upkeep'
    title: 'The bridge does not run'
    repair: 'Its daily maintenance has not ended for 26 hours. Events wait in the queue and none is lost, but nothing starts. Start the app, or look at its log stream for why it does not start. See docs/receipts.md, "When the app does not run".'
    query: loadTextContent('../queries/no-upkeep.kql')
    severity: 1
    evaluationFrequency: 'PT1H'
    // The longest that there is. After that the log of an app that does not run is empty, and an alert would resolve itself.
    windowSize: 'P2D'
    threshold: 0
    dimension: ''
    repeatAfter: 'P1D'
  }
  {
    name: 'no-run'
    title: 'A dispatch was taken, and no run came'
    repair: 'A workflow on the default branch has to listen to the type; the reason names it. See docs/follow.md, "No run".'
    query: loadTextContent('../queries/no-run.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    threshold: 0
    dimension: 'destination'
    repeatAfter: ''
  }
  {
    name: 'failed-runs'
    title: 'Runs that dispatches have started fail'
    repair: 'The run\'s page shows why. Cancelled before it began: another run of its concurrency group took its place. See docs/follow.md, "A run that failed".'
    query: loadTextContent('../queries/failed-runs.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    threshold: 0
    dimension: 'destination'
    repeatAfter: ''
  }
  {
    name: 'unknown-runs'
    title: 'Runs cannot be followed'
    repair: 'Give the token Actions: read, and put bridge.key into the workflow\'s run-name. See docs/follow.md, "The bridge cannot tell".'
    query: loadTextContent('../queries/unknown-runs.kql')
    severity: 3
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    threshold: 0
    dimension: 'destination'
    repeatAfter: ''
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: '${baseName}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'griddispatch'
    emailReceivers: [
      {
        name: 'mail'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

var told = concat(empty(alertEmail) ? [] : [actionGroup.id], empty(alertActionGroupId) ? [] : [alertActionGroupId])

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${baseName}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${baseName}: ${alert.title}'
      description: alert.repair
      severity: alert.severity
      enabled: true
      scopes: [appInsightsId]
      evaluationFrequency: alert.evaluationFrequency
      windowSize: alert.windowSize
      autoMitigate: empty(alert.repeatAfter)
      ...(empty(alert.repeatAfter) ? {} : { muteActionsDuration: alert.repeatAfter })
      // A log that was made a moment ago has none of the tables yet, and Azure would refuse a query on them.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            // One alert for each, so that the second one is told of, too.
            dimensions: empty(alert.dimension) ? [] : [{ name: alert.dimension, operator: 'Include', values: ['*'] }]
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: told
      }
    }
  }
]
