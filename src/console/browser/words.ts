import type { Receipt } from "./answers.ts";

const DAY_MS = 86_400_000;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** A time as a short text, in the reader's own time zone; `–` for one that cannot be read. */
export function clock(iso: string, now: number): string {
	const time = Date.parse(iso);
	if (Number.isNaN(time)) return "–";
	return Math.abs(now - time) < DAY_MS ? CLOCK.format(time) : DATE.format(time);
}

/** How long something takes: `340 ms`, `2.3 s`, `14 min`, `3 h`, `12 days`. */
export function span(ms: number): string {
	if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
	if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
	if (ms < 120 * 60_000) return `${Math.round(ms / 60_000)} min`;
	if (ms < 2 * DAY_MS) return `${Math.round(ms / 3_600_000)} h`;
	return `${Math.floor(ms / DAY_MS)} days`;
}

/** `12`, `1,234`. */
export function number(count: number): string {
	return count.toLocaleString("en-GB");
}

/** `1 lane`, `2 lanes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
	return `${number(count)} ${count === 1 ? one : many}`;
}

/** `Microsoft.Storage.BlobCreated` without its publisher. */
export function shortType(type: string): string {
	return type.split(".").at(-1) || type || "no type";
}

/** What an event is about, as short as it stays clear: a blob's container and path. */
export function shortSubject({ subject, source, id }: Receipt["event"]): string {
	const [, container, path] = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s.exec(subject) ?? [];
	return container === undefined ? subject || source || id : `${container}/${path}`;
}

/** The service that a receipt's delivery goes to, by the name that its users know; `Destination` for any other, or none. */
export function serviceOf({ to }: Pick<Receipt, "to">): string {
	if (to === null) return "Destination";
	if ("repository" in to) return "GitHub";
	return "pipeline" in to ? "Azure Pipelines" : "Destination";
}

/** The one service of a list, or `Destination` where it has several. */
export function serviceOfAll(receipts: readonly Pick<Receipt, "to">[]): string {
	const services = new Set(receipts.filter(({ to }) => to !== null).map(serviceOf));
	const [only = "Destination"] = services;
	return services.size === 1 ? only : "Destination";
}

/** The service that a lane belongs to. GitHub's lanes have names of their own, every other service's are named after it. */
export function serviceOfLane(lane: string): string {
	if (/^(default$|token-|app-)/.test(lane)) return "GitHub";
	return /^azure-devops(-|$)/.test(lane) ? "Azure Pipelines" : "Destination";
}
