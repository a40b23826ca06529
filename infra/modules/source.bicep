// Where a source of events is. A topic must have its source's location, and a resource's location has to be known when
// a deployment starts: so it is read in a module, and handed to the next one.

@allowed(['workspace', 'account'])
param kind string

param name string

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' existing = if (kind == 'workspace') {
  name: name
}

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = if (kind == 'account') {
  name: name
}

output location string = kind == 'workspace' ? workspace!.location : account!.location
