// What a team edits: its repository, and where its events come from. All parameters: main.bicep, and docs/deploy.md.
// Nothing secret belongs here: the token comes from the environment, and empty leaves the vault's secret as it is.
// The compiled template, so that no version of Bicep makes another one of main.bicep: bicepconfig.json.
using 'azuredeploy.json'

// owner/name. Give this, or routes.
param githubRepository = readEnvironmentVariable('DISPATCH_REPOSITORY', '')
param githubToken = readEnvironmentVariable('DISPATCH_TOKEN', '')

// A GitHub App in the token's place.
// param githubAppId = '12345'
// param githubAppKey = readEnvironmentVariable('DISPATCH_APP_KEY', '')

// It is created when it does not exist. In another resource group: workspaceResourceGroup, too.
param workspaceName = readEnvironmentVariable('WORKSPACE_NAME', '')

// Each account with the one container whose blobs are events. It is created when it does not exist. In another resource
// group: resourceGroup, too.
param dataAccounts = [
  // { name: 'contosodata', dataContainer: 'training' }
]

// The routes table, instead of one repository for all events.
// param routes = loadJsonContent('../routes.json')

// queue, function or webhook.
param delivery = readEnvironmentVariable('DELIVERY', 'queue')

// The address of the zip that `npm run package` makes, where the template is to deploy it. Empty: the code comes later.
param packageUri = readEnvironmentVariable('PACKAGE_URI', '')

// Object ids of those who read payloads and manifests: the identity that your workflows log in with.
param payloadReaders = []

param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
