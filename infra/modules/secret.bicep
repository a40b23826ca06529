// Writes a secret into a vault, here or elsewhere.

param vaultName string
param secretName string

@secure()
param value string

resource secret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  name: '${vaultName}/${secretName}'
  properties: {
    contentType: 'text/plain'
    value: value
  }
}
