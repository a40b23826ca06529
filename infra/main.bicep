// From nothing to a running bridge, in one resource group: what it runs on, what it may do, and where its events come
// from. docs/deploy.md tells it step by step.

import {
  bridgeSettings
  dataAccount
  delivery as deliveryKind
  dnsZones
  eventSchema as eventSchemaKind
  redundancy
  workspaceEventType
} from 'modules/types.bicep'
import { containers, eventQueue, namesOf, workspaceNamesOf } from 'modules/names.bicep'
import {
  problemIfGiven
  problemOf
  problemOfId
  problemOfRepository
  problemOfUrl
  problemsOfGuids
  problemsOfRanges
  problemsOfSources
  problemOfVaultId
  rules
  soundOr
} from 'modules/rules.bicep'

targetScope = 'resourceGroup'

// ── Names ──────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. What the resources\' names begin with: small letters, digits and single hyphens. The first is a letter, and the last is no hyphen.')
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

@description('Optional. Its system topic, if it has one that no bridge has made: a source can have one only. It must have a system-assigned identity.')
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

@description('Optional. How events reach the bridge: queue (a storage queue that the bridge reads; an event may have 48 KB), function (its Event Grid trigger), or webhook (an HTTPS endpoint).')
param delivery deliveryKind = 'queue'

@description('Optional. The schema in which they do.')
param eventSchema eventSchemaKind = 'CloudEventSchemaV1_0'

@description('Conditional. Required with delivery \'webhook\': the endpoint.')
@secure()
param webhookUrl string = ''

@description('Conditional. The tenant, where Microsoft Entra protects the endpoint. The bridge then takes no event without a token of it.')
param webhookTenantId string = ''

@description('Conditional. Required with webhookTenantId: the id or URI of the application that stands for the endpoint.')
param webhookApplicationId string = ''

@description('Optional. What the names of system topics begin with. All bridges on one source need the same.')
param topicPrefix string = 'grid-dispatch'

@description('Optional. What the names of event subscriptions begin with. The container follows, and a hash of the bridge.')
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
param alwaysReadyInstances int = 0

@description('Optional. The resource id of a subnet, delegated to Microsoft.App/environments, for the calls that the bridge makes.')
param subnetId string = ''

@description('Optional. The address that alerts are sent to. Without it and alertActionGroupId there are no alerts.')
param alertEmail string = ''

@description('Optional. The resource id of an action group that is there already: alerts go to it as well, or instead of mail.')
param alertActionGroupId string = ''

// ── Rules of the platform ──────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. How often the storage accounts that are created keep their data: LRS in one place, ZRS in three zones, GRS and GZRS in a second region, too.')
param storageRedundancy redundancy = 'LRS'

@description('Optional. Whether the key vaults that are created keep deleted secrets for 7 days, even if an administrator asks to purge them. You cannot switch it off again.')
param purgeProtection bool = false

@description('Optional. Whether the app has a public address. Disabled: only private endpoints reach it, and delivery must be \'queue\'.')
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string = 'Enabled'

@description('Optional. IPv4 ranges that may call the app and deploy its code. Empty: all addresses. Event Grid (service tag AzureEventGrid) may always deliver.')
param allowedIpRanges string[] = []

@description('Optional. Whether the storage account and the new key vault refuse all but subnetId, private endpoints, allowedIpRanges and trusted Azure services. It needs subnetId.')
param closeStorageAndVault bool = false

@description('Optional. The resource id of a subnet for private endpoints of the storage account, of the new key vault, and of an app without a public address. Empty: none.')
param privateEndpointSubnetId string = ''

@description('Optional. The resource ids of the private DNS zones for them.')
param privateDnsZoneIds dnsZones = {}

@description('Optional. The resource id of a Log Analytics workspace that gets the audit logs of the storage account and of the new key vault. Empty: none.')
param auditWorkspaceId string = ''

// ── What follows from them ─────────────────────────────────────────────────────────────────────────────────────────

var ownNames = namesOf(baseName, resourceGroup().id)
var workspaceStorageAccount = workspaceNamesOf(workspaceName, workspaceResourceGroup, workspaceSubscriptionId).storageAccount
var routeTokens = map(
  filter(routes.?routes ?? [], route => !empty(route.?to.?token)),
  route => string(route.?to.?token ?? '')
)

