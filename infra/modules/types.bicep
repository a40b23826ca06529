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
  @minLength(3)
  @maxLength(24)
  name: string

  @description('The container to listen to. A container that a training run writes to would start the next run.')
  @minLength(3)
  @maxLength(63)
  dataContainer: string

  @description('Its resource group, if not this one.')
  resourceGroup: string?

  @description('Its subscription, if not this one.')
  subscriptionId: string?

  @description('The account\'s system topic, if it has one: a source can have one only. It must have a system-assigned identity.')
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
  baseName: string
  delivery: delivery
  eventSchema: eventSchema
  eventSubscriptionName: string
  functionAppId: string
  storageAccountName: string
  @description('For a webhook that Microsoft Entra protects; else both empty.')
  webhookTenantId: string
  webhookApplicationId: string
  @description('The action group for what Event Grid drops or cannot deliver; empty: no alerts.')
  actionGroupId: string
}

@export()
@description('The account as it came. Fails the deployment where a subscription on it would feed the bridge with its own traces, or a training run with its own outputs.')
func checkedAccount(account dataAccount, ownAccounts string[]) dataAccount =>
  contains(ownAccounts, toLower(account.name))
    ? fail('dataAccounts: "${account.name}" is the storage account of the bridge or of its new workspace. What these write would start the next run: keep data in an account of its own (docs/loops.md).')
    : startsWith(toLower(account.dataContainer), 'azureml')
        ? fail('dataAccounts: the container "${account.dataContainer}" of "${account.name}" belongs to Azure ML, and every training run writes to it: name a container for data (docs/loops.md).')
        : account
