import { FLAG_TRUE, type Members, oneOf, readObject, STRING, whole } from "./members.ts";
import { keyOf, type Received } from "./received.ts";

/** What becomes of the runs that a dispatch starts. Times are milliseconds of the stand-in's clock. */
export interface RunPlan {
	/** No run is ever created, although the dispatch was taken. */
	readonly none?: true;
	/** From the dispatch until the run can be seen: a number, or the ends of a range over which the runs are spread. */
	readonly createAfterMs?: Span;
	/** From then until it is in progress. */
	readonly startAfterMs?: Span;
	/** From then until it has concluded. */
	readonly completeAfterMs?: Span;
	/** `success` if left out. */
	readonly conclusion?: string;
	/** How many runs one dispatch starts in each workflow; 1 if left out. */
	readonly copies?: number;
	/** In place of the title that the workflow's `run-name` gives. */
	readonly title?: string;
}

type Span = number | readonly [from: number, to: number];

/** A run, from its dispatch on. */
export interface Run {
	readonly id: number;
	/** Counts the runs of a workflow or pipeline. */
	readonly number: number;
	readonly dispatch: Received;
	/** The workflow's file or the pipeline's id. */
	readonly of: RunOf;
	readonly title: string;
	/** A branch or tag, by its short name. */
	readonly ref: string;
	/** Epoch milliseconds; infinite for a run that is never created. */
	readonly createdAt: number;
	readonly startedAt: number;
	readonly completedAt: number;
	readonly conclusion: string;
}

/** The workflow or the pipeline that runs. */
export interface RunOf {
	readonly id: number;
	readonly name: string;
	/** From the repository's root; a workflow's. */
	readonly path: string;
}

/** How a run is at a moment. */
export interface RunState {
	readonly status: "queued" | "in_progress" | "completed";
	readonly conclusion: string | null;
	/** Epoch milliseconds. */
	readonly updatedAt: number;
}

const CONCLUSIONS = "success failure cancelled timed_out action_required neutral skipped stale startup_failure".split(
	" ",
);
/** Three days; a run cannot be queued for longer than a day, nor last longer than that on GitHub's runners. */
const MAX_SPAN_MS = 259_200_000;
const isTime = (ms: unknown) => typeof ms === "number" && ms >= 0 && ms <= MAX_SPAN_MS;
const SPAN = [
	(span: unknown) =>
		Array.isArray(span) ? span.length === 2 && span.every(isTime) && span[0] <= span[1] : isTime(span),
	`must be from 0 to ${MAX_SPAN_MS}, or two such times, the earlier first`,
] as const;

const MEMBERS: Members<RunPlan> = {
	none: FLAG_TRUE,
	createAfterMs: SPAN,
	startAfterMs: SPAN,
	completeAfterMs: SPAN,
	conclusion: oneOf(...CONCLUSIONS),
	copies: whole(1, 100),
	title: STRING,
};

/** @throws TypeError naming what is wrong */
export function readRunPlan(given: unknown, place: string): RunPlan {
	return readObject<RunPlan>(given, place, MEMBERS);
}

/** The runs that dispatches have started, by the place that they are in. */
export class Runs {
	private readonly places = new Map<string, Run[]>();
	private readonly byId = new Map<number, Run>();
	private readonly numbers = new Map<string, number>();
	private readonly usual: RunPlan;
	private count = 0;
	/** The ids before the first run: later with each start, since a bridge keeps the ids of runs over a restart. */
	private before: number | undefined;

	/** @param usual what becomes of a run that the script says nothing about */
	constructor(usual: RunPlan = {}) {
		this.usual = usual;
	}

