// What Azure asks of names, ids and addresses. Both entries check every parameter by these rules before they create
// anything, and report all problems at once. Bicep has no regular expressions: a rule is a length and sets of
// characters. Bicep's own @minLength would name a line of a file, and no parameter.
// Source: learn.microsoft.com, "Naming rules and restrictions for Azure resources".

import { dataAccount, workspaceEventType } from 'types.bicep'

var small = 'abcdefghijklmnopqrstuvwxyz'
var letters = '${small}ABCDEFGHIJKLMNOPQRSTUVWXYZ'
var digits = '0123456789'
var hexDigits = '${digits}abcdefABCDEF'

@sealed()
@description('A rule for a name.')
type rule = {
  @description('The smallest and the largest number of characters.')
  least: int
  most: int
  @description('The characters that are allowed anywhere, as the first one, and as the last one.')
  of: string
  first: string
  last: string
  @description('Whether two hyphens may follow each other.')
  doubled: bool
  @description('The rule in words.')
  says: string
}

@export()
@description('The rules for names. Some names may be longer than Azure allows, because the template cuts them.')
var rules = {
  baseName: {
    least: 2
    most: 24
    of: '${small}${digits}-'
    first: small
    last: '${small}${digits}'
    doubled: false
    says: '2 to 24 lowercase letters, digits and single hyphens, with a letter first and a letter or digit last'
  }
  container: {
    least: 3
    most: 63
    of: '${small}${digits}-'
    first: '${small}${digits}'
    last: '${small}${digits}'
    doubled: false
    says: '3 to 63 lowercase letters, digits and single hyphens, with a letter or digit first and last; system containers such as $web are not allowed'
  }
  storageAccount: {
    least: 3
    most: 24
    of: '${small}${digits}'
    first: '${small}${digits}'
    last: '${small}${digits}'
    doubled: false
    says: '3 to 24 lowercase letters and digits'
  }
  workspace: {
    least: 3
    most: 33
    of: '${letters}${digits}-_'
    first: '${letters}${digits}'
    last: '${letters}${digits}-_'
    doubled: true
    says: '3 to 33 letters, digits, hyphens and underscores, with a letter or digit first'
  }
  cluster: {
    least: 3
    most: 32
    of: '${letters}${digits}-'
    first: letters
    last: '${letters}${digits}'
    doubled: true
    says: '3 to 32 letters, digits and hyphens, with a letter first and a letter or digit last'
  }
  vmSize: {
    least: 3
    most: 64
    of: '${letters}${digits}_-'
    first: letters
    last: '${letters}${digits}'
    doubled: true
    says: 'the name of a size of virtual machines, such as Standard_DS3_v2'
  }
  topic: {
    least: 3
    most: 50
    of: '${letters}${digits}-'
    first: '${letters}${digits}'
    last: '${letters}${digits}'
    doubled: true
    says: '3 to 50 letters, digits and hyphens, with a letter or digit first and last'
  }
  eventSubscription: {
    least: 3
    most: 64
    of: '${letters}${digits}-'
    first: '${letters}${digits}'
    last: '${letters}${digits}'
    doubled: true
    says: '3 to 64 letters, digits and hyphens, with a letter or digit first and last'
  }
  secret: {
    least: 1
    most: 127
    of: '${letters}${digits}-'
    first: '${letters}${digits}-'
    last: '${letters}${digits}-'
    doubled: true
    says: 'the name of a secret: 1 to 127 letters, digits and hyphens'
  }
  vault: {
    least: 3
    most: 24
    of: '${letters}${digits}-'
    first: letters
    last: '${letters}${digits}'
    doubled: false
    says: 'the resource id of a vault, /subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/NAME, with a NAME of 3 to 24 letters, digits and single hyphens'
  }
  resourceGroup: {
    least: 1
    most: 90
    of: '${letters}${digits}-_.()'
    first: '${letters}${digits}-_.()'
    last: '${letters}${digits}-_()'
    doubled: true
    says: 'the name of a resource group: 1 to 90 letters, digits, hyphens, underscores, periods and parentheses, without a period at the end'
  }
  githubApp: {
    least: 1
    most: 64
    of: '${letters}${digits}.'
    first: '${letters}${digits}'
    last: '${letters}${digits}'
    doubled: true
    says: 'the id of a GitHub App (digits), or its client id'
  }
  service: {
    least: 1
    most: 64
    of: '${letters}${digits}-_'
    first: '${letters}${digits}'
    last: '${letters}${digits}'
    doubled: true
    says: 'the name of a service in azure.yaml: letters, digits, hyphens and underscores'
  }
}