var problems = flatten([
  problemsOfSources(
    {
      baseName: baseName
      tags: tags
      workspaceName: workspaceName
      workspaceResourceGroup: workspaceResourceGroup
      workspaceSubscriptionId: workspaceSubscriptionId
      workspaceTopicName: workspaceTopicName
      workspaceEventTypes: workspaceEventTypes
      dataAccounts: dataAccounts
      customTopicName: customTopicName
      webhookTenantId: webhookTenantId
      webhookApplicationId: webhookApplicationId
      topicPrefix: topicPrefix
      eventSubscriptionName: eventSubscriptionName
      alertEmail: alertEmail
      alertActionGroupId: alertActionGroupId
    },
    [ownNames.storageAccount, workspaceStorageAccount]
  )
  problemOf('serviceName', serviceName, rules.service)
  empty(githubRepository) && empty(routes)
    ? ['Give githubRepository (owner/name), or routes: where are events to go?']
    : problemOfRepository('githubRepository', githubRepository)
  problemOfUrl('githubApiUrl', githubApiUrl)
  problemOf('githubTokenSecretName', githubTokenSecretName, rules.secret)
  problemIfGiven('githubAppId', githubAppId, rules.githubApp)
  problemOf('githubAppKeySecretName', githubAppKeySecretName, rules.secret)
  flatten(map(routeTokens, name => problemOf('routes.to.token', name, rules.secret)))
  problemOfVaultId('existingKeyVaultId', existingKeyVaultId)
  problemOf('computeClusterName', computeClusterName, rules.cluster)
  problemOf('computeVmSize', computeVmSize, rules.vmSize)
  problemsOfGuids('customTopicPublishers', customTopicPublishers)
  problemsOfGuids('payloadReaders', payloadReaders)
  // What follows the question mark may be a signature.
  problemOfUrl('packageUri', split(packageUri, '?')[0])
  problemOfId('subnetId', subnetId, 'Microsoft.Network/virtualNetworks/subnets')
  problemOfId('privateEndpointSubnetId', privateEndpointSubnetId, 'Microsoft.Network/virtualNetworks/subnets')
  flatten(map(
    items(privateDnsZoneIds),
    zone => problemOfId('privateDnsZoneIds.${zone.key}', string(zone.?value ?? ''), 'Microsoft.Network/privateDnsZones')
  ))
  problemOfId('auditWorkspaceId', auditWorkspaceId, 'Microsoft.OperationalInsights/workspaces')
  problemsOfRanges('allowedIpRanges', allowedIpRanges)
  publicNetworkAccess == 'Disabled' && delivery != 'queue'
    ? [
        'publicNetworkAccess: an app without a public address needs delivery \'queue\', since Event Grid cannot reach it.'
      ]
    : []
  closeStorageAndVault && empty(subnetId)
    ? ['closeStorageAndVault: it needs subnetId, since the app reaches its storage from there.']
    : []
])

var names = namesOf(soundOr(baseName, problems), resourceGroup().id)
var credentialName = empty(githubAppId) ? githubTokenSecretName : githubAppKeySecretName
var vaultId = soundOr(
  empty(existingKeyVaultId) ? resourceId('Microsoft.KeyVault/vaults', ownNames.keyVault) : existingKeyVaultId,
  problems
)
var vaultName = last(split(vaultId, '/'))
var network = {
  closed: closeStorageAndVault
  ipRanges: allowedIpRanges
  // With private endpoints the subnet needs no service endpoints.
  subnetIds: closeStorageAndVault && empty(privateEndpointSubnetId) ? [subnetId] : []
}

var bridgeOwnSettings = {
  ...(empty(githubRepository) ? {} : { GITHUB_REPOSITORY: githubRepository })
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
    redundancy: storageRedundancy
    network: network
  }
}

module keyVault 'modules/key-vault.bicep' = if (empty(existingKeyVaultId)) {
  params: {
    name: names.keyVault
    location: location
    tags: tags
    purgeProtection: purgeProtection
    network: network
  }
}

