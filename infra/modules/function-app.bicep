// The function app on Flex Consumption, with the settings of the platform and the bridge.

import { containers } from 'names.bicep'

param name string
param planName string
param location string
param tags object

@description('The bridge\'s user-assigned identity, in this group.')
param identityName string

param storageAccountName string
param appInsightsName string

@description('The bridge\'s own settings, by their names in docs/settings.md.')
param bridgeSettings object

@allowed(['22', '24'])
param nodeVersion string

param maximumInstanceCount int
param instanceMemoryMB int

@description('The number of instances that always run for the Event Grid trigger.')
param alwaysReadyInstances int

@description('The resource id of the subnet for calls that the bridge makes. It may be empty.')
param subnetId string

@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string

@description('The IPv4 ranges that may call the app and deploy its code. If there are none, all addresses may.')
param allowedIpRanges string[]

@description('Whether Event Grid calls the app.')
param eventGridCalls bool

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageAccountName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: appInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

var isRestricted = !empty(allowedIpRanges)
var rangeRules = map(range(0, length(allowedIpRanges)), i => {
  name: 'range-${i}'
  priority: 200 + i
  action: 'Allow'
  // A single address is a range of one here.
  ipAddress: contains(allowedIpRanges[i], '/') ? allowedIpRanges[i] : '${allowedIpRanges[i]}/32'
})
var eventGridRule = {
  name: 'event-grid'
  priority: 100
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureEventGrid'
}

var platformSettings = [
  // The host's own connection, and the ledger's.
  { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
  { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
  { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
  { name: 'AzureWebJobsStorage__queueServiceUri', value: storage.properties.primaryEndpoints.queue }
  { name: 'AzureWebJobsStorage__tableServiceUri', value: storage.properties.primaryEndpoints.table }
  { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: appInsights.properties.ConnectionString }
  // Without a client id only a system-assigned identity would be tried.
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
    value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  }
  { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
]

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    clientAffinityEnabled: false
    httpsOnly: true
    publicNetworkAccess: publicNetworkAccess
    serverFarmId: plan.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${containers.packages}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        // A host that has scaled to zero was seen to refuse Event Grid's first delivery (azure-functions-host#11834).
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [{ name: 'function:eventGrid', instanceCount: alwaysReadyInstances }]
        // An accept waits for storage and GitHub, not for the processor.
        triggers: { http: { perInstanceConcurrency: 100 } }
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: isRestricted ? 'Deny' : 'Allow'
      ipSecurityRestrictions: isRestricted ? concat(eventGridCalls ? [eventGridRule] : [], rangeRules) : []
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: isRestricted ? 'Deny' : 'Allow'
      scmIpSecurityRestrictions: rangeRules
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      appSettings: [
        ...platformSettings
        ...map(items(bridgeSettings), setting => { name: setting.key, value: setting.value })
      ]
    }
  }

  // Code is published by identities, too: no publishing passwords.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output hostName string = site.properties.defaultHostName
