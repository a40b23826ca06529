import pMap from "p-map";
import { plain } from "../../log.ts";
import type { EventResult } from "../../model.ts";
import { quoted } from "../bridge-url.ts";
import { type Schema, schemaOf } from "../catalogue/envelope.ts";
import type { Io } from "../io.ts";
import { colour, colourOf } from "../print.ts";

/** What became of a delivery. */
export interface DeliveryEnd {
	/** Null where nothing answered. */
	readonly status: number | null;
	/** What the bridge says of each event at each of its destinations; undefined where the receiver is another one. */
	readonly results: readonly EventResult[] | undefined;
	/** Why it was not taken; null where it was. */
	readonly reason: string | null;
}

/** Where events go in. Never rejects. */
export interface Door {
	/** As it may be printed. */
	readonly name: string;
	deliver(delivery: Delivery): Promise<DeliveryEnd>;
}

/** What goes in one request: events of one schema, in their envelopes. */
export interface Delivery {
	readonly schema: Schema;
	readonly elements: readonly unknown[];
}

export interface PlanOptions {
	/** So many events in one request. */
	readonly batch: number;
	/** How many more times each request is sent. */
	readonly duplicates: number;
}

/** Puts events into requests, in their order; a duplicate follows what it repeats, so that a burst sends both at once. */
export function planDeliveries(elements: readonly unknown[], { batch, duplicates }: PlanOptions): readonly Delivery[] {
	const deliveries: { schema: Schema; elements: unknown[] }[] = [];
	for (const element of elements) {
		const schema = schemaOf(element);
		const last = deliveries.at(-1);
		if (last?.schema === schema && last.elements.length < batch) last.elements.push(element);
		else deliveries.push({ schema, elements: [element] });
	}
	return deliveries.flatMap((delivery) => Array.from({ length: 1 + duplicates }, () => delivery));
}

/**
 * Sends everything, so many requests at once; Ctrl-C lets those end that are under way.
 * @param burst how many requests at once
 */
export async function sendAll(door: Door, deliveries: readonly Delivery[], burst: number, io: Io): Promise<Summary> {
	const sent: Sent[] = [];
	const total = deliveries.reduce((sum, { elements }) => sum + elements.length, 0);
	const progress = await createProgress(io, total);
	const start = io.now();
	const send = async (delivery: Delivery) => {
		if (io.signal?.aborted === true) return;
		sent.push({ delivery, end: await door.deliver(delivery) });
		progress.advance(delivery.elements.length);
	};
	try {
		await pMap(deliveries, send, { concurrency: burst });
	} finally {
		progress.stop();
	}
	return summarise(sent, io.now() - start);
}

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

/** A request that was sent, and what became of it. */
interface Sent {
	readonly delivery: Delivery;
	readonly end: DeliveryEnd;
}

const MOST_REASONS = 5;

/** @param ms how long it took */
export function summarise(sent: readonly Sent[], ms: number): Summary {
	const outcomes: Record<string, number> = {};
	const reasons = new Map<string, { readonly first: string; count: number }>();
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
	for (const { delivery, end } of sent) {
		if (end.results === undefined) {
			count(end.status === null ? "no answer" : `answered ${end.status}`, delivery.elements.length);
			because(end.reason);
		}
		for (const { outcome, reason } of end.results ?? []) {
			count(outcome, 1);
			because(outcome === "dispatched" ? null : reason);
		}
	}
	const total = sent.reduce((sum, { delivery }) => sum + delivery.elements.length, 0);
	const seconds = Math.max(ms, 1) / 1000;
	const frequent = [...reasons.values()].sort((one, other) => other.count - one.count).slice(0, MOST_REASONS);
	return {
		sent: total,
		deliveries: sent.length,
		failed: sent.filter(({ end }) => end.reason !== null).length,
		outcomes,
		reasons: Object.fromEntries(frequent.map(({ first, count: often }) => [first, often])),
		seconds,
		rate: Math.round((total / seconds) * 10) / 10,
		events: sent.flatMap(({ end }) => end.results ?? []),
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

/** A bar that counts events on a terminal; elsewhere nothing. */
interface Progress {
	advance(by: number): void;
	stop(): void;
}

const NONE: Progress = { advance: () => undefined, stop: () => undefined };

/** What takes less is over before anybody could read it. */
const WORTH_A_BAR = 20;

async function createProgress({ stderr }: Pick<Io, "stderr">, total: number): Promise<Progress> {
	const { control, isTTY } = stderr;
	if (isTTY !== true || control === undefined || total < WORTH_A_BAR) return NONE;
	const { Presets, SingleBar } = await import("cli-progress");
	const bar = new SingleBar(
		{
			format: `{bar} {value} of {total} events, {eta_formatted} left`,
			// It writes, moves the cursor and asks for the columns, no more.
			stream: { write: control, isTTY, columns: stderr.columns } as unknown as NodeJS.WritableStream,
			clearOnComplete: true,
			gracefulExit: false,
			hideCursor: false,
			barsize: 30,
		},
		Presets.shades_classic,
	);
	bar.start(total, 0);
	return { advance: (by) => bar.increment(by), stop: () => bar.stop() };
}
