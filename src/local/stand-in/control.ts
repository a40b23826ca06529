import { isObject } from "../../event/json.ts";
import type { Answer } from "./calls.ts";
import type { GitHubApi } from "./github-api.ts";
import type { PipelinesApi } from "./pipelines-api.ts";
import { describeRun } from "./runs.ts";
import type { FaultScript } from "./script.ts";
import type { Taken } from "./taken.ts";

/** The parts of a stand-in that are looked at and changed from outside. */
interface Parts {
	readonly taken: Taken;
	readonly script: FaultScript;
	readonly github: GitHubApi;
	readonly pipelines: PipelinesApi;
}

const KNOWN =
	"the stand-in knows GET and DELETE /_received, GET /_runs, POST /_script, POST /_repository, POST /_pipeline, GET and POST /_clock";

/**
 * What is asked of the stand-in itself.
 *
 * | Asked | Answered |
 * | --- | --- |
 * | `GET /_received` | the dispatches that it took; DELETE forgets them and their runs |
 * | `GET /_runs` | every run, and how it will end |
 * | `POST /_script` | replaces the script (see `Fault`) |
 * | `POST /_repository` | replaces what is shown of repositories (see `StandInRepository`) |
 * | `POST /_pipeline` | replaces the pipelines that exist (see `StandInPipeline`) |
 * | `GET /_clock` | its time; POST `{ "advanceMs": 60000 }` or `{ "now": "2026-05-26T12:00:00Z" }` moves it forward |
 */
export class Control {
	private readonly parts: Parts;
	private readonly base: () => number;
	private aheadMs = 0;

	/** @param base the clock that its own one is ahead of, epoch milliseconds */
	constructor(parts: Parts, base: () => number) {
		this.parts = parts;
		this.base = base;
	}

	now(): number {
		return this.base() + this.aheadMs;
	}

	advance(ms: number): void {
		this.aheadMs += ms;
	}

	answer(method: string, target: string, raw: Buffer): Answer {
		const { taken, script, github, pipelines } = this.parts;
		const given = () => JSON.parse(raw.toString("utf8")) as unknown;
		try {
			switch (`${method} ${target.split("?")[0]}`) {
				case "GET /_received":
					return ok(taken.received);
				case "DELETE /_received":
					return ok({ forgotten: taken.forget() });
				case "GET /_runs":
					return ok(taken.runs.all().map((run) => describeRun(run, this.now())));
				case "POST /_script":
					return ok({ faults: script.set(given()) });
				case "POST /_repository":
					return ok({ repositories: github.repository.set(given()) });
				case "POST /_pipeline":
					return ok({ pipelines: pipelines.set(given()) });
				case "POST /_clock":
					this.advance(advanceIn(given(), this.now()));
					return ok({ now: new Date(this.now()).toISOString() });
				case "GET /_clock":
					return ok({ now: new Date(this.now()).toISOString() });
				default:
					return { status: 404, body: { error: KNOWN } };
			}
		} catch (error) {
			return { status: 400, body: { error: (error as Error).message } };
		}
	}
}

function ok(body: unknown): Answer {
	return { status: 200, body };
}

/** @throws TypeError naming what is wrong */
function advanceIn(given: unknown, now: number): number {
	const { advanceMs, now: to } = isObject(given) ? given : {};
	const ms = typeof to === "string" ? Date.parse(to) - now : advanceMs;
	if (typeof ms === "number" && ms >= 0) return ms;
	throw new TypeError('the clock needs "advanceMs" (0 or more) or "now" (a time in ISO 8601 that is not in the past)');
}
