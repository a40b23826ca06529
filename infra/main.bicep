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

@description('Optional. The names of the resources begin with this text. It may contain lowercase letters, digits and single hyphens. It begins with a letter and does not end with a hyphen.')
param baseName string = 'grid-dispatch'

@description('Optional. The region of all new resources.')
param location string = resourceGroup().location

@description('Optional. Tags of all new resources.')
param tags object = {}

@description('Optional. The name of the service in azure.yaml. azd deploys this service to the app.')
param serviceName string = 'bridge'

// ── GitHub ─────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Conditional. The repository that gets all events, as owner/name. Required if you do not set routes.')
param githubRepository string = ''

@description('Conditional. The routes table. It assigns events to repositories and pipelines: docs/routes.md. Required if you do not set githubRepository.')
param routes object = {}

@description('Optional. The address of GitHub\'s API. For Enterprise Server it is https://HOST/api/v3.')
param githubApiUrl string = 'https://api.github.com'

@description('Optional. Further settings of the bridge.')
param settings bridgeSettings = {}

@description('Optional. The GitHub token. The template stores it only in the key vault. If it is empty, the secret in the vault does not change.')
@secure()
param githubToken string = ''

@description('Optional. The name of the secret that contains the token.')
param githubTokenSecretName string = 'github-token'

@description('Optional. The id or the client id of a GitHub App. The bridge then uses the app instead of a token.')
param githubAppId string = ''

@description('Optional. The private key of the GitHub App, in PEM format. If it is empty, the secret in the vault does not change.')
@secure()
param githubAppKey string = ''

@description('Optional. The name of the secret that contains the private key.')
param githubAppKeySecretName string = 'github-app-key'

@description('Optional. The resource id of an existing key vault, to use instead of a new one. The vault must use roles (RBAC).')
param existingKeyVaultId string = ''

// ── Azure DevOps ───────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The name of the secret that contains a personal access token for Azure Pipelines. You write the secret into the vault. If the parameter is empty, the bridge uses its identity.')
param azureDevOpsTokenSecretName string = ''

// ── Sources ────────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The Azure ML workspace whose events the bridge gets. If it does not exist, the template creates it, with its other resources and a cluster.')
param workspaceName string = ''

@description('Optional. The resource group of the workspace.')
param workspaceResourceGroup string = resourceGroup().name

@description('Optional. The subscription of the workspace.')
param workspaceSubscriptionId string = subscription().subscriptionId

@description('Optional. The region of a new workspace.')
param workspaceLocation string = location

@description('Optional. The name of the workspace\'s system topic, if another tool has created one. A source can have only one system topic. The topic must have a system-assigned identity.')
param workspaceTopicName string = ''

@description('Optional. The types of the workspace\'s events that Event Grid delivers.')
param workspaceEventTypes workspaceEventType[] = [
  'Microsoft.MachineLearningServices.ModelRegistered'
  'Microsoft.MachineLearningServices.RunCompleted'
]

@description('Optional. The name of the cluster in a new workspace.')
param computeClusterName string = 'cpu-cluster'

@description('Optional. The size of the cluster\'s virtual machines.')
param computeVmSize string = 'Standard_DS3_v2'

@description('Optional. The largest number of nodes in the cluster. The cluster has no nodes while nothing runs.')
@minValue(1)
param computeMaximumNodes int = 2

@description('Optional. The storage accounts whose events the bridge gets, each with one container. If an account does not exist, the template creates it.')
param dataAccounts dataAccount[] = []

@description('Optional. The name of a topic for your own events. If it does not exist, the template creates it. An existing topic must have a system-assigned identity.')
param customTopicName string = ''

@description('Optional. The object ids of the identities that may publish to the custom topic.')
param customTopicPublishers string[] = []

// ── Delivery ───────────────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The way from Event Grid to the bridge: queue is a storage queue, for events of up to about 48 KB; function is the Event Grid trigger of the app; webhook is an HTTPS endpoint.')
param delivery deliveryKind = 'queue'

@description('Optional. The schema of the events that Event Grid delivers.')
param eventSchema eventSchemaKind = 'CloudEventSchemaV1_0'

@description('Conditional. The address of the endpoint. Required with delivery \'webhook\'.')
@secure()
param webhookUrl string = ''

@description('Conditional. The id of the tenant, if Microsoft Entra protects the endpoint. The bridge then rejects events without a token of this tenant.')
param webhookTenantId string = ''

@description('Conditional. The id or URI of the application that represents the endpoint. Required with webhookTenantId.')
param webhookApplicationId string = ''

@description('Optional. The names of system topics begin with this text. All bridges on one source need the same value.')
param topicPrefix string = 'grid-dispatch'

