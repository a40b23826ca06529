// From nothing to a running bridge, in one resource group: what it runs on, what it may do, and where its events come
// from. docs/deploy.md tells it step by step.

import {
  bridgeSettings
  checkedAccount
  dataAccount
  delivery as deliveryKind
  eventSchema as eventSchemaKind
  workspaceEventType
} from 'modules/types.bicep'
import { containers, eventQueue, namesOf, workspaceNamesOf } from 'modules/names.bicep'

targetScope = 'resourceGroup'

// ── Names ──────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. What the resources\' names begin with: small letters, digits and dashes.')
@minLength(2)
@maxLength(24)
param baseName string = 'grid-dispatch'

@description('Optional. Where everything new is made.')
param location string = resourceGroup().location

@description('Optional. Tags of everything that is made.')
param tags object = {}

@description('Optional. The service of azure.yaml that azd deploys to this app.')
param serviceName string = 'bridge'

// ── GitHub ─────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Conditional. The repository that all events go to, as owner/name. Required unless routes are given.')
param githubRepository string = ''

@description('Conditional. A routes table, docs/routes.md: which events go where. Required unless githubRepository is given.')
param routes object = {}

@description('Optional. GitHub\'s API; for Enterprise Server https://HOST/api/v3.')
param githubApiUrl string = 'https://api.github.com'

@description('Optional. Further settings of the bridge.')
param settings bridgeSettings = {}

@description('Optional. The GitHub token, which goes into the key vault and nowhere else. Empty: the vault\'s secret stays as it is.')
@secure()
param githubToken string = ''

@description('Optional. The name of the token\'s secret.')
param githubTokenSecretName string = 'github-token'

@description('Optional. A GitHub App instead of a token: its id or client id.')
param githubAppId string = ''

@description('Optional. The private key of that app, PEM. Empty: the vault\'s secret stays as it is.')
@secure()
param githubAppKey string = ''

@description('Optional. The name of that key\'s secret.')
param githubAppKeySecretName string = 'github-app-key'

@description('Optional. The resource id of a vault to use instead of a new one. It must use roles (RBAC).')
param existingKeyVaultId string = ''

// ── Sources ────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The Azure ML workspace to listen to. It is created when it does not exist, with all it needs and a cluster.')
param workspaceName string = ''

@description('Optional. Its resource group.')
param workspaceResourceGroup string = resourceGroup().name

@description('Optional. Its subscription.')
param workspaceSubscriptionId string = subscription().subscriptionId

@description('Optional. The region of a workspace that is created.')
param workspaceLocation string = location

@description('Optional. Its system topic, if it has one already: a source can have one only. It must have a system-assigned identity.')
param workspaceTopicName string = ''

@description('Optional. Which of its events are delivered.')
param workspaceEventTypes workspaceEventType[] = [
  'Microsoft.MachineLearningServices.ModelRegistered'
  'Microsoft.MachineLearningServices.RunCompleted'
]

@description('Optional. The cluster of a new workspace.')
param computeClusterName string = 'cpu-cluster'

@description('Optional. The size of its nodes.')
param computeVmSize string = 'Standard_DS3_v2'

@description('Optional. How many nodes it may have. It has none while nothing runs.')
@minValue(1)
param computeMaximumNodes int = 2

@description('Optional. Storage accounts to listen to, each with its container. They are created when they do not exist.')
param dataAccounts dataAccount[] = []

@description('Optional. A topic for events of your own. It is created when it does not exist; one that does must have a system-assigned identity.')
param customTopicName string = ''

@description('Optional. Object ids of those who may publish to it.')
param customTopicPublishers string[] = []

// ── Delivery ───────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. How events reach the bridge: function (its Event Grid trigger), queue (a storage queue, for networks that Event Grid cannot reach), or webhook (an HTTPS endpoint).')
param delivery deliveryKind = 'function'

