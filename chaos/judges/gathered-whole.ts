import { createHash } from "node:crypto";
import type { Finding } from "../evidence.ts";
import { differenceOf } from "./as-sent.ts";
import type { ClosedWindow, Dossier, GatheredLine } from "./dossier.ts";

export interface Gathered {
	readonly findings: readonly Finding[];
	readonly windows: number;
	/** How often an event is in one more window than it should be: nothing excuses that. */
	readonly twice: number;
}

interface WindowData {
	readonly count?: unknown;
	readonly events?: readonly GatheredLine[];
	readonly manifest?: {
		readonly url?: unknown;
		readonly sha256?: unknown;
		readonly bytes?: unknown;
		readonly count?: unknown;
	};
}

/** Every window is told of as it is, and every event is in one of them. */
export async function gatheredWhole(dossier: Dossier): Promise<Gathered> {
	const findings: Finding[] = [];
	for (const window of dossier.windows) {
		const problem = manifestProblem(window, dossier) ?? (await dispatchProblem(window, dossier));
		if (problem === undefined) continue;
		findings.push({ rule: "a window is told of as it is", what: `${window.receipt.key}: ${problem}` });
	}
	let twice = 0;
	for (const event of dossier.plan.events) {
		for (const owed of event.owes) {
			const extra = dossier.windowsOf(event, owed).length - 1;
			if (!owed.coalesced || extra < 1) continue;
			twice += extra;
			const where = dossier.windowsOf(event, owed).map(({ receipt }) => receipt.key);
			findings.push({ rule: "an event is in one window", what: `${event.id} is in ${where.join(" and ")}` });
		}
	}
	return { findings, windows: dossier.windows.length, twice };
}

function manifestProblem({ content, lines, receipt }: ClosedWindow, dossier: Dossier): string | undefined {
	if (content === undefined) return "its manifest is gone";
	const seen = new Set<string>();
	for (const line of lines) {
		if (seen.has(line.id)) return `${line.id} is in it twice`;
		seen.add(line.id);
		const found = dossier.event(line.id);
		const isOwed = found?.event.owes.some(({ coalesced, to }) => coalesced && to === receipt.to);
		if (found === undefined || isOwed !== true) return `${line.id} does not belong to it`;
		const difference = differenceOf(found.event, line);
		if (difference !== undefined) return `${line.id}: ${difference}`;
		if (JSON.stringify(line.data) !== JSON.stringify(found.event.data)) return `${line.id}: data differs`;
	}
	return undefined;
}

async function dispatchProblem(
	{ receipt, content, lines }: ClosedWindow,
	dossier: Dossier,
): Promise<string | undefined> {
	for (const { event } of dossier.dispatches(receipt.key)) {
		const { count, events, manifest } = (event.data ?? {}) as WindowData;
		if (count !== lines.length) return `it counts ${count} instead of ${lines.length}`;
		const subject = String(event.subject);
		if (!lines.every((line) => line.subject.startsWith(subject))) return `its subject is "${subject}"`;
		if (events !== undefined) {
			if (JSON.stringify(events) !== JSON.stringify(lines)) return "its events are not those of the manifest";
			continue;
		}
		if (manifest === undefined) return "it holds neither events nor a manifest";
		const named = await dossier.blob(String(manifest.url));
		if (named === undefined || content === undefined || !named.equals(content)) return "it names another manifest";
		const sha256 = createHash("sha256").update(content).digest("hex");
		const right = manifest.sha256 === sha256 && manifest.bytes === content.length && manifest.count === lines.length;
		if (!right) return "it names another hash, size or count";
	}
	return undefined;
}
