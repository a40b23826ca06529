import type { Receipt } from "./answers.ts";
import { alarmOf, linkOf, runStep, wordOf } from "./run-step.ts";

/** What is known of the runs of a delivery, each with its page, and why not more is known. */
export function Runs({ receipt }: { receipt: Receipt }) {
	const { runs, following, followingReason, page, window, key } = receipt;
	const all = linkOf(page);
	const { mark, text } = runStep(receipt);
	return (
		<>
			<h3>Run</h3>
			{runs.length === 0 && <p class={`run ${mark}`}>{SAID[following ?? ""] ?? text}</p>}
			<ul class="runs">
				{runs.map((run) => {
					const link = linkOf(run.url);
					const name = run.workflow ?? `run ${run.id}`;
					return (
						<li key={run.id}>
							{link === undefined ? (
								<span>{name}</span>
							) : (
								<a href={link} target="_blank" rel="noreferrer">
									{name}
								</a>
							)}{" "}
							<strong>{wordOf(run)}</strong>
							{run.attempt > 1 && ` at attempt ${run.attempt}`}
							{!run.certain && <span class="more"> likely this one’s: its title does not carry bridge.key</span>}
						</li>
					);
				})}
			</ul>
			{followingReason !== null && <p class={`reason ${alarmOf(receipt)?.tone ?? "passed"}`}>{followingReason}</p>}
			<p class="more trace">
				{all !== undefined && (
					<a href={all} target="_blank" rel="noreferrer">
						All runs
					</a>
				)}{" "}
				<code>npx grid-dispatch trace {window ?? key}</code>
			</p>
		</>
	);
}

const SAID: Readonly<Record<string, string>> = {
	"": "unknown: the bridge did not look for a run of this",
	off: "not followed: FOLLOW_RUNS is off",
	looking: "looking for it",
};
