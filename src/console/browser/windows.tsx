import type { Gathering } from "./answers.ts";
import type { View } from "./look.ts";
import { span } from "./times.ts";

/** Windows that fill up, each with its way to the time at which it closes. */
export function Windows({ view: { health, now } }: { view: View }) {
	if (health === undefined || health.gathering.length === 0) return null;
	return (
		<section class="card windows" aria-labelledby="windows-title">
			<h2 id="windows-title">Windows filling up</h2>
			<ul>
				{health.gathering.map((one) => (
					<OpenWindow key={`${one.lane} ${one.route} ${one.since}`} window={one} now={now} />
				))}
			</ul>
			{health.windows > health.gathering.length && (
				<p class="note">and {health.windows - health.gathering.length} more</p>
			)}
		</section>
	);
}

function OpenWindow({ window: { route, events, since, closes, latest }, now }: { window: Gathering; now: number }) {
	const [begin, end, left] = [Date.parse(since), Date.parse(latest), Date.parse(closes) - now];
	return (
		<li>
			<p>
				<strong>{route}</strong>
				<span class="count">{events >= 1_000 ? "1,000+" : events} events</span>
			</p>
			<progress
				max={end - begin}
				value={Math.min(end, Math.max(begin, now)) - begin}
				aria-label={`Window of ${route}`}
			/>
			<p class="more">
				{left > 0 ? `closes in ${span(left)} if no other comes` : "closing"}, at the latest after {span(end - begin)}
			</p>
		</li>
	);
}
