import type { Received } from "../../src/local/stand-in/received.ts";

interface Payload {
	readonly id: string;
	readonly bridge: { readonly key: string };
	readonly data?: {
		readonly events?: readonly { readonly id: string }[];
		readonly manifest?: object;
		readonly count?: number;
	} | null;
}

/**
 * What has arrived at GitHub: by the id of each event, the keys of the dispatches that it was in, alone or gathered. A
 * dispatch that GitHub took twice counts twice.
 * @param blob reads a blob of the ledger's; rejects where it is gone
 */
export async function arrivals(
	received: readonly Received[],
	blob: (name: string) => Promise<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
	const arrived = new Map<string, string[]>();
	for (const { client_payload } of received) {
		const { id, bridge, data } = client_payload as unknown as Payload;
		for (const each of await idsOf(id, bridge.key, data, blob)) {
			arrived.set(each, [...(arrived.get(each) ?? []), bridge.key]);
		}
	}
	return arrived;
}

/** A window's dispatch has its own key for an id, and counts its events. */
async function idsOf(id: string, key: string, data: Payload["data"], blob: (name: string) => Promise<string>) {
	if (id !== key || data?.count === undefined) return [id];
	if (data.events !== undefined) return data.events.map((event) => event.id);
	const text = await blob(`manifests/${key}.jsonl`).catch(() => "");
	return text
		.split("\n")
		.filter(Boolean)
		.map((line) => (JSON.parse(line) as { id: string }).id);
}
