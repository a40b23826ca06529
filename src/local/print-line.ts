/** A log line of the bridge as a person wants to read it on one line; undefined for one that says nothing new. */
export function readable(level: string, message: string): string | undefined {
	const line = parse(message);
	if (line === undefined) return `${level.padEnd(9)} ${message}`;
	switch (line.stage) {
		case "accept":
			return join("event", line.outcome, line.type, line.subject, line.route && `route "${line.route}"`, explain(line));
		case "dispatch": {
			const answer = line.status === undefined ? line.verdict : `${line.status}`;
			return join("dispatch", answer, `${line.repository} ${line.dispatchType}`, `${line.bytes} bytes, ${line.ms} ms`);
		}
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
