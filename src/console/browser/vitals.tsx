import type { ComponentChildren } from "preact";
import type { Health, Pace } from "./answers.ts";
import type { View } from "./look.ts";
import { span } from "./times.ts";
import type { Tone } from "./way-of.ts";

interface VitalProps {
	readonly name: string;
	readonly value: string;
	readonly tone?: Tone | undefined;
	readonly children?: ComponentChildren;
}

/** The state of health in six numbers. */
export function Vitals({ view }: { view: View }) {
	const { health, now } = view;
	if (health === undefined) return null;
	const { waiting, oldest, windows, gathering, deadLetters } = health;
	const gathered = gathering.reduce((sum, { events }) => sum + events, 0);
	return (
		<dl class="vitals">
			<Vital name="Waiting" value={counted(waiting)} tone={waiting > 0 ? "moving" : undefined}>
				{oldest === null ? "nothing owed" : `oldest ${span(now - Date.parse(oldest))}`}
			</Vital>
			<GitHubVital health={health} now={now} />
			<Vital name="Pace" value={fullest(health.pace)}>
				<Meters pace={health.pace} />
			</Vital>
			<Vital name="Windows" value={String(windows)} tone={windows > 0 ? "moving" : undefined}>
				{windows === 0 ? "none open" : `${gathered} events gathered`}
			</Vital>
			<Vital name="Dead letters" value={counted(deadLetters)} tone={deadLetters > 0 ? "lost" : undefined}>
				{deadLetters === 0 ? "none" : "waiting for a replay"}
			</Vital>
			<TokenVital health={health} now={now} />
		</dl>
	);
}

function Vital({ name, value, tone, children }: VitalProps) {
	return (
		<div class={`vital ${tone ?? ""}`}>
			<dt>{name}</dt>
			<dd>
				<strong>{value}</strong>
				<span class="more">{children}</span>
			</dd>
		</div>
	);
}

function GitHubVital({ health: { lanes }, now }: { health: Health; now: number }) {
	const closed = lanes.find(({ state }) => state === "parked") ?? lanes.find(({ state }) => state === "paused");
	const repositories = lanes.reduce((sum, { parkedDestinations }) => sum + parkedDestinations, 0);
	if (closed !== undefined) {
		const left = closed.until === null ? 0 : Date.parse(closed.until) - now;
		return (
			<Vital name="GitHub" value={closed.state} tone="delayed">
				{left > 0 ? `next try in ${span(left)}` : "trying again"}
			</Vital>
		);
	}
	if (repositories === 0)
		return (
			<Vital name="GitHub" value="open" tone="sent">
				everything flows
			</Vital>
		);
	return (
		<Vital name="GitHub" value="open" tone="delayed">
			{repositories === 1 ? "a repository is parked" : `${repositories} repositories are parked`}
		</Vital>
	);
}

function TokenVital({ health: { tokens }, now }: { health: Health; now: number }) {
	const missing = tokens.filter(({ present }) => !present);
	if (tokens.length === 0 || missing.length > 0)
		return (
			<Vital name="Token" value="not usable" tone="lost">
				{missing.map(({ lane }) => lane).join(", ")}
			</Vital>
		);
	const [soonest] = tokens.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)])).sort();
	if (soonest === undefined)
		return (
			<Vital name="Token" value="present">
				GitHub names no end
			</Vital>
		);
	const days = Math.floor((soonest - now) / 86_400_000);
	return (
		<Vital name="Token" value={days < 0 ? "ended" : `${days} days`} tone={days < 30 ? "delayed" : undefined}>
			{days < 0 ? "put a new one in its place" : "until it ends"}
		</Vital>
	);
}

/** The limit of which the largest part is used. */
function fullest(pace: readonly Pace[]): string {
	const parts = pace.filter(({ seconds }) => seconds > 1).map(({ used, count }) => used / count);
	return parts.length === 0 ? "idle" : `${Math.round(Math.max(...parts) * 100)} %`;
}

function Meters({ pace }: { pace: readonly Pace[] }) {
	const shown = pace.filter(({ seconds }) => seconds > 1);
	if (shown.length === 0) return <>nothing sent lately</>;
	return (
		<>
			{shown.map(({ lane, count, seconds, used }) => (
				<span key={`${lane} ${seconds}`} class="meter">
					<meter
						min={0}
						max={count}
						high={count * 0.8}
						value={used}
						aria-label={`Calls of ${lane} in ${span(seconds * 1_000)}`}
					/>
					{used}/{count} {seconds === 60 ? "min" : seconds === 3_600 ? "h" : span(seconds * 1_000)}
				</span>
			))}
		</>
	);
}

/** Counts end at 1,000. */
function counted(count: number): string {
	return count >= 1_000 ? "1,000+" : String(count);
}
