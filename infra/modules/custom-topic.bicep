// A topic for events of one's own. Publishers come with an identity; there are no keys. What exists is left alone.

import { roles } from 'roles.bicep'
import { eventSchema as eventSchemaKind } from 'types.bicep'

param name string
param location string
param tags object
param eventSchema eventSchemaKind

@description('The object ids of the identities that may publish.')
param publishers string[]

@description('Whether the topic exists already.')
param exists bool

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = if (!exists) {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    disableLocalAuth: true
    inputSchema: eventSchema
    minimumTlsVersionAllowed: '1.2'
  }
}

resource publisherRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for publisher in publishers: {
    name: guid(topic.id, publisher, roles.eventGridDataSender)
    scope: topic
    properties: {
      principalId: publisher
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventGridDataSender)
    }
  }
]
