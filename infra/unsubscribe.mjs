// @ts-check
/** `node infra/subscribe.mjs RESOURCE_GROUP --remove`: deletes what belongs to this bridge, and nothing of others. */

const TOPICS = { "Microsoft.EventGrid/systemTopics": "2025-02-15", "Microsoft.EventGrid/topics": "2025-02-15" };
const ALERTS = { "Microsoft.Insights/metricAlerts": "2018-03-01" };

/**
 * @typedef {(...args: string[]) => any} Az runs the Azure CLI; what it answers, read as JSON
 * @typedef {{ scope: string, app: string, parameters: Record<string, { value: any }> }} Bridge
 */

/**
 * Deletes the event subscriptions of a bridge and their alerts, in every group of its sources. Topics stay: other
 * bridges may listen there. The names of what belongs to a bridge have its hash, which ends the name of its app.
 * @param {Bridge} bridge
 * @param {Az} az
 * @param {(text: string) => void} say
 */
export function unsubscribe({ scope, app, parameters }, az, say) {
	const [, subscription, , group] = scope.split("/").slice(1);
	const { workspaceName, workspaceSubscriptionId, workspaceResourceGroup, dataAccounts } = parameters;
	const sources = [
		...(workspaceName?.value ? [[workspaceSubscriptionId?.value, workspaceResourceGroup?.value]] : []),
		...(dataAccounts?.value ?? []).map((/** @type {any} */ one) => [one.subscriptionId, one.resourceGroup]),
	].map(([id, name]) => `/subscriptions/${id ?? subscription}/resourceGroups/${name ?? group}/providers`);
	const all = [scope, ...sources];
	const scopes = all.filter((one, i) => all.findIndex((other) => other.toLowerCase() === one.toLowerCase()) === i);
	/** Page after page: Event Grid's have 20 entries. @type {(url: string, version: string) => { id: string, name: string }[]} */
	const list = (url, version) => {
		const found = [];
		for (let next = `${url}?api-version=${version}`; next; ) {
			const page = az("rest", "--method", "get", "--url", next);
			found.push(...page.value);
			next = page.nextLink;
		}
		return found;
	};
	const own = new RegExp(`-${app.split("-").pop()}(-|$)`);
	let count = 0;
	/** @param {{ id: string, name: string }[]} found @param {string} version */
	const remove = (found, version) => {
		for (const { id } of found.filter(({ name }) => own.test(name))) {
			say(`Deleting ${id} …`);
			az("rest", "--method", "delete", "--url", `${id}?api-version=${version}`);
			count++;
		}
	};
	for (const at of scopes) {
		for (const [type, version] of Object.entries(TOPICS))
			for (const { id } of list(`${at}/${type}`, version)) remove(list(`${id}/eventSubscriptions`, version), version);
		for (const [type, version] of Object.entries(ALERTS)) remove(list(`${at}/${type}`, version), version);
	}
	say(`Deleted: ${count}. ${app} gets no new events.`);
}
