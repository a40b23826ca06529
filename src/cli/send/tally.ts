import { plain } from "../../log.ts";
import type { EventResult } from "../../model.ts";
import { quoted } from "../bridge-url.ts";
import { colour, colourOf } from "../colour.ts";
import type { Io } from "../io.ts";
import type { Delivery, DeliveryEnd } from "./deliveries.ts";

/** What became of all that was sent. */
export interface Summary {
	/** Events, each time that they were sent. */
	readonly sent: number;
	readonly deliveries: number;
	/** Deliveries that were not taken. */
	readonly failed: number;
	/** Events at each of their destinations, by outcome; where the receiver does not tell, events by status: `answered 202`. */
	readonly outcomes: Readonly<Record<string, number>>;
	/**
	 * How often an event was not dispatched at once, by its reason; the most frequent few. Reasons that differ in
	 * what they quote, or in a time, count as the first one of them.
	 */
	readonly reasons: Readonly<Record<string, number>>;
	readonly seconds: number;
	/** Events a second. */
	readonly rate: number;
	readonly events: readonly EventResult[];
}

export interface Tally {
	add(delivery: Delivery, end: DeliveryEnd): void;
	/** @param ms how long it took */
	summary(ms: number): Summary;
}

const MOST_REASONS = 5;

export function createTally(): Tally {
	const outcomes: Record<string, number> = {};
	const reasons = new Map<string, { readonly first: string; count: number }>();
	const events: EventResult[] = [];
	let [sent, deliveries, failed] = [0, 0, 0];
	const count = (outcome: string, by: number) => {
		outcomes[outcome] = (outcomes[outcome] ?? 0) + by;
	};
	const because = (reason: string | null) => {
		if (reason === null) return;
		const kind = reason.replaceAll(/"[^"]*"|\d[\dT:.-]*Z?/g, "…");
		const known = reasons.get(kind) ?? { first: reason, count: 0 };
		known.count += 1;
		reasons.set(kind, known);
	};

	return {
		add({ elements }, { status, results, reason }) {
			sent += elements.length;
			deliveries += 1;
			if (reason !== null) failed += 1;
			if (results === undefined) {
				count(status === null ? "no answer" : `answered ${status}`, elements.length);
				because(reason);
				return;
			}
			for (const result of results) {
				count(result.outcome, 1);
				because(result.outcome === "dispatched" ? null : result.reason);
				events.push(result);
			}
		},
		summary(ms) {
			const seconds = Math.max(ms, 1) / 1000;
			const rate = Math.round((sent / seconds) * 10) / 10;
			const frequent = [...reasons.values()].sort((one, other) => other.count - one.count).slice(0, MOST_REASONS);
			const byReason = Object.fromEntries(frequent.map(({ first, count }) => [first, count]));
			return { sent, deliveries, failed, outcomes, reasons: byReason, seconds, rate, events };
		},
	};
}

/** So few are named one by one. */
const FEW = 10;

/** Prints what became of what was sent. */
export function printSummary(io: Io, name: string, summary: Summary, command: (words: string) => string): void {
	const { sent, deliveries, outcomes, reasons, seconds, rate, events } = summary;
	const paint = colour(io.stdout, io.env);
	const say = (text: string) => io.stdout.write(`${text}\n`);
	if (events.length <= FEW) {
		for (const { id, outcome, route, key } of events) {
			const facts = [plain(id ?? "no id"), route === null ? "" : `route "${plain(route)}"`, plain(key ?? "")];
			say([paint(colourOf(outcome), plain(outcome).padEnd(11)), ...facts.filter((fact) => fact !== "")].join("  "));
		}
	}
	const requests = deliveries === sent ? "" : ` in ${deliveries} requests`;
	say(`sent ${sent} event${sent === 1 ? "" : "s"}${requests} to ${name} in ${seconds.toFixed(1)} s, ${rate} a second`);
	const counts = Object.entries(outcomes).map(
		([outcome, count]) => `${paint(colourOf(outcome), plain(outcome))} ${count}`,
	);
	if (counts.length > 0) say(`  ${counts.join(", ")}`);
	for (const [reason, count] of Object.entries(reasons)) say(`  ${count} × ${plain(reason)}`);
	const [only] = events;
	if (sent === 1 && only?.id && (only.key !== null || only.outcome === "ignored"))
		say(`see its trace: ${command(`trace ${quoted(plain(only.id))}`)}`);
}
