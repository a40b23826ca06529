// The shapes of the parameters that both entries, main.bicep and subscribe.bicep, take.

@export()
@description('The way from Event Grid to the bridge: its Event Grid trigger, a storage queue, or an HTTPS endpoint.')
type delivery = 'function' | 'queue' | 'webhook'

@export()
@description('The schema in which Event Grid delivers.')
type eventSchema = 'CloudEventSchemaV1_0' | 'EventGridSchema'

@export()
type storageEventType =
  | 'Microsoft.Storage.BlobCreated'
  | 'Microsoft.Storage.BlobDeleted'
  | 'Microsoft.Storage.BlobRenamed'
  | 'Microsoft.Storage.DirectoryCreated'
  | 'Microsoft.Storage.DirectoryDeleted'
  | 'Microsoft.Storage.DirectoryRenamed'

@export()
type workspaceEventType =
  | 'Microsoft.MachineLearningServices.DatasetDriftDetected'
  | 'Microsoft.MachineLearningServices.ModelDeployed'
  | 'Microsoft.MachineLearningServices.ModelRegistered'
  | 'Microsoft.MachineLearningServices.RunCompleted'
  | 'Microsoft.MachineLearningServices.RunStatusChanged'

@export()
@sealed()
@description('A storage account and one container in it. The bridge gets the events of this container. It cannot listen to a whole account: docs/loops.md.')
type dataAccount = {
  @description('The name of the account. If the account does not exist, the template creates it.')
  name: string

  @description('The container whose events the bridge gets. Do not name a container that a training run writes to: its output would start the next run.')
  dataContainer: string

  @description('The resource group of the account. Default: the bridge\'s group.')
  resourceGroup: string?

  @description('The subscription of the account. Default: the bridge\'s subscription.')
  subscriptionId: string?

  @description('The name of the account\'s system topic, if another tool has created one. A source can have only one system topic. The topic must have a system-assigned identity.')
  topicName: string?

  @description('The types of events that Event Grid delivers. Default: blobs created, deleted and renamed, and directories renamed.')
  eventTypes: storageEventType[]?

  @description('The region of a new account. Default: the bridge\'s region.')
  location: string?

  @description('Whether a new account has a hierarchical namespace (Data Lake Storage Gen2). Without it, the account sends no rename events. Default: true.')
  isHnsEnabled: bool?
}

@export()
@sealed()
@description('Settings of the bridge, by their names in docs/settings.md. Other settings follow from other parameters. None of these settings is a secret.')
type bridgeSettings = {
  GITHUB_API_URL_BEFORE: string?
  GITHUB_PACE: string?
  GITHUB_CONCURRENCY: string?
  AZURE_DEVOPS_URL: string?
  AZURE_DEVOPS_URL_BEFORE: string?
  AZURE_DEVOPS_PACE: string?
  AZURE_DEVOPS_CONCURRENCY: string?
  GIVE_UP_DAYS: string?
  FOLLOW_RUNS: string?
  RUN_WITHIN_MINUTES: string?
  KEEP_DAYS: string?
  HANDSHAKE_TOPICS: string?
  HANDSHAKE_SUBSCRIPTIONS: string?
  HANDSHAKE_ORIGINS: string?
  ENTRA_TENANT_ID: string?
  ENTRA_AUDIENCE: string?
  ENTRA_APPLICATIONS: string?
}

@export()
@sealed()
@description('The bridge as an event subscription sees it.')
type target = {
  delivery: delivery
  eventSchema: eventSchema
  @description('The name of the event subscription. No other bridge uses it.')
  eventSubscriptionName: string
  functionAppId: string
  storageAccountName: string
  @description('The tenant and the application of a webhook that Microsoft Entra protects. Otherwise both are empty.')
  webhookTenantId: string
  webhookApplicationId: string
  @description('The action groups that get the alerts about events that Event Grid drops or cannot deliver. If there are none, there are no alerts.')
  actionGroupIds: string[]
}

@export()
@description('The redundancy of a storage account.')
type redundancy = 'LRS' | 'ZRS' | 'GRS' | 'GZRS'

@export()
@sealed()
@description('The network rules of the storage account and the key vault.')
type network = {
  @description('False: all addresses have access. Callers still need an identity with a role.')
  closed: bool
  ipRanges: string[]
  subnetIds: string[]
}

@export()
@sealed()
@description('The private DNS zones of private endpoints, by service. Without a zone, a policy or a name server of the network must know the address.')
type dnsZones = {
  @description('privatelink.blob.core.windows.net')
  blob: string?
  @description('privatelink.queue.core.windows.net')
  queue: string?
  @description('privatelink.table.core.windows.net')
  table: string?
  @description('privatelink.vaultcore.azure.net')
  vault: string?
  @description('privatelink.azurewebsites.net')
  sites: string?
}

@export()
@description('The target of a private endpoint: a resource and one of its services.')
type endpointTarget = {
  group: 'blob' | 'queue' | 'table' | 'vault' | 'sites'
  id: string
}
