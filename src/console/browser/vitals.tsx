import type { ComponentChildren } from "preact";
import type { Health, Pace } from "./answers.ts";
import { Glyph } from "./parts.tsx";
import { presentOf, unusableTokens } from "./present.ts";
import type { View } from "./view.ts";
import type { Tone } from "./way-of.ts";
import { counted, number, serviceOfLane, span } from "./words.ts";

interface VitalProps {
	readonly name: string;
	readonly value: string;
	readonly tone?: Tone | undefined;
	readonly children?: ComponentChildren;
}

/** The state of the bridge in six numbers. */
export function Vitals({ view }: { view: View }) {
	const { health } = view;
	if (health === undefined) return null;
	const { windows, gathering, pace } = health;
	const { deadLetters = 0 } = presentOf(view);
	const gathered = gathering.reduce((sum, { events }) => sum + events, 0);
	return (
		<dl class="vitals">
			<WaitingVital view={view} />
			<DestinationVital view={view} health={health} />
			<Vital name="Pace" value={fullest(pace)}>
				<Meters pace={pace} />
			</Vital>
			<Vital name="Windows" value={String(windows)} tone={windows > 0 ? "moving" : undefined}>
				{windows === 0 ? "none open" : `${counted(gathered, "event")} gathered`}
			</Vital>
			<Vital name="Dead letters" value={number(deadLetters)} tone={deadLetters > 0 ? "lost" : undefined}>
				{deadLetters === 0 ? "none" : "to replay or discard"}
			</Vital>
			<TokenVital view={view} health={health} />
		</dl>
	);
}

function Vital({ name, value, tone, children }: VitalProps) {
	return (
		<div class={`vital ${tone ?? ""}`}>
			<dt>{name}</dt>
			<dd>
				<strong>
					{tone !== undefined && <Glyph tone={tone} />}
					{value}
				</strong>
				<span class="more">{children}</span>
			</dd>
		</div>
	);
}

function WaitingVital({ view }: { view: View }) {
	const { waiting = 0, isLeast, paused, parked } = presentOf(view);
	const oldest = view.health?.oldest ?? null;
	const parts = [
		parked > 0 ? `${parked} parked` : undefined,
		paused > 0 ? `${paused} paused` : undefined,
		waiting > 0 && oldest !== null ? `oldest ${span(view.now - Date.parse(oldest))}` : undefined,
	];
	const delayed = paused + parked > 0;
	return (
		<Vital
			name="Waiting"
			value={isLeast ? `${number(waiting)}+` : number(waiting)}
			tone={delayed ? "delayed" : waiting > 0 ? "moving" : undefined}
		>
			{parts.filter(Boolean).join(", ") || (waiting === 0 ? "queue empty" : "on their way")}
		</Vital>
	);
}

/** Whether the destinations take calls; what the receipts show counts as well as what health says. */
function DestinationVital({ view, health: { lanes } }: { view: View; health: Health }) {
	const { paused, parked } = presentOf(view);
	const closed = lanes.find(({ state }) => state === "parked") ?? lanes.find(({ state }) => state === "paused");
	const destinations = lanes.reduce((sum, { parkedDestinations }) => sum + parkedDestinations, 0);
	const name = "Destinations";
	if (closed !== undefined) {
		const left = closed.until === null ? 0 : Date.parse(closed.until) - view.now;
		return (
			<Vital name={name} value={closed.state} tone="delayed">
				{serviceOfLane(closed.lane)}, {left > 0 ? `next try in ${span(left)}` : "trying again"}
			</Vital>
		);
	}
	if (destinations > 0 || parked > 0)
		return (
			<Vital name={name} value="parked" tone="delayed">
				{destinations > 0
					? `${counted(destinations, "destination")} parked`
					: `${counted(parked, "delivery", "deliveries")} parked`}
			</Vital>
		);
	if (paused > 0)
		return (
			<Vital name={name} value="paused" tone="delayed">
				{counted(paused, "delivery", "deliveries")} paused
			</Vital>
		);
	return (
		<Vital name={name} value="open" tone="sent">
			no lane is paused or parked
		</Vital>
	);
}

function TokenVital({ view, health: { tokens } }: { view: View; health: Health }) {
	const unusable = unusableTokens(view);
	const [first] = unusable;
	if (first !== undefined)
		return (
			<Vital name="Token" value={first.state ?? "not usable"} tone="lost">
				{unusable.map(({ lane }) => lane).join(", ")}
			</Vital>
		);
	if (tokens.length === 0)
		return (
			<Vital name="Token" value="none">
				no route needs one
			</Vital>
		);
	const [soonest] = tokens
		.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)]))
		.sort((one, other) => one - other);
	if (soonest === undefined)
		return (
			<Vital name="Token" value="present">
				no expiry date reported
			</Vital>
		);
	const days = Math.floor((soonest - view.now) / 86_400_000);
	return (
		<Vital
			name="Token"
			value={days < 0 ? "expired" : counted(days, "day")}
			tone={days < 0 ? "lost" : days < 30 ? "delayed" : undefined}
		>
			{days < 0 ? "replace it" : "until it expires"}
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