module endpoints 'modules/private-endpoints.bicep' = if (!empty(privateEndpointSubnetId)) {
  params: {
    location: location
    tags: tags
    subnetId: privateEndpointSubnetId
    dnsZoneIds: privateDnsZoneIds
    targets: [
      ...map(['blob', 'queue', 'table'], service => {
        group: service
        id: resourceId('Microsoft.Storage/storageAccounts', names.storageAccount)
      })
      ...(empty(existingKeyVaultId) ? [{ group: 'vault', id: vaultId }] : [])
    ]
  }
  dependsOn: [storage, keyVault]
}

module audit 'modules/audit.bicep' = if (!empty(auditWorkspaceId)) {
  params: {
    workspaceId: auditWorkspaceId
    storageAccountName: names.storageAccount
    keyVaultName: empty(existingKeyVaultId) ? names.keyVault : ''
  }
  dependsOn: [storage, keyVault]
}

// Only where a value is given: a second deployment without one does not undo a rotation.
module credential 'modules/secret.bicep' = if (empty(githubAppId) ? !empty(githubToken) : !empty(githubAppKey)) {
  name: 'secret-${names.hash}'
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
  for (name, i) in union([credentialName], routeTokens): {
    name: 'secret-reader-${names.hash}-${i}'
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
    publicNetworkAccess: publicNetworkAccess
    allowedIpRanges: allowedIpRanges
    eventGridCalls: delivery != 'queue'
  }
  dependsOn: [storage, monitoring, credentialReader, endpoints]
}

module appEndpoint 'modules/private-endpoints.bicep' = if (!empty(privateEndpointSubnetId) && publicNetworkAccess == 'Disabled') {
  params: {
    location: location
    tags: tags
    subnetId: privateEndpointSubnetId
    dnsZoneIds: privateDnsZoneIds
    targets: [{ group: 'sites', id: resourceId('Microsoft.Web/sites', names.functionApp) }]
  }
  dependsOn: [functionApp]
}

module code 'modules/code.bicep' = if (!empty(packageUri)) {
  params: { functionAppName: names.functionApp, packageUri: packageUri }
  dependsOn: [functionApp]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    // Not monitoring's output: the workbook's name follows from it, and would be known to Azure alone.
    appInsightsId: resourceId('Microsoft.Insights/components', names.appInsights)
    location: location
    tags: tags
    displayName: baseName
  }
  dependsOn: [monitoring]
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail) || !empty(alertActionGroupId)) {
  params: {
    appInsightsId: monitoring.outputs.appInsightsId
    location: location
    tags: tags
    baseName: baseName
    alertEmail: alertEmail
    alertActionGroupId: alertActionGroupId
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
  name: 'workspace-${names.hash}'
  scope: resourceGroup(workspaceSubscriptionId, workspaceResourceGroup)
  params: {
    name: workspaceName
    location: workspaceLocation
    tags: tags
    exists: foundWorkspace != null
    isOurs: (foundWorkspace.?tags[?'grid-dispatch-bridge'] ?? '') == names.functionApp
    bridgeName: names.functionApp
    clusterExists: foundCluster != null
    logAnalyticsId: monitoring.outputs.logAnalyticsId
    clusterName: computeClusterName
    vmSize: computeVmSize
    maximumNodes: computeMaximumNodes
    redundancy: storageRedundancy
    purgeProtection: purgeProtection
  }
}

@nullIfNotFound()
resource foundAccounts 'Microsoft.Storage/storageAccounts@2025-01-01' existing = [
  for account in dataAccounts: {
    name: account.name
    scope: resourceGroup(
      account.?subscriptionId ?? subscription().subscriptionId,
      account.?resourceGroup ?? resourceGroup().name
    )
  }
]

@batchSize(1)
module newDataAccount 'modules/data-account.bicep' = [
  for (account, i) in dataAccounts: {
    name: 'data-${names.hash}-${i}'
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
      isOurs: (foundAccounts[i].?tags[?'grid-dispatch-bridge'] ?? '') == names.functionApp
      bridgeName: names.functionApp
      redundancy: storageRedundancy
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
    alertActionGroupId: alertActionGroupId
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

@description('What the names of this bridge\'s event subscriptions and alerts contain, in whatever group they are.')
output bridgeHash string = names.hash

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
  alertActionGroupId: { value: alertActionGroupId }
}
