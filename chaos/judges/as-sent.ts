import { createHash } from "node:crypto";
import type { Arrival, ArrivedEvent } from "../arrival.ts";
import type { Finding } from "../evidence.ts";
import type { StormEvent } from "../storm-event.ts";
import type { Dossier } from "./dossier.ts";

/** Nothing arrives that was not sent, and what arrives is what was sent. */
export async function asSent(dossier: Dossier): Promise<readonly Finding[]> {
	const findings: Finding[] = [];
	const windows = new Set(dossier.windows.map(({ receipt }) => receipt.key));
	for (const taken of dossier.received) {
		const found = dossier.event(String(taken.event.id));
		if (found === undefined) {
			if (!windows.has(taken.key)) findings.push({ rule: "nothing arrives that was not sent", what: name(taken) });
			continue;
		}
		const { event } = found;
		const isOwed = event.owes.some(
			(owed) => !owed.coalesced && owed.to === taken.to && dossier.receiptOf(event, owed)?.key === taken.key,
		);
		if (!isOwed) findings.push({ rule: "nothing arrives that was not sent", what: name(taken) });
		const difference = differenceOf(event, taken.event) ?? (await dataDifference(event, taken.event, dossier));
		if (difference !== undefined) {
			findings.push({ rule: "what arrives is what was sent", what: `${name(taken)}: ${difference}` });
		}
	}
	return findings;
}

/** The same moment may be written in several ways, and the data may lie elsewhere; the rest is equal. */
export function differenceOf(event: StormEvent, arrived: ArrivedEvent): string | undefined {
	for (const member of ["id", "type", "source", "subject"] as const) {
		if (arrived[member] !== event[member]) return `${member} is ${JSON.stringify(arrived[member])}`;
	}
	return Date.parse(String(arrived.time)) === Date.parse(event.time) ? undefined : `time is ${arrived.time}`;
}

async function dataDifference(
	{ data }: StormEvent,
	arrived: ArrivedEvent,
	{ blob }: Dossier,
): Promise<string | undefined> {
	const sent = JSON.stringify(data);
	if (JSON.stringify(arrived.data) === sent) return undefined;
	const { reference } = (arrived.data ?? {}) as { reference?: { url?: unknown; sha256?: unknown; bytes?: unknown } };
	if (reference === undefined) return "data differs";
	const content = await blob(String(reference.url));
	if (content === undefined) return `the blob of the data is gone: ${reference.url}`;
	if (content.toString("utf8") !== sent) return "data in the blob differs";
	const sha256 = createHash("sha256").update(content).digest("hex");
	const right = reference.sha256 === sha256 && reference.bytes === content.length;
	return right ? undefined : "the reference names another hash or size";
}

function name({ event, to }: Arrival): string {
	return `${String(event.id)} at ${to}`;
}
