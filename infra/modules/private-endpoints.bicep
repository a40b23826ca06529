// Private endpoints, for networks that allow no public way. Their DNS zones are those of the network, and only named here.

import { dnsZones, endpointTarget } from 'types.bicep'

@description('The region of the subnet.')
param location string

param tags object
param subnetId string
param dnsZoneIds dnsZones
param targets endpointTarget[]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for target in targets: {
    name: 'pe-${last(split(target.id, '/'))}-${target.group}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: target.group
          properties: { privateLinkServiceId: target.id, groupIds: [target.group] }
        }
      ]
    }
  }
]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (target, i) in targets: if (!empty(dnsZoneIds[?target.group])) {
    parent: endpoint[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.group
          properties: { privateDnsZoneId: dnsZoneIds[?target.group] ?? '' }
        }
      ]
    }
  }
]
