import type { Finding } from "../evidence.ts";
import { type Owed, placeOf, RETIRED, WITH_TOKEN } from "../routes.ts";
import type { StormEvent } from "../storm-event.ts";
import type { Dossier } from "./dossier.ts";

/** How the deliveries of a storm ended. */
export interface Deliveries {
	readonly findings: readonly Finding[];
	readonly acknowledged: number;
	readonly dispatched: number;
	readonly coalesced: number;
	/** Given up, with a reason. */
	readonly dead: number;
	/** Receipts, a window's among them, whose repair took too long. */
	readonly givenUp: number;
	readonly rejected: number;
	readonly lost: number;
}

const FINAL = ["dispatched", "coalesced", "dead", "rejected", "ignored", "discarded"];

/** What was acknowledged has arrived, or is a dead letter that says why. */
export function deliveriesEnded(dossier: Dossier): Deliveries {
	const findings: Finding[] = [];
	const counts = { acknowledged: 0, dispatched: 0, coalesced: 0, dead: 0, givenUp: 0, rejected: 0, lost: 0 };
	const find = (rule: string, what: string) => void findings.push({ rule, what });
	const rejected = new Set(dossier.receipts.filter(isRejected).map(({ id }) => id));

	for (const [index, event] of dossier.plan.events.entries()) {
		const { acknowledgedAt, refused } = dossier.told[index] ?? { acknowledgedAt: undefined, refused: false };
		if (acknowledgedAt === undefined && !refused) find("everything is taken in the end", `${event.id} never was`);
		if (refused && !event.invalid) find("no good event is refused", event.id);
		if (acknowledgedAt === undefined) {
			if (refused && !rejected.has(event.id)) find("what is rejected is a dead letter", `${event.id} is not`);
			continue;
		}
		counts.acknowledged += 1;
		if (event.invalid) {
			if (rejected.has(event.id)) counts.rejected += 1;
			else find("what is rejected is a dead letter", `${event.id} is not`);
		}
		for (const owed of event.owes) {
			const end = owed.coalesced ? gathered(dossier, event, owed) : direct(dossier, event, owed);
			counts[end] += 1;
			if (end === "lost") find("what was acknowledged is never lost", describe(dossier, event, owed));
		}
	}
	const mayBeGivenUp = new Set([RETIRED, ...closedByWeather(dossier)]);
	for (const receipt of dossier.receipts.filter(({ state }) => state === "dead")) {
		const { id, to, reason, statuses } = receipt;
		const isGivenUp = reason.startsWith("given up after");
		if (isGivenUp) counts.givenUp += 1;
		if (isGivenUp ? mayBeGivenUp.has(placeOf(to)) : statuses.includes(422)) continue;
		find("a dead letter has a cause", `${id} to ${to}: ${reason}`);
	}
	for (const { key, id, state } of dossier.receipts) {
		if (!FINAL.includes(state)) find("every receipt is final in the end", `${id || key} is ${state}`);
	}
	if (dossier.waiting.length > 0) {
		find("nothing waits in the end", `${dossier.waiting.length} rows: ${dossier.waiting.slice(0, 5).join(", ")}`);
	}
	if (dossier.poisoned > 0) find("no message is poisoned", `${dossier.poisoned} are`);
	return { findings, ...counts };
}

/** What the weather has closed for minutes, or whose token has ended, may have met another fault at every probe. */
function closedByWeather({ plan }: Dossier): readonly string[] {
	return plan.weather.flatMap((weather) => {
		if (weather.kind === "revoke") return WITH_TOKEN[weather.secret] ?? [];
		if (weather.kind !== "faults") return [];
		return weather.faults.flatMap(({ status, repository, project }) => {
			const place = repository ?? project;
			return place !== undefined && [203, 403, 404].includes(status ?? 0) ? [place] : [];
		});
	});
}

function isRejected({ state, reason }: Dossier["receipts"][number]): boolean {
	return state === "rejected" && reason !== "";
}

function direct(dossier: Dossier, event: StormEvent, owed: Owed): "dispatched" | "dead" | "lost" {
	if (dossier.dispatchesOf(event, owed).length > 0) return "dispatched";
	return isDead(dossier, dossier.receiptOf(event, owed)) ? "dead" : "lost";
}

function gathered(dossier: Dossier, event: StormEvent, owed: Owed): "coalesced" | "dead" | "lost" {
	const windows = dossier.windowsOf(event, owed);
	if (windows.some(({ receipt }) => dossier.dispatches(receipt.key).length > 0)) return "coalesced";
	return windows.some(({ receipt }) => isDead(dossier, receipt)) ? "dead" : "lost";
}

function isDead({ deadLetters }: Dossier, receipt: Dossier["receipts"][number] | undefined): boolean {
	return receipt?.state === "dead" && receipt.reason !== "" && deadLetters.has(receipt.key);
}

function describe(dossier: Dossier, event: StormEvent, owed: Owed): string {
	const receipt = dossier.receiptOf(event, owed);
	const where = `${event.id} to ${owed.to}`;
	if (receipt === undefined) return `${where}: there is no receipt`;
	return `${where}: its receipt ${receipt.key} says ${receipt.state}${receipt.window && ` in ${receipt.window}`}`;
}
