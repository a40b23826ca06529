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
@description('What a name must be like.')
type rule = {
  @description('How many characters, at the least and at the most.')
  least: int
  most: int
  @description('The characters that it may have, may begin with, and may end with.')
  of: string
  first: string
  last: string
  @description('Whether two hyphens may follow each other.')
  doubled: bool
  @description('The same in words.')
  says: string
}

@export()
@description('The rules by what they are for. A name may be longer than Azure takes where the template cuts it.')
var rules = {
  baseName: {
    least: 2
    most: 24
    of: '${small}${digits}-'
    first: small
    last: '${small}${digits}'
    doubled: false
    says: '2 to 24 small letters, digits and single hyphens; the first is a letter, and the last is no hyphen'
  }
  container: {
    least: 3
    most: 63
    of: '${small}${digits}-'
    first: '${small}${digits}'
    last: '${small}${digits}'
    doubled: false
    says: '3 to 63 small letters, digits and single hyphens, with a letter or digit first and last; a system container such as $web cannot be used'
  }
  storageAccount: {
    least: 3
    most: 24
    of: '${small}${digits}'
    first: '${small}${digits}'
    last: '${small}${digits}'
    doubled: false
    says: '3 to 24 small letters and digits'
  }
  workspace: {
    least: 3
    most: 33
    of: '${letters}${digits}-_'
    first: '${letters}${digits}'
    last: '${letters}${digits}-_'
    doubled: true
    says: '3 to 33 letters, digits, hyphens and underscores; the first is a letter or a digit'
  }
  cluster: {
    least: 3
    most: 32
    of: '${letters}${digits}-'
    first: letters
    last: '${letters}${digits}'
    doubled: true
    says: '3 to 32 letters, digits and hyphens; the first is a letter, and the last is no hyphen'
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
    says: 'the resource id of a vault, /subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/NAME, and the name has 3 to 24 letters, digits and single hyphens'
  }
  resourceGroup: {
    least: 1
    most: 90
    of: '${letters}${digits}-_.()'
    first: '${letters}${digits}-_.()'
    last: '${letters}${digits}-_()'
    doubled: true
    says: 'the name of a resource group: 1 to 90 letters, digits, hyphens, underscores, periods and parentheses; the last is no period'
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
@description('The value where there are no problems. Else the deployment fails with all of them, before it creates anything.')
func soundOr(value string, problems string[]) string => empty(problems) ? value : fail(join(problems, ' '))

@description('Whether a text has no characters but these.')
func isOf(text string, characters string) bool =>
  empty(filter(map(range(0, length(text)), at => substring(text, at, 1)), one => !contains(characters, one)))

func keeps(value string, rule rule) bool =>
  length(value) >= rule.least && length(value) <= rule.most && isOf(value, rule.of) && isOf(take(value, 1), rule.first) && isOf(
    skip(value, max(length(value) - 1, 0)),
    rule.last
  ) && (rule.doubled || !contains(value, '--'))

@description('One problem in words, or none.')
func problemWhere(broken bool, parameter string, value string, says string) string[] =>
  broken ? ['${parameter}: "${value}" is not valid. It must be ${says}.'] : []

@export()
@description('What is wrong with a name; empty: nothing.')
func problemOf(parameter string, value string, rule rule) string[] =>
  problemWhere(!keeps(value, rule), parameter, value, rule.says)

@export()
@description('The same for a name that may be left out.')
func problemIfGiven(parameter string, value string, rule rule) string[] =>
  empty(value) ? [] : problemOf(parameter, value, rule)

func isGuid(value string) bool =>
  isOf(value, '${hexDigits}-') && join(map(split(value, '-'), part => string(length(part))), ' ') == '8 4 4 4 12'

@export()
@description('What is wrong with a subscription, a tenant or an object id; empty: nothing.')
func problemOfGuid(parameter string, value string) string[] =>
  problemWhere(!isGuid(value), parameter, value, 'a GUID such as 00000000-0000-0000-0000-000000000000')

@export()
@description('The same for each of several ids.')
func problemsOfGuids(parameter string, values string[]) string[] =>
  flatten(map(values, (value, i) => problemOfGuid('${parameter}[${i}]', value)))

@description('A resource id without its names and values: what must be the same for each resource of a type.')
func shapeOf(id string) string =>
  toLower(join(map(split(id, '/'), (part, i) => i % 2 == 1 || i == 6 ? part : '*'), '/'))

func isIdOf(id string, type string) bool =>
  shapeOf(id) == shapeOf('/subscriptions/S/resourceGroups/G/providers/${split(type, '/')[0]}${join(map(skip(split(type, '/'), 1), part => '/${part}/N'), '')}') && isGuid(split(
    '${id}///',
    '/'
  )[2]) && !contains('${id}/', '//')

@export()
@description('What is wrong with the id of a resource of this type, as Microsoft.Network/virtualNetworks/subnets; empty: nothing, or no id.')
func problemOfId(parameter string, id string, type string) string[] =>
  problemWhere(
    !empty(id) && !isIdOf(id, type),
    parameter,
    id,
    'the resource id of a resource of the type ${type}: /subscriptions/…/resourceGroups/…/providers/${type}/…'
  )

@export()
@description('What is wrong with the id of a key vault; empty: nothing, or no id.')
func problemOfVaultId(parameter string, id string) string[] =>
  problemWhere(
    !empty(id) && !(isIdOf(id, 'Microsoft.KeyVault/vaults') && keeps(last(split('/${id}', '/')), rules.vault)),
    parameter,
    id,
    rules.vault.says
  )

@export()
@description('What is wrong with an https address; empty: nothing, or no address.')
func problemOfUrl(parameter string, url string) string[] =>
  problemWhere(
    !empty(url) && (!startsWith(url, 'https://') || length(url) < 10 || contains(url, ' ')),
    parameter,
    url,
    'an address that begins with https://'
  )

@export()
@description('What is wrong with the address that mail goes to; empty: nothing, or no address.')
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
@description('What is wrong with a repository; empty: nothing, or no repository.')
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
    'a repository as owner/name, without the address before it'
  )

@export()
@description('What is wrong with ranges of IPv4 addresses; empty: nothing.')
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
        'an IPv4 address or a range of them, such as 203.0.113.0/24'
      )
  ))

