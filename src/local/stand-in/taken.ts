import { type Call, factsOf } from "./calls.ts";
import type { Received } from "./received.ts";
import { type Run, type RunPlan, Runs } from "./runs.ts";
import type { FaultScript } from "./script.ts";

/** What the stand-in has taken, and the runs that this has started. */
export class Taken {
	readonly received: Received[] = [];
	readonly runs: Runs;
	private readonly script: FaultScript;

	/** @param usual what becomes of a run that the script says nothing about */
	constructor(script: FaultScript, usual?: RunPlan) {
		this.script = script;
		this.runs = new Runs(usual);
	}

	receive(dispatch: Received): Received {
		this.received.push(dispatch);
		return dispatch;
	}

	/**
	 * Starts the runs of a dispatch.
	 * @param workflows what it starts, one run each
	 * @param plan what the step of the script for its call says
	 */
	start(
		dispatch: Received,
		workflows: readonly Pick<Run, "of" | "title" | "ref">[],
		call: Call,
		plan: RunPlan | undefined,
	): readonly Run[] {
		const scripted = plan ?? this.script.nextRun(factsOf(call));
		return workflows.map((workflow) => this.runs.start({ dispatch, ...workflow }, call.at, scripted));
	}

	/** @returns how many dispatches there were */
	forget(): number {
		this.runs.forget();
		return this.received.splice(0).length;
	}
}
