import { plain, printable } from "../log.ts";

/** A line of the log, for the terminal. */
export function print(level: string, message: string): void {
	const line = readable(level, message);
	if (line !== undefined) say(`${new Date().toTimeString().slice(0, 8)} ${line}`);
}

export function say(text: string): void {
	process.stdout.write(`${printable(text)}\n`);
}

/**
 * A log line of the bridge as a person wants to read it: on one line, and with nothing in it that does something to the
 * terminal, whatever an event holds. Undefined for one that says nothing new.
 */
export function readable(level: string, message: string): string | undefined {
	const line = parse(message);
	const text = line === undefined ? `${level.padEnd(9)} ${message}` : describe(level, line);
	return text === undefined ? undefined : plain(text);
}

function describe(level: string, line: Parsed): string | undefined {
	switch (line.stage) {
		case "accept":
			return join("event", line.outcome, line.type, line.subject, line.route && `route "${line.route}"`, explain(line));
		case "dispatch": {
			const answer = line.status === undefined ? line.classification : `${line.status}`;
			return join("dispatch", answer, placeOf(line), `${line.bytes} bytes, ${line.ms} ms`, line.reason);
		}
		case "lane":
			return join("lane", line.change, line.target ?? line.lane, when(line), waited(line), line.reason);
		case "window":
			return join("window", "closed", `${line.count} events`, line.key);
		case "dead-letter":
			return join("dead", line.change ?? "letter", line.key, placeOf(line), line.reason);
		case "follow":
			return join("run", line.change, placeOf(line) ?? line.lane, line.key, line.url, line.reason);
		case "wake-up":
		case "token":
			return join(line.stage, line.change ?? level, line.lane, line.reason);
		case "maintenance":
			return join("maintenance", "done", `${line.removed} receipts removed`);
		case "handshake":
		case "receive":
			return join(line.stage, `${line.status}`, line.reason);
		default:
			return undefined;
	}
}

interface Parsed {
	readonly stage: string;
	readonly [fact: string]: string | number | null | undefined;
}

/** A dispatch has its own line, so only what went another way needs words. */
function explain({ outcome, reason, id }: Parsed): string | undefined {
	if (outcome === "dispatched" || !reason) return undefined;
	return `${id === null ? "" : `${id}: `}${reason}`;
}

/** Where it goes, in the words that the route has for it. */
function placeOf({ destination }: Parsed): string | undefined {
	return destination ? String(destination).replace("#", " ") : undefined;
}

function when({ until, probeAt }: Parsed): string | undefined {
	const time = until ?? probeAt;
	return time === undefined ? undefined : `until ${String(time).slice(11, 19)} UTC`;
}

function waited({ waiting }: Parsed): string | undefined {
	return typeof waiting === "number" ? `${waiting} waiting` : undefined;
}

function join(stage: string, end: unknown, ...facts: unknown[]): string {
	return [
		stage.padEnd(9),
		String(end).padEnd(11),
		...facts.filter((fact) => fact !== undefined && fact !== null && fact !== ""),
	]
		.join(" ")
		.trimEnd();
}

function parse(message: string): Parsed | undefined {
	try {
		const line = JSON.parse(message) as Parsed | null;
		return typeof line?.stage === "string" ? line : undefined;
	} catch {
		return undefined;
	}
}
