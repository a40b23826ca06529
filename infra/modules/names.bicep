// What everything is called. Both entries, main.bicep and subscribe.bicep, find the same names from the same base name.

@export()
@description('The names of the bridge\'s own resources in a group. Names that must be globally unique end with a hash of the group and the base name.')
type resourceNames = {
  @description('The hash that makes the names of this bridge unique.')
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

@description('The names do not depend on the case of the group\'s name, because Azure ignores this case.')
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
@description('The names of the resources that a new Azure ML workspace needs.')
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

@description('The names do not depend on the case of the names of group and workspace, because Azure ignores this case.')
func hashOf(name string, resourceGroup string, subscriptionId string) string =>
  uniqueString(toLower(subscriptionId), toLower(resourceGroup), toLower(name))

@export()
@description('The name of the system topic of a source. All bridges get the same name for a source, because a source can have only one topic. Each source gets a different name.')
func topicNameFor(prefix string, sourceId string) string =>
  '${take('${prefix}-${replace(last(split(sourceId, '/')), '_', '-')}', 36)}-${uniqueString(toLower(sourceId))}'

@export()
@description('The name of an event subscription. It ends with the hash of its bridge, because two bridges may listen to one source. A name that is cut contains a hash of the whole name.')
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