@export()
@description('Returns the value if there are no problems. Otherwise the deployment fails and lists all problems, before it creates anything.')
func soundOr(value string, problems string[]) string => empty(problems) ? value : fail(join(problems, ' '))

@description('Whether a text contains only these characters.')
func isOf(text string, characters string) bool =>
  empty(filter(map(range(0, length(text)), at => substring(text, at, 1)), one => !contains(characters, one)))

func keeps(value string, rule rule) bool =>
  length(value) >= rule.least && length(value) <= rule.most && isOf(value, rule.of) && isOf(take(value, 1), rule.first) && isOf(
    skip(value, max(length(value) - 1, 0)),
    rule.last
  ) && (rule.doubled || !contains(value, '--'))

@description('One problem in words, or an empty list.')
func problemWhere(broken bool, parameter string, value string, says string) string[] =>
  broken ? ['${parameter}: "${value}" is not valid. It must be ${says}.'] : []

@export()
@description('The problems of a name; empty if there are none.')
func problemOf(parameter string, value string, rule rule) string[] =>
  problemWhere(!keeps(value, rule), parameter, value, rule.says)

@export()
@description('The problems of a name that may be empty.')
func problemIfGiven(parameter string, value string, rule rule) string[] =>
  empty(value) ? [] : problemOf(parameter, value, rule)

func isGuid(value string) bool =>
  isOf(value, '${hexDigits}-') && join(map(split(value, '-'), part => string(length(part))), ' ') == '8 4 4 4 12'

@export()
@description('The problems of the id of a subscription, a tenant or an object; empty if there are none.')
func problemOfGuid(parameter string, value string) string[] =>
  problemWhere(!isGuid(value), parameter, value, 'a GUID such as 00000000-0000-0000-0000-000000000000')

@export()
@description('The problems of several such ids.')
func problemsOfGuids(parameter string, values string[]) string[] =>
  flatten(map(values, (value, i) => problemOfGuid('${parameter}[${i}]', value)))

@description('A resource id without its names. The rest is the same for all resources of a type.')
func shapeOf(id string) string =>
  toLower(join(map(split(id, '/'), (part, i) => i % 2 == 1 || i == 6 ? part : '*'), '/'))

func isIdOf(id string, type string) bool =>
  shapeOf(id) == shapeOf('/subscriptions/S/resourceGroups/G/providers/${split(type, '/')[0]}${join(map(skip(split(type, '/'), 1), part => '/${part}/N'), '')}') && isGuid(split(
    '${id}///',
    '/'
  )[2]) && !contains('${id}/', '//')

@export()
@description('The problems of the id of a resource of a type, such as Microsoft.Network/virtualNetworks/subnets; empty if there are none. The id may be empty.')
func problemOfId(parameter string, id string, type string) string[] =>
  problemWhere(
    !empty(id) && !isIdOf(id, type),
    parameter,
    id,
    'the resource id of a resource of the type ${type}: /subscriptions/…/resourceGroups/…/providers/${type}/…'
  )

@export()
@description('The problems of the id of a key vault; empty if there are none. The id may be empty.')
func problemOfVaultId(parameter string, id string) string[] =>
  problemWhere(
    !empty(id) && !(isIdOf(id, 'Microsoft.KeyVault/vaults') && keeps(last(split('/${id}', '/')), rules.vault)),
    parameter,
    id,
    rules.vault.says
  )

@export()
@description('The problems of an https address; empty if there are none. The address may be empty.')
func problemOfUrl(parameter string, url string) string[] =>
  problemWhere(
    !empty(url) && (!startsWith(url, 'https://') || length(url) < 10 || contains(url, ' ')),
    parameter,
    url,
    'an address that begins with https://'
  )

