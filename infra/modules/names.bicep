// What everything is called. Both entries, main.bicep and subscribe.bicep, find the same names from the same base name.

@export()
@description('The names of the bridge\'s own resources in a group; those that must be unique in the world end in a hash of group and base name.')
type resourceNames = {
  @description('Tells this bridge from all others, wherever its name must be one of its own.')
  hash: string
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
func namesOf(baseName string, groupId string) resourceNames => namesWith(baseName, hashOfBridge(baseName, groupId))

@description('The same for each way to write a group, since its name knows no case.')
func hashOfBridge(baseName string, groupId string) string => uniqueString(toLower(groupId), baseName)

func namesWith(baseName string, hash string) resourceNames => {
  hash: hash
  functionApp: '${baseName}-${hash}'
  plan: 'plan-${baseName}'
  identity: 'id-${baseName}'
  storageAccount: 'st${take(replace(baseName, '-', ''), 9)}${hash}'
  keyVault: 'kv-${take(replace(baseName, '-', ''), 7)}-${hash}'
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
@description('The name of the system topic of a source: the same for all bridges, since a source can have one only, and another one for each source.')
func topicNameFor(prefix string, sourceId string) string =>
  '${take('${prefix}-${replace(last(split(sourceId, '/')), '_', '-')}', 36)}-${uniqueString(toLower(sourceId))}'

@export()
@description('The name of an event subscription. It ends in the hash of its bridge: two bridges may listen to one source. What is cut has a hash of the whole.')
func subscriptionNameFor(text string, hash string) string =>
  length(text) <= 50 ? '${text}-${hash}' : '${take(text, 36)}-${uniqueString(text)}-${hash}'

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