@description('Optional. The schema in which they do.')
param eventSchema eventSchemaKind = 'CloudEventSchemaV1_0'

@description('Conditional. Required with delivery \'webhook\': the endpoint.')
@secure()
param webhookUrl string = ''

@description('Conditional. The tenant, where Microsoft Entra protects the endpoint. The bridge then takes no event without a token of it.')
param webhookTenantId string = ''

@description('Conditional. Required with webhookTenantId: the id or URI of the application that stands for the endpoint.')
param webhookApplicationId string = ''

@description('Optional. What the names of topics begin with.')
param topicPrefix string = baseName

@description('Optional. The event subscriptions\' name; that of a storage account ends in its container.')
@minLength(3)
param eventSubscriptionName string = 'grid-dispatch'

@description('Optional. Object ids of those who read payloads and manifests: the identity of your workflows.')
param payloadReaders string[] = []

// ── The function app ───────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The address of the zip to run, as `npm run package` makes it. Empty: the code is deployed afterwards, and then the subscriptions.')
param packageUri string = loadJsonContent('package-uri.json').packageUri

@description('Optional. The Node.js version.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Optional. How far the app scales out. GitHub\'s pace is the limit, so few are enough; 40 is the least that all of the platform\'s documentation allows.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Optional. Instances that always wait for events, with delivery \'function\'. Each costs by the hour: docs/costs.md.')
@minValue(0)
param alwaysReadyInstances int = 1

@description('Optional. The resource id of a subnet, delegated to Microsoft.App/environments, for the calls that the bridge makes.')
param subnetId string = ''

@description('Optional. Where alerts go. Empty: no alerts.')
param alertEmail string = ''

// ── What follows from them ─────────────────────────────────────────────────────────────────────────────────────────

var names = namesOf(baseName, resourceGroup().id)
var workspaceStorageAccount = workspaceNamesOf(workspaceName, workspaceResourceGroup, workspaceSubscriptionId).storageAccount
var ownAccounts = [names.storageAccount, workspaceStorageAccount]
var accounts = [for account in dataAccounts: checkedAccount(account, ownAccounts)]

var credentialName = empty(githubAppId) ? githubTokenSecretName : githubAppKeySecretName
var routeTokens = map(
  filter(routes.?routes ?? [], route => contains(route.to, 'token')),
  route => string(route.to.token)
)
var vaultId = empty(existingKeyVaultId) ? resourceId('Microsoft.KeyVault/vaults', names.keyVault) : existingKeyVaultId
var vaultName = last(split(vaultId, '/'))

var bridgeOwnSettings = {
  ...(!empty(githubRepository)
    ? { GITHUB_REPOSITORY: githubRepository }
    : empty(routes) ? fail('Give githubRepository (owner/name), or routes: where are events to go?') : {})
  ...(empty(routes) ? {} : { BRIDGE_ROUTES: string(routes) })
  ...(delivery == 'queue' ? { EVENT_QUEUE: eventQueue } : {})
  ...(delivery == 'webhook' && !empty(webhookTenantId)
    ? {
        ENTRA_TENANT_ID: webhookTenantId
        ENTRA_AUDIENCE: webhookApplicationId
        ENTRA_AUTHORITY: environment().authentication.loginEndpoint
      }
    : {})
  ...(empty(githubAppId)
    ? { GITHUB_TOKEN_SECRET_NAME: githubTokenSecretName }
    : { GITHUB_APP_ID: githubAppId, GITHUB_APP_KEY_SECRET_NAME: githubAppKeySecretName })
  GITHUB_API_URL: githubApiUrl
  KEY_VAULT_URL: 'https://${vaultName}${environment().suffixes.keyvaultDns}'
  ...settings
}

// ── The bridge ─────────────────────────────────────────────────────────────────────────────────────────────────────

// The bridge acts as this identity, and has no keys. It exists before what it may read, which a system-assigned one
// would not.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.identity
  location: location
  tags: tags
}

