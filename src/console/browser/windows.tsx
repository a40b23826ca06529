import type { Gathering } from "./answers.ts";
import type { Live } from "./live.ts";
import { Subject } from "./parts.tsx";
import { NO_FILTER, type View } from "./view.ts";
import { shortSubject, span } from "./words.ts";

/** Open windows, by route and group, each with the time that is left until it closes. */
export function Windows({ view, live }: { view: View; live: Live }) {
	const { health, now, access } = view;
	if (health === undefined || health.gathering.length === 0) return null;
	const more = health.windows - health.gathering.length;
	return (
		<section class="card windows" id="windows" aria-labelledby="windows-title">
			<h2 id="windows-title">
				Open windows <span class="count">{health.windows}</span>
			</h2>
			<ul>
				{health.gathering.map((one) => (
					<OpenWindow
						key={`${one.lane} ${one.group ?? one.since} ${one.route}`}
						window={one}
						about={aboutOf(one, view)}
						now={now}
					/>
				))}
			</ul>
			<p class="note pages">
				{more > 0 && (
					<span>
						These are the first {health.gathering.length}; {more} more are open.
					</span>
				)}
				{access === "open" && (
					<button type="button" class="quiet" onClick={() => live.setFilter({ ...NO_FILTER, state: "coalescing" })}>
						List their events
					</button>
				)}
			</p>
		</section>
	);
}

/** What the events of a window have in common, as far as the page knows them: health must not say it. */
function aboutOf({ group }: Gathering, { recent }: View): string | undefined {
	const subjects = recent
		.filter((one) => one.group !== null && one.group === group)
		.map(({ event }) => shortSubject(event));
	const [first] = subjects;
	if (first === undefined) return undefined;
	const length = subjects.reduce((same, subject) => {
		let at = 0;
		while (at < same && subject[at] === first[at]) at += 1;
		return at;
	}, first.length);
	return subjects.length === 1 ? first : `${first.slice(0, length)}…`;
}

function OpenWindow({ window, about, now }: { window: Gathering; about: string | undefined; now: number }) {
	const { route, group, events, since, closes, latest } = window;
	const [begin, end, left] = [Date.parse(since), Date.parse(latest), Date.parse(closes) - now];
	const name = group === undefined ? route : `${route}, group ${group.slice(0, 6)}`;
	return (
		<li>
			<p>
				<strong>{name}</strong>
				<span class="count">{events >= 1_000 ? "1,000+" : events} events</span>
			</p>
			{about !== undefined && (
				<p class="more">
					<Subject text={about} />
				</p>
			)}
			<progress
				max={end - begin}
				value={Math.min(end, Math.max(begin, now)) - begin}
				aria-label={`Window of ${name}`}
			/>
			<p class="more">
				{left > 0 ? `closes in ${span(left)} if no further event comes` : "closing"}, {span(end - begin)} after its
				first event at the latest
			</p>
		</li>
	);
}
