import { isObject } from "../../event/json.ts";
import { ANY, BOOLEAN, type Members, oneOf, readList, STRING, whole } from "./members.ts";
import { type RunPlan, readRunPlan } from "./runs.ts";

/**
 * A step of the script: what the next call that it applies to gets instead of the proper answer, and what becomes of the
 * runs that the next dispatch starts. One step serves `times` calls.
 */
export interface Fault {
	/** The status to answer with; left out, the proper answer is given (after `delayMs`, or cut off by `cut`). */
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/**
	 * The answer's body: as JSON, or a text as it stands where `headers` say that it is none. Left out, the service's form
	 * of an error.
	 */
	readonly body?: unknown;
	readonly delayMs?: number;
	/** Never answers. */
	readonly hang?: boolean;
	/** With `status` or `hang`: the dispatch is taken all the same, as GitHub has been seen to do before a 502. */
	readonly taken?: boolean;
	/** Breaks the connection instead of answering: `before` the dispatch is taken, or `after`, so that the answer is lost. */
	readonly cut?: "before" | "after";
	/**
	 * A refusal in the service's own words. `runs`: the token may not read runs. `actions`: the server has no Actions.
	 * `return_run_details`: the server does not know that member, as Enterprise Server up to 3.20.
	 */
	readonly refuse?: "runs" | "actions" | "return_run_details";
	/** What becomes of the runs of a dispatch that is taken. */
	readonly run?: RunPlan;
	readonly times?: number;
	/** Only calls of that kind. */
	readonly calls?: "dispatches" | "reads";
	/** owner/name; calls that name another repository, or none, pass this step by. */
	readonly repository?: string;
	/** organization/project of Azure Pipelines. */
	readonly project?: string;
	/** Only dispatches of that event type. */
	readonly dispatchType?: string;
	/** Only dispatches to that workflow, by its file. */
	readonly workflow?: string;
	/** Only runs of that pipeline, by its id. */
	readonly pipeline?: number;
}

/** What a step is chosen by. */
export interface CallFacts {
	/** A dispatch of either kind, a run of a pipeline, a call that only reads, or neither. */
	readonly kind?: "dispatch" | "read" | "other";
	readonly repository?: string | undefined;
	readonly project?: string | undefined;
	readonly dispatchType?: string | undefined;
	readonly workflow?: string | undefined;
	readonly pipeline?: number | undefined;
	/** What of it the steps with `refuse` are about. */
	readonly about?: readonly Fault["refuse"][];
}

const FLAG = [BOOLEAN[0], "must be true or false"] as const;
const NAME = [
	(name: unknown) => typeof name === "string" && /^[^/\s]+\/[^/\s]+$/.test(name),
	"must be owner/name",
] as const;

const MEMBERS: Members<Fault> = {
	status: whole(200, 599),
	headers: [areHeaders, "must be an object of header names and strings"],
	body: ANY,
	delayMs: [(ms) => typeof ms === "number" && ms >= 0 && ms <= 60_000, "must be from 0 to 60000"],
	hang: FLAG,
	taken: FLAG,
	cut: oneOf("before", "after"),
	refuse: oneOf("runs", "actions", "return_run_details"),
	run: ANY,
	times: whole(1),
	calls: oneOf("dispatches", "reads"),
	repository: NAME,
	project: [NAME[0], "must be organization/project"],
	dispatchType: STRING,
	workflow: STRING,
	pipeline: whole(1),
};

/** A queue of steps; the first one that applies to a call serves it. */
export class FaultScript {
	private steps: { readonly fault: Fault; left: number }[] = [];

	/**
	 * Replaces the script.
	 * @param script one step or an array of them, as JSON
	 * @returns how many calls they serve
	 * @throws TypeError naming what is wrong; the script then stays as it was
	 */
	set(script: unknown): number {
		const faults = readList<Fault>(script, "script", MEMBERS);
		faults.forEach(check);
		this.steps = faults.map((fault) => ({ fault, left: fault.times ?? 1 }));
		return this.left();
	}

	/** How many calls are still to be served. */
	left(): number {
		return this.steps.reduce((sum, { left }) => sum + left, 0);
	}

	/** The step for a call that has arrived. */
	next(call: CallFacts = {}): Fault | undefined {
		return this.take((fault) => !isAboutRuns(fault) && applies(fault, call));
	}

	/** What becomes of the runs of a dispatch that was taken, where no step for its call has said so. */
	nextRun(call: CallFacts): RunPlan | undefined {
		return this.take((fault) => isAboutRuns(fault) && applies(fault, call))?.run;
	}

	private take(suits: (fault: Fault) => boolean): Fault | undefined {
		const step = this.steps.find(({ fault }) => suits(fault));
		if (step === undefined) return undefined;
		step.left -= 1;
		if (step.left <= 0) this.steps.splice(this.steps.indexOf(step), 1);
		return step.fault;
	}
}

/** Such a step leaves the answer alone. It is for dispatches that are taken, so that as many runs follow it as it says. */
function isAboutRuns({ run, status, headers, delayMs, hang, cut, refuse }: Fault): boolean {
	return run !== undefined && [status, headers, delayMs, cut, refuse].every((one) => one === undefined) && !hang;
}

function applies(fault: Fault, call: CallFacts): boolean {
	const forDispatch = [fault.run, fault.dispatchType, fault.workflow].some((one) => one !== undefined);
	if ((forDispatch || fault.calls === "dispatches") && call.kind !== "dispatch") return false;
	if (fault.calls === "reads" && call.kind !== "read") return false;
	if (fault.refuse !== undefined && call.about?.includes(fault.refuse) !== true) return false;
	return (
		isSame(fault.repository, call.repository) &&
		isSame(fault.project, call.project) &&
		(fault.dispatchType ?? call.dispatchType) === call.dispatchType &&
		(fault.workflow ?? call.workflow) === call.workflow &&
		(fault.pipeline ?? call.pipeline) === call.pipeline
	);
}

function isSame(wanted: string | undefined, given: string | undefined): boolean {
	return wanted === undefined || wanted.toLowerCase() === given?.toLowerCase();
}

/** What the members say together. */
function check({ status, hang, taken, cut, refuse, run }: Fault, index: number): void {
	const place = `script[${index}]`;
	if (taken === true && (cut !== undefined || (status === undefined && hang !== true))) {
		throw new TypeError(
			`${place}.taken needs status or hang beside it; with cut, leave it out: cut already says whether the dispatch is accepted`,
		);
	}
	if (refuse !== undefined && (status !== undefined || hang === true || cut !== undefined || run !== undefined)) {
		throw new TypeError(`${place}.refuse is an answer by itself; remove status, hang, cut and run`);
	}
	if (run === undefined) return;
	readRunPlan(run, `${place}.run`);
	if (taken !== true && (status !== undefined || hang === true || cut === "before")) {
		throw new TypeError(`${place}.run needs a dispatch that is accepted; add "taken": true`);
	}
}

function areHeaders(headers: unknown): boolean {
	if (!isObject(headers)) return false;
	return Object.entries(headers).every(
		([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === "string" && /^[\t -~]*$/.test(value),
	);
}