module storage 'modules/storage.bicep' = {
  params: {
    name: names.storageAccount
    location: location
    tags: tags
    bridgePrincipalId: identity.properties.principalId
    payloadReaders: payloadReaders
    delivery: delivery
  }
}

module keyVault 'modules/key-vault.bicep' = if (empty(existingKeyVaultId)) {
  params: { name: names.keyVault, location: location, tags: tags }
}

// Only where a value is given: a second deployment without one does not undo a rotation.
module credential 'modules/secret.bicep' = if (empty(githubAppId) ? !empty(githubToken) : !empty(githubAppKey)) {
  scope: resourceGroup(split(vaultId, '/')[2], split(vaultId, '/')[4])
  params: {
    vaultName: vaultName
    secretName: credentialName
    value: empty(githubAppId) ? githubToken : githubAppKey
  }
  dependsOn: [keyVault]
}

// Those that routes name in `to.token`, too: the deployment does not write them.
module credentialReader 'modules/secret-reader.bicep' = [
  for name in union([credentialName], routeTokens): {
    scope: resourceGroup(split(vaultId, '/')[2], split(vaultId, '/')[4])
    params: {
      vaultName: vaultName
      secretName: name
      bridgePrincipalId: identity.properties.principalId
    }
    dependsOn: [keyVault, credential]
  }
]

module monitoring 'modules/monitoring.bicep' = {
  params: {
    logAnalyticsName: names.logAnalytics
    appInsightsName: names.appInsights
    location: location
    tags: tags
    bridgePrincipalId: identity.properties.principalId
  }
}

module functionApp 'modules/function-app.bicep' = {
  params: {
    name: names.functionApp
    planName: names.plan
    location: location
    tags: union(tags, { 'azd-service-name': serviceName })
    identityName: identity.name
    storageAccountName: names.storageAccount
    appInsightsName: names.appInsights
    bridgeSettings: bridgeOwnSettings
    nodeVersion: nodeVersion
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    alwaysReadyInstances: delivery == 'function' ? alwaysReadyInstances : 0
    subnetId: subnetId
  }
  dependsOn: [storage, monitoring, credentialReader]
}

module code 'modules/code.bicep' = if (!empty(packageUri)) {
  params: { functionAppName: names.functionApp, packageUri: packageUri }
  dependsOn: [functionApp]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    appInsightsId: monitoring.outputs.appInsightsId
    location: location
    tags: tags
    displayName: baseName
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  params: {
    appInsightsId: monitoring.outputs.appInsightsId
    location: location
    tags: tags
    baseName: baseName
    alertEmail: alertEmail
  }
}

// ── Where events come from ─────────────────────────────────────────────────────────────────────────────────────────

@nullIfNotFound()
resource foundWorkspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = if (!empty(workspaceName)) {
  name: workspaceName
  scope: resourceGroup(workspaceSubscriptionId, workspaceResourceGroup)
}

@nullIfNotFound()
resource foundCluster 'Microsoft.MachineLearningServices/workspaces/computes@2025-06-01' existing = if (!empty(workspaceName)) {
  parent: foundWorkspace
  name: computeClusterName
}

// Whether something is there is known only while the deployment runs. A module takes that as a parameter; its own `if`
// would want to know before.
module workspace 'modules/workspace.bicep' = if (!empty(workspaceName)) {
  scope: resourceGroup(workspaceSubscriptionId, workspaceResourceGroup)
  params: {
    name: workspaceName
    location: workspaceLocation
    tags: tags
    exists: foundWorkspace != null
    isOurs: contains(foundWorkspace.?tags ?? {}, 'grid-dispatch')
    clusterExists: foundCluster != null
    logAnalyticsId: monitoring.outputs.logAnalyticsId
    clusterName: computeClusterName
    vmSize: computeVmSize
    maximumNodes: computeMaximumNodes
  }
}

