// @ts-check
/** `node infra/subscribe.mjs RESOURCE_GROUP --remove`: deletes what belongs to this bridge, and nothing of others. */
import { Failure } from "./az.mjs";

const TOPICS = { "Microsoft.EventGrid/systemTopics": "2025-02-15", "Microsoft.EventGrid/topics": "2025-02-15" };
const ALERTS = { "Microsoft.Insights/metricAlerts": "2018-03-01" };

/**
 * @typedef {import("./az.mjs").Az} Az
 * @typedef {{ scope: string, app: string, parameters: Record<string, { value: any }> }} Bridge
 */

/**
 * Deletes the event subscriptions of a bridge and their alerts, in every group of its sources. Topics stay: other
 * bridges may listen there. The names of what belongs to a bridge have its hash, which ends the name of its app.
 * What cannot be read or deleted does not keep the rest.
 * @param {Bridge} bridge
 * @param {Az} az
 * @param {(text: string) => void} say
 */
export function unsubscribe(bridge, az, say) {
	const own = new RegExp(`-${bridge.app.split("-").pop()}(-|$)`);
	/** @type {Set<string>} */
	const failures = new Set();
	let count = 0;
	/** @template T @param {() => T} work @returns {T | undefined} */
	const attempt = (work) => {
		try {
			return work();
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			// Nothing is left in a group that was deleted.
			if (!error.message.includes("ResourceGroupNotFound")) failures.add(error.message);
			return undefined;
		}
	};
	/** @param {string} url @param {string} version */
	const list = (url, version) => attempt(() => az.list(`${url}?api-version=${version}`)) ?? [];
	/** @param {string} url @param {string} version */
	const removeFrom = (url, version) => {
		for (const { id } of list(url, version).filter(({ name }) => own.test(name)))
			attempt(() => {
				say(`Deleting ${id} …`);
				az.run("rest", "--method", "delete", "--url", `${id}?api-version=${version}`);
				count++;
			});
	};
	for (const at of scopesOf(bridge)) {
		for (const [type, version] of Object.entries(TOPICS))
			for (const { id } of list(`${at}/${type}`, version)) removeFrom(`${id}/eventSubscriptions`, version);
		for (const [type, version] of Object.entries(ALERTS)) removeFrom(`${at}/${type}`, version);
	}
	say(`Deleted: ${count}.${failures.size === 0 ? ` ${bridge.app} gets no new events.` : ""}`);
	if (failures.size > 0)
		throw new Failure(`${[...failures].join("\n")}
Something could not be read or deleted, so the bridge may still get events. Repair the cause. Run this command again.`);
}

/**
 * The groups of the bridge and of its sources, each once.
 * @param {Bridge} bridge
 */
function scopesOf({ scope, parameters }) {
	const [, subscription, , group] = scope.split("/").slice(1);
	const { workspaceName, workspaceSubscriptionId, workspaceResourceGroup, dataAccounts } = parameters;
	const sources = [
		...(workspaceName?.value ? [[workspaceSubscriptionId?.value, workspaceResourceGroup?.value]] : []),
		...(dataAccounts?.value ?? []).map((/** @type {any} */ one) => [one.subscriptionId, one.resourceGroup]),
	].map(([id, name]) => `/subscriptions/${id ?? subscription}/resourceGroups/${name ?? group}/providers`);
	const all = [scope, ...sources];
	return all.filter((one, i) => all.findIndex((other) => other.toLowerCase() === one.toLowerCase()) === i);
}