@description('Optional. The names of event subscriptions begin with this text. The name of the container and the hash of the bridge follow.')
param eventSubscriptionName string = 'grid-dispatch'

@description('Optional. The object ids of the identities that may read payloads and manifests, such as the identity of your workflows.')
param payloadReaders string[] = []

// ── The function app ───────────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The address of the zip that `npm run package` creates. If it is empty, you deploy the code after the template.')
param packageUri string = loadJsonContent('package-uri.json').packageUri

@description('Optional. The Node.js version.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Optional. The largest number of instances. A few instances are enough, because GitHub\'s rate limit is reached first. 40 is the smallest value that all pages of Azure\'s documentation allow.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. The memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Optional. The number of instances that always run, with delivery \'function\'. Each instance costs money by the hour: docs/costs.md.')
@minValue(0)
param alwaysReadyInstances int = 0

@description('Optional. The resource id of the subnet for the calls that the bridge makes. The subnet must be delegated to Microsoft.App/environments.')
param subnetId string = ''

@description('Optional. The e-mail address that gets the alerts. Without this parameter and without alertActionGroupId the template creates no alerts.')
param alertEmail string = ''

@description('Optional. The resource id of an existing action group. Alerts go to this group, and to alertEmail if you set both.')
param alertActionGroupId string = ''

// ── Rules of the platform ──────────────────────────────────────────────────────────────────────────────────────────

@description('Optional. The redundancy of new storage accounts. LRS stores copies in one place, ZRS in three zones. GRS and GZRS also store copies in a second region.')
param storageRedundancy redundancy = 'LRS'

@description('Optional. Whether new key vaults keep deleted secrets for 7 days, even if an administrator wants to purge them. You cannot switch it off again.')
param purgeProtection bool = false

@description('Optional. Whether the app has a public address. With Disabled only private endpoints reach the app, and delivery must be \'queue\'.')
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string = 'Enabled'

@description('Optional. The IPv4 ranges that may call the app and deploy its code. If it is empty, all addresses may. Event Grid (service tag AzureEventGrid) may always deliver.')
param allowedIpRanges string[] = []

@description('Optional. Whether the storage account and the new key vault are closed. If they are closed, only subnetId, private endpoints, allowedIpRanges and trusted Azure services have access. It needs subnetId.')
param closeStorageAndVault bool = false

@description('Optional. The resource id of the subnet for private endpoints. The storage account, the new key vault, and an app without a public address get private endpoints there. If it is empty, the template creates none.')
param privateEndpointSubnetId string = ''

@description('Optional. The resource ids of the private DNS zones for the private endpoints.')
param privateDnsZoneIds dnsZones = {}

@description('Optional. The resource id of a Log Analytics workspace. It gets the audit logs of the storage account and of the new key vault. If it is empty, the template sends no audit logs.')
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
    ? [
        'githubRepository and routes: both are empty, so the bridge has no destination for events. Set githubRepository (owner/name) or routes.'
      ]
    : problemOfRepository('githubRepository', githubRepository)
  problemOfUrl('githubApiUrl', githubApiUrl)
  problemOf('githubTokenSecretName', githubTokenSecretName, rules.secret)
  problemIfGiven('githubAppId', githubAppId, rules.githubApp)
  problemOf('githubAppKeySecretName', githubAppKeySecretName, rules.secret)
  problemIfGiven('azureDevOpsTokenSecretName', azureDevOpsTokenSecretName, rules.secret)
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
        'publicNetworkAccess: Event Grid cannot reach an app without a public address. Set delivery to \'queue\'.'
      ]
    : []
  closeStorageAndVault && empty(subnetId)
    ? ['closeStorageAndVault: it needs subnetId. The app reaches its closed storage account only from this subnet.']
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
  ...(empty(azureDevOpsTokenSecretName) ? {} : { AZURE_DEVOPS_TOKEN_SECRET_NAME: azureDevOpsTokenSecretName })
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

// Those for Azure Pipelines and those that routes name in `to.token`, too: the deployment does not write them.
module credentialReader 'modules/secret-reader.bicep' = [
  for (name, i) in union(
    [credentialName],
    empty(azureDevOpsTokenSecretName) ? [] : [azureDevOpsTokenSecretName],
    routeTokens
  ): {
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

@description('The hash in the names of this bridge\'s event subscriptions and alerts, in every resource group.')
output bridgeHash string = names.hash

@description('The storage account of a workspace that this template created. An identity that submits jobs needs Storage Blob Data Contributor on it.')
output workspaceStorageAccountName string = empty(workspaceName) ? '' : workspaceStorageAccount

@description('The parameters of subscribe.bicep. infra/subscribe.mjs uses them after the code was deployed.')
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
