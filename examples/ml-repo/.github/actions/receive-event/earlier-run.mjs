// Whether a run of this workflow has worked on the same event before. Source: docs.github.com, "List workflow runs for a
// repository". A run is found by its title: `run-name` of the workflow carries the key.
import { askJson, safeUrl } from "./http.mjs";
import { Refused } from "./runner.mjs";

const PAGE = 100;
/** The token of a run has 1,000 requests an hour for the whole repository. */
const MAX_PAGES = 5;
const HOUR_MS = 3_600_000;

/**
 * @param env what the runner says of this run
 * @param options the `key`, the `token`, how many `hours` to look back, and the time `now`, in ms
 * @returns `{ ran, url?, warning? }`; `ran` is `true`, `false` or `unknown`
 */
export async function findEarlierRun(env, { key, token, hours, now }) {
	if (hours === 0) return { ran: "unknown" };
	const seen = await readRuns(env, token, new Date(now - hours * HOUR_MS));
	if (seen.problem !== undefined) {
		return { ran: "unknown", warning: `Whether this event was worked on before is unknown: ${seen.problem}` };
	}
	const id = Number(env.GITHUB_RUN_ID);
	const runs = seen.runs.filter((run) => isSameWorkflow(run, env));
	const earlier = runs.find((run) => run.id < id && keyIn(run) === key && isDoneOrUnderWay(run));
	if (earlier !== undefined) {
		return { ran: "true", url: `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${earlier.id}` };
	}
	const self = runs.find((run) => run.id === id);
	if (self !== undefined && keyIn(self) !== key) {
		const repair =
			"put github.event.client_payload.bridge.key into the run-name of this workflow, before any other text of the event";
		return { ran: "unknown", warning: `The title of this run does not carry the key of its event: ${repair}` };
	}
	return { ran: "false" };
}

/** The newest runs of the event that started this one. */
async function readRuns(env, token, since) {
	const runs = [];
	const query = { event: env.GITHUB_EVENT_NAME, created: `>=${since.toISOString().slice(0, 19)}Z`, per_page: PAGE };
	const headers = {
		authorization: `Bearer ${token}`,
		accept: "application/vnd.github+json",
		"user-agent": "receive-event",
	};
	try {
		const api = safeUrl(env.GITHUB_API_URL ?? "", "GITHUB_API_URL", env);
		for (let page = 1; page <= MAX_PAGES; page++) {
			const url = new URL(`${api.href.replace(/\/$/, "")}/repos/${env.GITHUB_REPOSITORY}/actions/runs`);
			url.search = String(new URLSearchParams({ ...query, page }));
			const { status, body } = await askJson(url, { headers }, "GitHub");
			if (status === 403 || status === 404) {
				return { problem: `GitHub answers ${status}. The job needs the permission actions: read` };
			}
			if (status !== 200 || !Array.isArray(body.workflow_runs)) return { problem: `GitHub answers ${status}` };
			runs.push(...body.workflow_runs.filter((run) => Number.isSafeInteger(run?.id)));
			if (body.workflow_runs.length < PAGE) break;
		}
	} catch (error) {
		if (!(error instanceof Refused)) throw error;
		return { problem: error.message };
	}
	return { runs };
}

/** GITHUB_WORKFLOW_REF is `OWNER/REPOSITORY/PATH@REF`. Another workflow may listen to the same event, with a job of its own. */
function isSameWorkflow({ path }, { GITHUB_WORKFLOW_REF = "", GITHUB_REPOSITORY = "" }) {
	const own = GITHUB_WORKFLOW_REF.slice(GITHUB_REPOSITORY.length + 1).split("@")[0];
	return typeof path === "string" && path.split("@")[0] === own;
}

/** The first key of a title. What follows it may be text of an event, which could name the key of another one. */
function keyIn({ display_title: title }) {
	return /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/.exec(typeof title === "string" ? title : "")?.[0];
}

/** A run that failed or was cancelled leaves the work to this one. */
function isDoneOrUnderWay({ status, conclusion }) {
	return status !== "completed" || conclusion === "success";
}