@export()
@description('The problems of an e-mail address; empty if there are none. The address may be empty.')
func problemOfMail(parameter string, mail string) string[] =>
  problemWhere(
    !empty(mail) && !(length(split(mail, '@')) == 2 && isOf(
      replace(mail, '@', ''),
      '${letters}${digits}.!#$%&\'*+/=?^_`{|}~-'
    ) && !startsWith(mail, '@') && contains(last(split(mail, '@')), '.') && !contains(
      '.${last(split(mail, '@'))}.',
      '..'
    )),
    parameter,
    mail,
    'one e-mail address, such as team@contoso.com'
  )

@export()
@description('The problems of a repository; empty if there are none. The repository may be empty.')
func problemOfRepository(parameter string, repository string) string[] =>
  problemWhere(
    !empty(repository) && !(length(split(repository, '/')) == 2 && isOf(
      split(repository, '/')[0],
      '${letters}${digits}-_'
    ) && isOf(last(split(repository, '/')), '${letters}${digits}-_.') && !startsWith(repository, '/') && !endsWith(
      repository,
      '/'
    ) && length(repository) <= 140),
    parameter,
    repository,
    'a repository as owner/name, without https://github.com/'
  )

@export()
@description('The problems of ranges of IPv4 addresses; empty if there are none.')
func problemsOfRanges(parameter string, ranges string[]) string[] =>
  flatten(map(
    ranges,
    (value, i) =>
      problemWhere(
        !(isOf(value, '${digits}./') && length(split(value, '/')) <= 2 && !endsWith(value, '/') && length(filter(
          split(split('${value}/', '/')[0], '.'),
          part => length(part) > 0 && length(part) < 4
        )) == 4 && length(split(value, '.')) == 4),
        '${parameter}[${i}]',
        value,
        'an IPv4 address or a range of addresses, such as 203.0.113.0/24'
      )
  ))

@export()
@description('The problems of tags; empty if there are none.')
func problemsOfTags(tags object) string[] =>
  flatten(map(
    items(tags),
    tag =>
      problemWhere(
        length(tag.key) > 128 || !empty(filter(
          ['<', '>', '%', '&', '\\', '?', '/'],
          character => contains(tag.key, character)
        )),
        'tags',
        tag.key,
        'a tag name of at most 128 characters, without < > % & \\ ? /'
      )
  ))

@export()
@description('The problems of the data accounts. An event subscription on an account of the bridge, or on a container of Azure ML, is a problem: the outputs of one run would start the next run.')
func problemsOfAccounts(accounts dataAccount[], ownAccounts string[]) string[] =>
  flatten([
    ...map(
      accounts,
      (account, i) =>
        flatten([
          contains(ownAccounts, toLower(account.name))
            ? [
                'dataAccounts: "${account.name}" is the storage account of the bridge or of its new workspace. Their own blobs would start the next run. Store the data in a separate account (docs/loops.md).'
              ]
            : problemOf('dataAccounts[${i}].name', account.name, rules.storageAccount)
          startsWith(toLower(account.dataContainer), 'azureml')
            ? [
                'dataAccounts: the container "${account.dataContainer}" of "${account.name}" belongs to Azure ML. Every training run writes to it, and would start the next run. Name a container that only contains data (docs/loops.md).'
              ]
            : problemOf('dataAccounts[${i}].dataContainer', account.dataContainer, rules.container)
          problemIfGiven('dataAccounts[${i}].topicName', account.?topicName ?? '', rules.topic)
          problemIfGiven('dataAccounts[${i}].resourceGroup', account.?resourceGroup ?? '', rules.resourceGroup)
          account.?subscriptionId == null
            ? []
            : problemOfGuid('dataAccounts[${i}].subscriptionId', account.subscriptionId!)
          account.?eventTypes != null && empty(account.?eventTypes)
            ? [
                'dataAccounts[${i}].eventTypes: the list is empty. Give at least one type, or leave the key out to use the default.'
              ]
            : []
        ])
    )
    length(distinct(map(accounts, account => '${account.name}/${account.dataContainer}'))) == length(accounts)
      ? []
      : ['dataAccounts: two entries name the same container of the same account. Remove one of them.']
    length(distinct(map(accounts, account => account.name))) == length(distinct(map(
        accounts,
        account => withoutContainer(account)
      )))
      ? []
      : [
          'dataAccounts: two entries name the same account, but differ in resourceGroup, subscriptionId, topicName, location or isHnsEnabled. Use the same values in both.'
        ]
  ])

