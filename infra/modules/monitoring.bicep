// Where the bridge logs to: Application Insights over Log Analytics. Only an identity may write.

import { roles } from 'roles.bicep'

param logAnalyticsName string
param appInsightsName string
param location string
param tags object

@description('The bridge\'s identity, which writes here.')
param bridgePrincipalId string

resource logAnalytics 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: logAnalyticsName
  location: location
  tags: tags
  properties: {
    features: { disableLocalAuth: true }
    retentionInDays: 30
    sku: { name: 'PerGB2018' }
  }
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: appInsightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: logAnalytics.id
  }
}

resource bridgeRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(appInsights.id, bridgePrincipalId, roles.monitoringMetricsPublisher)
  scope: appInsights
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
  }
}

output appInsightsId string = appInsights.id
output logAnalyticsId string = logAnalytics.id
