// The shapes of the parameters that both entries, main.bicep and subscribe.bicep, take.

@export()
@description('How events reach the bridge: its Event Grid trigger, a storage queue, or an HTTPS endpoint.')
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
@description('A storage account, one container of which is listened to. There is no "whole account": see docs/loops.md.')
type dataAccount = {
  @description('The account\'s name. It is created when it does not exist.')
  name: string

  @description('The container to listen to. A container that a training run writes to would start the next run.')
  dataContainer: string

  @description('Its resource group, if not this one.')
  resourceGroup: string?

  @description('Its subscription, if not this one.')
  subscriptionId: string?

  @description('The account\'s system topic, if it has one that no bridge has made: a source can have one only. It must have a system-assigned identity.')
  topicName: string?

  @description('Default: blobs created, deleted and renamed, directories renamed.')
  eventTypes: storageEventType[]?

  @description('For an account that is created: its region, if not that of the bridge.')
  location: string?

  @description('For an account that is created: a hierarchical namespace (Data Lake Storage Gen2), which renames need. Default: true.')
  isHnsEnabled: bool?
}

@export()
@sealed()
@description('Settings of the bridge by their names in docs/settings.md, beyond those with a parameter of their own. None of them is a secret.')
type bridgeSettings = {
  GITHUB_PACE: string?
  GITHUB_CONCURRENCY: string?
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
  @description('For a webhook that Microsoft Entra protects; else both empty.')
  webhookTenantId: string
  webhookApplicationId: string
  @description('The action groups that are told what Event Grid drops or cannot deliver; none: no alerts.')
  actionGroupIds: string[]
}

@export()
@description('How often a storage account keeps its data.')
type redundancy = 'LRS' | 'ZRS' | 'GRS' | 'GZRS'

@export()
@sealed()
@description('Who reaches the storage account and the key vault.')
type network = {
  @description('False: all addresses. Identities guard them then as now.')
  closed: bool
  ipRanges: string[]
  subnetIds: string[]
}

@export()
@sealed()
@description('The private DNS zones of private endpoints, by what an endpoint leads to. Without one, the network\'s own policy or name server has to know the address.')
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
@description('An end of a private endpoint: a resource, and which of its services.')
type endpointTarget = {
  group: 'blob' | 'queue' | 'table' | 'vault' | 'sites'
  id: string
}
