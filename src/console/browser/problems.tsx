import type { View } from "./look.ts";
import { clock } from "./times.ts";

/** What a person should know or repair; nothing at all while there is nothing. */
export function Problems({ view: { health, now } }: { view: View }) {
	if (health === undefined) return null;
	const { problems, warnings, storage, tokens, lanes } = health;
	const items = [
		...problems.map(({ setting, problem }) => ({ tone: "lost", title: setting, text: problem })),
		...(storage.reachable || problems.length > 0
			? []
			: [{ tone: "lost", title: "Storage", text: storage.reason ?? "cannot be reached" }]),
		...tokens
			.filter(({ present }) => !present)
			.map(({ lane, reason }) => ({ tone: "lost", title: `Token of ${lane}`, text: reason ?? "is missing" })),
		...lanes.map(({ lane, state, until, reason, parkedDestinations }) => ({
			tone: "delayed",
			title: state === "open" ? `Lane ${lane}` : `Lane ${lane} is ${state}`,
			text: [
				reason,
				until === null ? undefined : `next try at ${clock(until, now)}`,
				parkedDestinations > 0 ? `${parkedDestinations} of its repositories parked` : undefined,
			]
				.filter(Boolean)
				.join("; "),
		})),
		...warnings.map((text) => ({ tone: "delayed", title: "Warning", text })),
	];
	if (items.length === 0) return null;
	return (
		<section class="card problems" aria-labelledby="problems-title">
			<h2 id="problems-title">To be looked at</h2>
			<ul>
				{items.map(({ tone, title, text }) => (
					<li key={`${title} ${text}`} class={tone}>
						<strong>{title}</strong>
						<span>{text}</span>
					</li>
				))}
			</ul>
		</section>
	);
}
