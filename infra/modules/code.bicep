// The bridge's code, deployed by the template itself. Microsoft's reference has the resource, but not these properties;
// its guide to infrastructure as code does: learn.microsoft.com, "Automate resource deployment for your function app".

param functionAppName string

@description('The address of the zip that `npm run package` creates. Azure reads it without credentials.')
param packageUri string

resource code 'Microsoft.Web/sites/extensions@2024-04-01' = {
  name: '${functionAppName}/onedeploy'
  properties: {
    packageUri: packageUri
    remoteBuild: false
  }
}