func distinct(values string[]) string[] => union(values, [])

@description('What an entry says of its account. The template creates an account once for each entry, so the entries must agree.')
func withoutContainer(account dataAccount) string =>
  toLower('${account.name}/${account.?subscriptionId ?? ''}/${account.?resourceGroup ?? ''}/${account.?topicName ?? ''}/${account.?location ?? ''}/${account.?isHnsEnabled ?? true}')

@export()
@sealed()
@description('The parameters of both entries: the sources of events, and the way to the bridge.')
type sources = {
  baseName: string
  tags: object
  workspaceName: string
  workspaceResourceGroup: string
  workspaceSubscriptionId: string
  workspaceTopicName: string
  workspaceEventTypes: workspaceEventType[]
  dataAccounts: dataAccount[]
  customTopicName: string
  webhookTenantId: string
  webhookApplicationId: string
  topicPrefix: string
  eventSubscriptionName: string
  alertEmail: string
  alertActionGroupId: string
}

@export()
@description('The problems of the parameters of both entries; empty if there are none.')
func problemsOfSources(given sources, ownAccounts string[]) string[] =>
  flatten([
    problemOf('baseName', given.baseName, rules.baseName)
    problemsOfTags(given.tags)
    problemIfGiven('workspaceName', given.workspaceName, rules.workspace)
    problemOf('workspaceResourceGroup', given.workspaceResourceGroup, rules.resourceGroup)
    problemOfGuid('workspaceSubscriptionId', given.workspaceSubscriptionId)
    problemIfGiven('workspaceTopicName', given.workspaceTopicName, rules.topic)
    empty(given.workspaceEventTypes)
      ? [
          'workspaceEventTypes: the list is empty. Give at least one type, or leave the parameter out to use the default.'
        ]
      : []
    problemsOfAccounts(given.dataAccounts, ownAccounts)
    problemIfGiven('customTopicName', given.customTopicName, rules.topic)
    problemOf('topicPrefix', given.topicPrefix, rules.topic)
    problemOf('eventSubscriptionName', given.eventSubscriptionName, rules.eventSubscription)
    problemOfMail('alertEmail', given.alertEmail)
    problemOfId('alertActionGroupId', given.alertActionGroupId, 'Microsoft.Insights/actionGroups')
    empty(given.webhookTenantId) == empty(given.webhookApplicationId)
      ? []
      : ['webhookTenantId and webhookApplicationId: only one of them is set. Set both, or neither.']
    empty(given.webhookTenantId) ? [] : problemOfGuid('webhookTenantId', given.webhookTenantId)
  ])

@export()
@description('The destination of an event subscription that does not belong to this bridge. Empty if it belongs to the bridge, or does not exist. A subscription to a webhook belongs to the bridge whose storage account gets its dead letters.')
func strangerIn(properties object, ownIds string[]) string =>
  empty(properties) || !empty(filter(
      [
        properties.?destination.?properties.?resourceId
        properties.?deliveryWithResourceIdentity.?destination.?properties.?resourceId
        properties.?deadLetterWithResourceIdentity.?deadLetterDestination.?properties.?resourceId
      ],
      id => !empty(filter(ownIds, own => startsWith('${toLower(id ?? '')}/', '${toLower(own)}/')))
    ))
    ? ''
    : string(properties.?destination.?properties.?resourceId ?? properties.?deliveryWithResourceIdentity.?destination.?properties.?resourceId ?? properties.?destination.?properties.?endpointBaseUrl ?? 'an unknown place')
