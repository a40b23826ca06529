import { useState } from "preact/hooks";
import type { Lane } from "./answers.ts";
import { Glyph, ReceiptLink, StatePill, Subject } from "./parts.tsx";
import { unusableTokens } from "./present.ts";
import type { View } from "./view.ts";
import { alarmOf, type Tone } from "./way-of.ts";
import { clock, shortSubject } from "./words.ts";

interface Problem {
	readonly tone: Tone;
	readonly title: string;
	readonly text: string;
}

/** So many of each are shown at first. */
const FEW_PROBLEMS = 6;
const FEW_RUNS = 3;

/** What a person should know or repair; nothing at all while there is nothing. */
export function Problems({ view }: { view: View }) {
	const items = problemsOf(view);
	if (items.length === 0) return null;
	const row = ({ tone, title, text }: Problem) => (
		<li key={`${title} ${text}`} class={tone}>
			<strong>
				<Glyph tone={tone} /> {title}
			</strong>
			<span>{text}</span>
		</li>
	);
	return (
		<section class="card problems" id="attention" aria-labelledby="problems-title">
			<h2 id="problems-title">Needs attention</h2>
			<ul>{items.slice(0, FEW_PROBLEMS).map(row)}</ul>
			{items.length > FEW_PROBLEMS && (
				<details>
					<summary>Show {items.length - FEW_PROBLEMS} more</summary>
					<ul>{items.slice(FEW_PROBLEMS).map(row)}</ul>
				</details>
			)}
		</section>
	);
}

function problemsOf(view: View): readonly Problem[] {
	const { health, unread, now } = view;
	if (health === undefined) return [];
	const { problems, warnings, storage, lanes } = health;
	return [
		...problems.map(({ setting, problem }) => ({ tone: "lost", title: setting, text: problem }) as const),
		...(storage.reachable || problems.length > 0
			? []
			: [{ tone: "lost", title: "Storage", text: storage.reason ?? "cannot be reached" } as const]),
		...unread.map((text) => ({ tone: "delayed", title: "Receipts", text }) as const),
		...unusableTokens(view).map(({ lane, state, reason }) => {
			const title = state === "refused" ? `Token of ${lane} is refused` : `Token of ${lane}`;
			return { tone: "lost", title, text: reason ?? "is missing" } as const;
		}),
		...lanes.map((lane) => ({ tone: "delayed", ...laneProblem(lane, now) }) as const),
		...warnings.map((text) => ({ tone: "delayed", title: "Warning", text }) as const),
	];
}

function laneProblem({ lane, state, until, reason, parkedDestinations }: Lane, now: number) {
	const parts = [
		reason,
		until === null ? undefined : `next try at ${clock(until, now)}`,
		parkedDestinations > 0 ? `parked destinations: ${parkedDestinations}` : undefined,
	];
	return {
		title: state === "open" ? `Lane ${lane}` : `Lane ${lane} is ${state}`,
		text: parts.filter(Boolean).join("; "),
	};
}

/** Dispatches that were taken, and whose run failed, did not come, or cannot be told. */
export function RunsToCheck({ view, onOpen }: { view: View; onOpen: (key: string) => void }) {
	const [shows, setShows] = useState(FEW_RUNS);
	const { recent, isPart } = view;
	// The events of a window share its run, which is listed once.
	const all = recent.filter((receipt) => receipt.state === "dispatched" && alarmOf(receipt) !== undefined);
	if (all.length === 0) return null;
	return (
		<section class="card dead" id="runs" aria-labelledby="runs-title">
			<h2 id="runs-title">
				Runs to check <span class="count">{all.length}</span>
			</h2>
			<ul>
				{all.slice(0, shows).map((receipt) => (
					<li key={receipt.key}>
						<div class="line">
							<ReceiptLink receipt={receipt} onOpen={onOpen} />
							<StatePill receipt={receipt} />
						</div>
						<p class="more">
							<Subject text={shortSubject(receipt.event)} />
						</p>
						{receipt.followingReason !== null && <p class="more">{receipt.followingReason}</p>}
					</li>
				))}
			</ul>
			<p class="note pages">
				{all.length > shows && (
					<button type="button" class="quiet" onClick={() => setShows(shows + 20)}>
						Show {Math.min(20, all.length - shows)} more
					</button>
				)}
				{isPart && <span>Among the newest {recent.length} receipts.</span>}
			</p>
		</section>
	);
}
