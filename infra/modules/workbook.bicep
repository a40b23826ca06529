// The workbook: what arrives, what becomes of it, and what waits, on one page of the portal.

@description('Resource id of the Application Insights component that the function app writes to.')
param appInsightsId string

param location string
param tags object

@description('The name of the workbook in the portal.')
param displayName string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // Its name must be a GUID, and the same with each deployment.
  name: guid(appInsightsId, 'grid-dispatch')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: 'Notebook/1.0'
    serializedData: replace(loadTextContent('../workbook.json'), 'APPLICATION_INSIGHTS_ID', appInsightsId)
    sourceId: appInsightsId
  }
}
