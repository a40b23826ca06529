// Edit this file: name your repository, and the sources of your events. docs/deploy.md lists all parameters.
// Do not put a secret into this file. The token comes from an environment variable. If the variable is empty, the
// secret in the vault does not change.
// This file uses the compiled template, because other versions of Bicep would compile main.bicep differently:
// bicepconfig.json.
using 'azuredeploy.json'

// The repository that gets all events, as owner/name. Set this, or routes.
param githubRepository = readEnvironmentVariable('DISPATCH_REPOSITORY', '')
param githubToken = readEnvironmentVariable('DISPATCH_TOKEN', '')

// A GitHub App, instead of a token.
// param githubAppId = '12345'
// param githubAppKey = readEnvironmentVariable('DISPATCH_APP_KEY', '')

// The template creates the workspace if it does not exist. Is it in another resource group? Set workspaceResourceGroup.
param workspaceName = readEnvironmentVariable('WORKSPACE_NAME', '')

// Each entry is one account and one container. The template creates the account if it does not exist. Is it in another
// resource group? Add resourceGroup to the entry.
param dataAccounts = [
  // { name: 'contosodata', dataContainer: 'training' }
]

// The routes table, instead of one repository for all events.
// param routes = loadJsonContent('../routes.json')

// queue, function or webhook.
param delivery = readEnvironmentVariable('DELIVERY', 'queue')

// The address of the zip that `npm run package` makes. The template deploys it. If this is empty, deploy the code later.
param packageUri = readEnvironmentVariable('PACKAGE_URI', '')

// The object ids of the identities that may read payloads and manifests, such as the identity of your workflows.
param payloadReaders = []

param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
