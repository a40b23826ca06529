import type { Finding } from "../evidence.ts";
import type { Dossier } from "./dossier.ts";

/** What a webhook's answer says of an event is so. */
export function claimsTrue(dossier: Dossier): readonly Finding[] {
	const findings: Finding[] = [];
	const receipts = new Map(dossier.receipts.map((receipt) => [receipt.key, receipt]));
	for (const [index, { claims }] of dossier.told.entries()) {
		const event = dossier.plan.events[index];
		for (const { outcome, key, at } of claims) {
			const state = receipts.get(key)?.state;
			const isTrue = {
				dispatched: dossier.dispatches(key).some((taken) => Date.parse(taken.at) <= at),
				accepted: state !== undefined,
				duplicate: state !== undefined,
				ignored: event?.owes.length === 0 && !event.invalid,
				rejected: event?.invalid === true || state === "dead",
				unavailable: false,
			}[outcome];
			if (isTrue) continue;
			findings.push({ rule: "what an answer says is so", what: `${event?.id}: ${outcome}; its receipt is ${state}` });
		}
	}
	return findings;
}