@export()
@description('What is wrong with tags; empty: nothing.')
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
        'a tag name of at most 128 characters, none of which is < > % & \\ ? /'
      )
  ))

@export()
@description('What is wrong with the data accounts. A subscription on an account of the bridge itself, or on a container of Azure ML, would start the next run with the outputs of the last one.')
func problemsOfAccounts(accounts dataAccount[], ownAccounts string[]) string[] =>
  flatten([
    ...map(
      accounts,
      (account, i) =>
        flatten([
          contains(ownAccounts, toLower(account.name))
            ? [
                'dataAccounts: "${account.name}" is the storage account of the bridge or of its new workspace. What these write would start the next run: keep data in an account of its own (docs/loops.md).'
              ]
            : problemOf('dataAccounts[${i}].name', account.name, rules.storageAccount)
          startsWith(toLower(account.dataContainer), 'azureml')
            ? [
                'dataAccounts: the container "${account.dataContainer}" of "${account.name}" belongs to Azure ML, and every training run writes to it: name a container for data (docs/loops.md).'
              ]
            : problemOf('dataAccounts[${i}].dataContainer', account.dataContainer, rules.container)
          problemIfGiven('dataAccounts[${i}].topicName', account.?topicName ?? '', rules.topic)
          problemIfGiven('dataAccounts[${i}].resourceGroup', account.?resourceGroup ?? '', rules.resourceGroup)
          account.?subscriptionId == null
            ? []
            : problemOfGuid('dataAccounts[${i}].subscriptionId', account.subscriptionId!)
          account.?eventTypes != null && empty(account.?eventTypes)
            ? ['dataAccounts[${i}].eventTypes: give at least one type, or leave the key out for the default.']
            : []
        ])
    )
    length(distinct(map(accounts, account => '${account.name}/${account.dataContainer}'))) == length(accounts)
      ? []
      : ['dataAccounts: the same container of the same account is listed twice.']
    length(distinct(map(accounts, account => account.name))) == length(distinct(map(
        accounts,
        account => whereOf(account)
      )))
      ? []
      : ['dataAccounts: all entries of one account need the same resourceGroup, subscriptionId and topicName.']
  ])

func distinct(values string[]) string[] => union(values, [])

func whereOf(account dataAccount) string =>
  toLower('${account.name}/${account.?subscriptionId ?? ''}/${account.?resourceGroup ?? ''}/${account.?topicName ?? ''}')

@export()
@sealed()
@description('What both entries take: where events come from, and how they reach the bridge.')
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
@description('What is wrong with the parameters that both entries take; empty: nothing.')
func problemsOfSources(given sources, ownAccounts string[]) string[] =>
  flatten([
    problemOf('baseName', given.baseName, rules.baseName)
    problemsOfTags(given.tags)
    problemIfGiven('workspaceName', given.workspaceName, rules.workspace)
    problemOf('workspaceResourceGroup', given.workspaceResourceGroup, rules.resourceGroup)
    problemOfGuid('workspaceSubscriptionId', given.workspaceSubscriptionId)
    problemIfGiven('workspaceTopicName', given.workspaceTopicName, rules.topic)
    empty(given.workspaceEventTypes)
      ? ['workspaceEventTypes: give at least one type, or leave the parameter out for the default.']
      : []
    problemsOfAccounts(given.dataAccounts, ownAccounts)
    problemIfGiven('customTopicName', given.customTopicName, rules.topic)
    problemOf('topicPrefix', given.topicPrefix, rules.topic)
    problemOf('eventSubscriptionName', given.eventSubscriptionName, rules.eventSubscription)
    problemOfMail('alertEmail', given.alertEmail)
    problemOfId('alertActionGroupId', given.alertActionGroupId, 'Microsoft.Insights/actionGroups')
    empty(given.webhookTenantId) == empty(given.webhookApplicationId)
      ? []
      : ['webhookTenantId and webhookApplicationId belong together: give both, or none.']
    empty(given.webhookTenantId) ? [] : problemOfGuid('webhookTenantId', given.webhookTenantId)
  ])

@export()
@description('Where an event subscription leads, if that is not one of its bridge\'s own resources; empty: to the bridge, or there is none. One that leads to a webhook belongs to the bridge whose storage account takes its dead letters.')
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