@nullIfNotFound()
resource foundAccounts 'Microsoft.Storage/storageAccounts@2025-01-01' existing = [
  for account in accounts: {
    name: account.name
    scope: resourceGroup(
      account.?subscriptionId ?? subscription().subscriptionId,
      account.?resourceGroup ?? resourceGroup().name
    )
  }
]

@batchSize(1)
module newDataAccount 'modules/data-account.bicep' = [
  for (account, i) in accounts: {
    scope: resourceGroup(
      account.?subscriptionId ?? subscription().subscriptionId,
      account.?resourceGroup ?? resourceGroup().name
    )
    params: {
      name: account.name
      location: account.?location ?? location
      tags: tags
      dataContainer: account.dataContainer
      isHnsEnabled: account.?isHnsEnabled ?? true
      exists: foundAccounts[i] != null
      isOurs: contains(foundAccounts[i].?tags ?? {}, 'grid-dispatch')
      readerPrincipalId: empty(workspaceName) ? '' : workspace!.outputs.computePrincipalId
    }
  }
]

@nullIfNotFound()
resource foundTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(customTopicName)) {
  name: customTopicName
}

module customTopic 'modules/custom-topic.bicep' = if (!empty(customTopicName)) {
  params: {
    name: customTopicName
    location: location
    tags: tags
    eventSchema: eventSchema
    publishers: customTopicPublishers
    exists: foundTopic != null
  }
}

var hasCode = delivery != 'function' || !empty(packageUri)

module subscriptions 'subscribe.bicep' = if (hasCode) {
  params: {
    baseName: baseName
    tags: tags
    workspaceName: workspaceName
    workspaceResourceGroup: workspaceResourceGroup
    workspaceSubscriptionId: workspaceSubscriptionId
    workspaceTopicName: workspaceTopicName
    workspaceEventTypes: workspaceEventTypes
    dataAccounts: dataAccounts
    customTopicName: customTopicName
    delivery: delivery
    eventSchema: eventSchema
    webhookUrl: webhookUrl
    webhookTenantId: webhookTenantId
    webhookApplicationId: webhookApplicationId
    topicPrefix: topicPrefix
    eventSubscriptionName: eventSubscriptionName
    alertEmail: alertEmail
  }
  dependsOn: [storage, code, alerts, workspace, newDataAccount, customTopic]
}

// ── What others need to know ───────────────────────────────────────────────────────────────────────────────────────

output functionAppName string = names.functionApp
output functionAppHostName string = functionApp.outputs.hostName
output storageAccountName string = names.storageAccount
output payloadContainerUrl string = '${storage.outputs.blobEndpoint}${containers.payloads}'
output keyVaultName string = vaultName
output keyVaultUrl string = 'https://${vaultName}${environment().suffixes.keyvaultDns}'
output identityClientId string = identity.properties.clientId
output identityPrincipalId string = identity.properties.principalId

@description('The storage account of a workspace that is made here: who submits jobs to it needs Storage Blob Data Contributor there.')
output workspaceStorageAccountName string = empty(workspaceName) ? '' : workspaceStorageAccount

@description('The parameters of subscribe.bicep, for the step after the code is deployed: infra/subscribe.mjs.')
output subscribe object = {
  baseName: { value: baseName }
  tags: { value: tags }
  workspaceName: { value: workspaceName }
  workspaceResourceGroup: { value: workspaceResourceGroup }
  workspaceSubscriptionId: { value: workspaceSubscriptionId }
  workspaceTopicName: { value: workspaceTopicName }
  workspaceEventTypes: { value: workspaceEventTypes }
  dataAccounts: { value: dataAccounts }
  customTopicName: { value: customTopicName }
  delivery: { value: delivery }
  eventSchema: { value: eventSchema }
  topicPrefix: { value: topicPrefix }
  eventSubscriptionName: { value: eventSubscriptionName }
  alertEmail: { value: alertEmail }
}