	/**
	 * Starts what one dispatch starts in one workflow.
	 * @param at epoch milliseconds
	 * @returns the first of its runs
	 */
	start(run: Pick<Run, "dispatch" | "of" | "title" | "ref">, at: number, plan: RunPlan = {}): Run {
		const place = placeOf(run.dispatch);
		const runs = this.places.get(place) ?? [];
		this.places.set(place, runs);
		const copies = Array.from({ length: plan.copies ?? this.usual.copies ?? 1 }, () =>
			this.create(run, at, place, plan),
		);
		for (const copy of copies) {
			runs.push(copy);
			this.byId.set(copy.id, copy);
		}
		return copies[0] as Run;
	}

	/** The runs of a place that can be seen, the newest first. */
	seen(place: string, now: number): readonly Run[] {
		const runs = this.places.get(place.toLowerCase()) ?? [];
		return runs.filter(({ createdAt }) => createdAt <= now).sort((a, b) => b.createdAt - a.createdAt || b.id - a.id);
	}

	/** A run of a place, if it can be seen. */
	one(place: string, id: number, now: number): Run | undefined {
		const run = this.byId.get(id);
		if (run === undefined || run.createdAt > now) return undefined;
		return placeOf(run.dispatch) === place.toLowerCase() ? run : undefined;
	}

	/** Every run, in the order of the dispatches, also those that cannot be seen yet, or never. */
	all(): readonly Run[] {
		return [...this.byId.values()];
	}

	forget(): void {
		this.places.clear();
		this.byId.clear();
	}

	private create(run: Pick<Run, "dispatch" | "of" | "title" | "ref">, at: number, place: string, plan: RunPlan): Run {
		const { none, title = run.title, conclusion = "success", ...spans } = { ...this.usual, ...plan };
		this.before ??= Math.floor(at / 100) % MOST_BEFORE;
		this.count += 1;
		const counted = `${place} ${run.of.id}`;
		const number = (this.numbers.get(counted) ?? 0) + 1;
		this.numbers.set(counted, number);
		const createdAt = none === true ? Number.POSITIVE_INFINITY : at + spread(spans.createAfterMs, this.count);
		const startedAt = createdAt + spread(spans.startAfterMs, this.count);
		const completedAt = startedAt + spread(spans.completeAfterMs, this.count);
		return { ...run, id: this.before + this.count, number, title, createdAt, startedAt, completedAt, conclusion };
	}
}

/** Ten for each second; those of Azure Pipelines are 32-bit integers. */
const MOST_BEFORE = 2_000_000_000;

/** The place of a dispatch: its repository, or its project. */
function placeOf({ repository, organization, project }: Received): string {
	return (repository ?? `${organization}/${project}`).toLowerCase();
}

/** Multiples of the golden ratio, without their whole part, fill a range evenly however many there are. */
function spread(span: Span = 0, count: number): number {
	if (typeof span === "number") return span;
	const [from, to] = span;
	return Math.round(from + ((count * 0.618_033_988_75) % 1) * (to - from));
}

/** How a run is at a moment; undefined before it is created. */
export function stateOf({ createdAt, startedAt, completedAt, conclusion }: Run, now: number): RunState | undefined {
	if (now < createdAt) return undefined;
	if (now < startedAt) return { status: "queued", conclusion: null, updatedAt: createdAt };
	if (now < completedAt) return { status: "in_progress", conclusion: null, updatedAt: startedAt };
	return { status: "completed", conclusion, updatedAt: completedAt };
}

/** A run for `GET /_runs`: what a test compares with what the bridge tells. */
export function describeRun(run: Run, now: number): object {
	const { dispatch, of, id, title, ref, createdAt, startedAt, completedAt } = run;
	const { status = null, conclusion = null } = stateOf(run, now) ?? {};
	const time = (at: number) => (Number.isFinite(at) ? new Date(at).toISOString() : null);
	return {
		id,
		key: keyOf(dispatch) ?? null,
		place: placeOf(dispatch),
		of: of.name,
		title,
		ref,
		dispatchedAt: dispatch.at,
		createdAt: time(createdAt),
		startedAt: time(startedAt),
		completedAt: time(completedAt),
		status,
		conclusion,
		ends: run.conclusion,
	};
}
