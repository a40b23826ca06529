/** What the next request gets instead of GitHub's proper answer. One step serves `times` requests. */
export interface Fault {
	/** The status to answer with; left out, the proper answer is given (after `delayMs`, or cut off by `cut`). */
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/**
	 * The answer's body: as JSON, or a text as it stands where `headers` say that it is none. Left out, GitHub's form of an
	 * error.
	 */
	readonly body?: unknown;
	readonly delayMs?: number;
	/** Never answers. */
	readonly hang?: boolean;
	/** With `status` or `hang`: GitHub takes the dispatch all the same, as it has been seen to do before a 502. */
	readonly taken?: boolean;
	/** Breaks the connection instead of answering: `before` GitHub has taken the dispatch, or `after`, so that a 204 is lost. */
	readonly cut?: "before" | "after";
	readonly times?: number;
	/** owner/name; calls that name another repository, or none, pass this step by. */
	readonly repository?: string;
}

const KEYS = new Set(["status", "headers", "body", "delayMs", "hang", "taken", "cut", "times", "repository"]);

/** A queue of faults; the first one that applies to a request serves it. */
export class FaultScript {
	private steps: { fault: Fault; left: number }[] = [];

	/**
	 * Replaces the script.
	 * @param script one fault or an array of them, as JSON
	 * @throws TypeError naming what is wrong
	 */
	set(script: unknown): number {
		const faults = Array.isArray(script) ? script : [script];
		this.steps = faults.map((fault, index) => ({ fault: check(fault, index), left: (fault as Fault).times ?? 1 }));
		return this.left();
	}

	/** How many requests are still to get a fault. */
	left(): number {
		return this.steps.reduce((sum, { left }) => sum + left, 0);
	}

	/** @param repository the one that the request names, owner/name */
	next(repository?: string): Fault | undefined {
		const step = this.steps.find(({ fault }) => applies(fault, repository));
		if (step === undefined) return undefined;
		step.left -= 1;
		if (step.left <= 0) this.steps.splice(this.steps.indexOf(step), 1);
		return step.fault;
	}
}

function applies(fault: Fault, repository: string | undefined): boolean {
	return fault.repository === undefined || fault.repository.toLowerCase() === repository?.toLowerCase();
}

function check(fault: unknown, index: number): Fault {
	const place = `script[${index}]`;
	if (typeof fault !== "object" || fault === null || Array.isArray(fault))
		throw new TypeError(`${place} must be an object`);
	const unknown = Object.keys(fault).find((key) => !KEYS.has(key));
	if (unknown !== undefined)
		throw new TypeError(`${place}: there is no "${unknown}"; there are ${[...KEYS].join(", ")}`);
	const { status, headers, hang, taken, cut, times, delayMs, repository } = fault as Fault;
	if (headers !== undefined && !areHeaders(headers)) {
		throw new TypeError(`${place}.headers must be an object of header names and strings`);
	}
	if (hang !== undefined && typeof hang !== "boolean") throw new TypeError(`${place}.hang is true or false`);
	if (taken !== undefined && typeof taken !== "boolean") throw new TypeError(`${place}.taken is true or false`);
	if (taken === true && (cut !== undefined || (status === undefined && hang !== true))) {
		throw new TypeError(`${place}.taken goes with status or hang; cut says by itself whether a dispatch is taken`);
	}
	if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
		throw new TypeError(`${place}.status must be from 200 to 599`);
	}
	if (cut !== undefined && cut !== "before" && cut !== "after")
		throw new TypeError(`${place}.cut is "before" or "after"`);
	if (times !== undefined && !(Number.isInteger(times) && times > 0))
		throw new TypeError(`${place}.times must be 1 or more`);
	if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= 60_000)) {
		throw new TypeError(`${place}.delayMs must be from 0 to 60000`);
	}
	if (repository !== undefined && !isRepository(repository)) {
		throw new TypeError(`${place}.repository must be owner/name`);
	}
	return fault as Fault;
}

function isRepository(name: unknown): boolean {
	return typeof name === "string" && /^[^/\s]+\/[^/\s]+$/.test(name);
}

function areHeaders(headers: object): boolean {
	if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
	return Object.entries(headers).every(
		([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t -~]*$/.test(value) && typeof value === "string",
	);
}
