import { Glyph } from "./glyph.tsx";
import { unusableTokens } from "./present.ts";
import { clock } from "./times.ts";
import type { Tone } from "./tones.ts";
import type { View } from "./view.ts";

interface Problem {
	readonly tone: Tone;
	readonly title: string;
	readonly text: string;
}

const FEW = 6;

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
			<ul>{items.slice(0, FEW).map(row)}</ul>
			{items.length > FEW && (
				<details>
					<summary>Show {items.length - FEW} more</summary>
					<ul>{items.slice(FEW).map(row)}</ul>
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

function laneProblem(
	{ lane, state, until, reason, parkedDestinations }: NonNullable<View["health"]>["lanes"][number],
	now: number,
) {
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
