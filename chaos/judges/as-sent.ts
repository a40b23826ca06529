import { createHash } from "node:crypto";
import type { Received } from "../../src/local/stand-in/received.ts";
import type { Finding } from "../evidence.ts";
import { originalName } from "../routes.ts";
import type { StormEvent } from "../storm-event.ts";
import { type Dossier, keyOf } from "./dossier.ts";

/** A client payload, as far as it is compared. */
interface Payload {
	readonly id?: unknown;
	readonly type?: unknown;
	readonly source?: unknown;
	readonly subject?: unknown;
	readonly time?: unknown;
	readonly data?: unknown;
}

/** Nothing arrives that was not sent, and what arrives is what was sent. */
export async function asSent(dossier: Dossier): Promise<readonly Finding[]> {
	const findings: Finding[] = [];
	const windows = new Set(dossier.windows.map(({ receipt }) => receipt.key));
	for (const taken of dossier.received) {
		const payload = (taken.client_payload ?? {}) as Payload;
		const found = dossier.event(String(payload.id));
		if (found === undefined) {
			if (!windows.has(keyOf(taken))) findings.push({ rule: "nothing arrives that was not sent", what: name(taken) });
			continue;
		}
		const { event } = found;
		const isOwed = event.owes.some(
			(owed) =>
				!owed.coalesced &&
				owed.repository === originalName(taken.repository ?? "") &&
				owed.dispatchType === taken.event_type &&
				dossier.receiptOf(event, owed)?.key === keyOf(taken),
		);
		if (!isOwed) findings.push({ rule: "nothing arrives that was not sent", what: name(taken) });
		const difference = differenceOf(event, payload) ?? (await dataDifference(event, payload, dossier));
		if (difference !== undefined) {
			findings.push({ rule: "what arrives is what was sent", what: `${name(taken)}: ${difference}` });
		}
	}
	return findings;
}

/** The same moment may be written in several ways, and the data may lie elsewhere; the rest is equal. */
export function differenceOf(event: StormEvent, payload: Payload): string | undefined {
	for (const member of ["id", "type", "source", "subject"] as const) {
		if (payload[member] !== event[member]) return `${member} is ${JSON.stringify(payload[member])}`;
	}
	return Date.parse(String(payload.time)) === Date.parse(event.time) ? undefined : `time is ${payload.time}`;
}

async function dataDifference({ data }: StormEvent, payload: Payload, { blob }: Dossier): Promise<string | undefined> {
	const sent = JSON.stringify(data);
	if (JSON.stringify(payload.data) === sent) return undefined;
	const { reference } = (payload.data ?? {}) as { reference?: { url?: unknown; sha256?: unknown; bytes?: unknown } };
	if (reference === undefined) return "data differs";
	const content = await blob(String(reference.url));
	if (content === undefined) return `the blob of the data is gone: ${reference.url}`;
	if (content.toString("utf8") !== sent) return "data in the blob differs";
	const sha256 = createHash("sha256").update(content).digest("hex");
	const right = reference.sha256 === sha256 && reference.bytes === content.length;
	return right ? undefined : "the reference names another hash or size";
}

function name({ repository, event_type, client_payload }: Received): string {
	return `${String(client_payload?.["id"])} at ${repository} as ${event_type}`;
}
