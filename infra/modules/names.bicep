// What everything is called. Both entries, main.bicep and subscribe.bicep, find the same names from the same base name.

@export()
@description('The names of the bridge\'s own resources in a group; those that must be unique in the world end in a hash of group and base name.')
type resourceNames = {
  functionApp: string
  plan: string
  identity: string
  storageAccount: string
  keyVault: string
  logAnalytics: string
  appInsights: string
  actionGroup: string
}

@export()
func namesOf(baseName string, groupId string) resourceNames => {
  functionApp: '${baseName}-${uniqueString(groupId, baseName)}'
  plan: 'plan-${baseName}'
  identity: 'id-${baseName}'
  storageAccount: 'st${take(replace(baseName, '-', ''), 9)}${uniqueString(groupId, baseName)}'
  keyVault: 'kv-${take(replace(baseName, '-', ''), 7)}-${uniqueString(groupId, baseName)}'
  logAnalytics: 'log-${baseName}'
  appInsights: 'appi-${baseName}'
  actionGroup: '${baseName}-alerts'
}

@export()
@description('The names of what an Azure ML workspace needs, when one is made.')
type workspaceNames = {
  storageAccount: string
  keyVault: string
  registry: string
  appInsights: string
  computeIdentity: string
}

@export()
func workspaceNamesOf(workspaceName string, resourceGroup string, subscriptionId string) workspaceNames => {
  storageAccount: 'stml${take(toLower(replace(replace(workspaceName, '-', ''), '_', '')), 7)}${hashOf(workspaceName, resourceGroup, subscriptionId)}'
  keyVault: 'kv-ml-${hashOf(workspaceName, resourceGroup, subscriptionId)}'
  registry: 'cr${hashOf(workspaceName, resourceGroup, subscriptionId)}'
  appInsights: 'appi-${workspaceName}'
  computeIdentity: 'id-${workspaceName}-compute'
}

@description('The same for each way to write a group or a workspace, since their names know no case.')
func hashOf(name string, resourceGroup string, subscriptionId string) string =>
  uniqueString(toLower(subscriptionId), toLower(resourceGroup), toLower(name))

@export()
@description('The name of the system topic that is made for a source.')
func topicNameFor(prefix string, sourceName string) string => take('${prefix}-${replace(sourceName, '_', '-')}', 50)

@export()
@description('Containers of the bridge\'s storage account. The first three are the ledger\'s: src/ledger/names.ts.')
var containers = {
  ledger: 'grid-dispatch'
  payloads: 'grid-dispatch-payloads'
  deadLetters: 'grid-dispatch-dead-letters'
  eventGridDeadLetters: 'event-grid-dead-letters'
  packages: 'deployments'
}

@export()
@description('The queue that Event Grid delivers to with delivery \'queue\'.')
var eventQueue = 'grid-dispatch-events'

@export()
@description('The ledger\'s own queues: src/storage/storage.ts.')
var ledgerQueues = ['grid-dispatch', 'grid-dispatch-follow']
