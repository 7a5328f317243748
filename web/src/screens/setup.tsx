// SPDX-License-Identifier: GPL-2.0-or-later
/* The first run, in five short steps: secret, password, what there is, how strict, done.
 * The LAN was chosen in the configuration; without it nobody could be here. */
import { useEffect, useState } from "preact/hooks";
import { get, post, session, type Problem } from "../api/client";
import type { Roster, RosterDevice, Session } from "../api/types";
import { navigate } from "../app/router";
import { t } from "../i18n";
import { count } from "../i18n/format";
import { Field } from "../parts/field";
import { Icon, KindIcon } from "../parts/icons";
import { Button, Card, Empty, Name, StateBadge, Trouble } from "../parts/parts";
import { SHORTEST } from "../parts/people";

const STEPS = 5;
const SHOWN = 8; /* devices; the others are a number */

function Steps({ at }: { at: number }) {
	return (
		<ol class="steps" aria-label={t.setup.step(at + 1, STEPS)}>
			{Array.from({ length: STEPS }, (_, i) => (
				<li key={i} class={i < at ? "past" : i === at ? "now" : ""}
					aria-current={i === at ? "step" : undefined}>
					<span class="hidden-but-read">{i + 1}</span></li>))}
		</ol>
	);
}

interface Step {
	next: () => void;
}

const isSecret = (p: Problem) => p.field === "secret" || p.status === 403;

function Secret({ next, secret, setSecret, problem }:
	Step & { secret: string; setSecret: (s: string) => void; problem: Problem | null }) {
	return (
		<form onSubmit={(e) => {
			e.preventDefault();
			if (secret.trim())
				next();
		}}>
			<h1>{t.setup.secretTitle}</h1>
			<p class="soft">{t.setup.secretText}</p>
			<p class="console"><code><span class="soft" aria-hidden="true"># </span>cardea web</code></p>
			<Field label={t.setup.secret} value={secret} onInput={setSecret} first mono
				autocomplete="off" maxLength={64} hint={t.setup.secretHint}
				wrong={problem && isSecret(problem) ? t.setup.wrongSecret : null} />
			<div class="btns"><Button look="main" type="submit"
				disabled={!secret.trim()}>{t.common.next}</Button></div>
		</form>
	);
}

function Password({ back, submit, problem }:
	{ back: () => void; submit: (password: string) => Promise<void>; problem: Problem | null }) {
	const [one, setOne] = useState("");
	const [two, setTwo] = useState("");
	const short = one.length > 0 && one.length < SHORTEST;
	const other = two.length > 0 && two !== one;
	return (
		<form onSubmit={(e) => e.preventDefault()}>
			<h1>{t.setup.passwordTitle}</h1>
			<p class="soft">{t.setup.passwordText}</p>
			<input type="text" name="username" value="owner" autocomplete="username" hidden readOnly />
			<Field label={t.setup.password} type="password" value={one} onInput={setOne} first
				autocomplete="new-password" maxLength={256} hint={t.setup.passwordHint(SHORTEST)}
				wrong={short && two ? t.setup.tooShort(SHORTEST) : null} />
			<Field label={t.setup.again} type="password" value={two} onInput={setTwo}
				autocomplete="new-password" maxLength={256} wrong={other ? t.setup.differ : null} />
			<Trouble problem={problem && isSecret(problem) ? null : problem} />
			<div class="btns">
				<Button look="main" type="submit" disabled={one.length < SHORTEST || one !== two}
					onClick={() => submit(one)}>{t.setup.make}</Button>
				<Button look="bare" onClick={back}>{t.common.back}</Button>
			</div>
		</form>
	);
}

function Found({ next }: Step) {
	const [roster, setRoster] = useState<Roster | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	useEffect(() => void get<Roster>("/v1/roster", { limit: SHOWN }).then((r) =>
		r.ok ? setRoster(r.value) : setProblem(r.problem)), []);
	const rest = (roster?.total ?? 0) - (roster?.devices.length ?? 0);
	return (
		<>
			<h1>{roster ? t.setup.foundTitle(roster.total) : t.app.loading}</h1>
			<p class="soft">{t.setup.foundText}</p>
			<Trouble problem={problem} />
			{roster?.devices.length === 0 && <Empty icon="devices" title={t.home.emptyTitle}>
				{t.home.emptyText}</Empty>}
			<ul class="found">{roster?.devices.map((d: RosterDevice) => (
				<li key={d.id}><KindIcon of={d.class} /><b><Name>{d.name}</Name></b>
					<StateBadge state={d.state} /></li>))}</ul>
			{rest > 0 && <p class="soft">{t.setup.foundMore(count(rest))}</p>}
			<div class="btns"><Button look="main" onClick={next}>{t.common.next}</Button></div>
		</>
	);
}

type Mode = "watch" | "protect";

function Strict({ next }: Step) {
	const [mode, setMode] = useState<Mode>("watch");
	const [problem, setProblem] = useState<Problem | null>(null);
	const go = async () => {
		const r = await post<{ pending: unknown }>("/v1/settings",
			{ set: { "policy.mode": mode } });
		/* it cannot cut anybody off, so nobody has to come back to say that all is well */
		const sure = r.ok && r.value.pending ?
			await post("/v1/settings", { confirm: true }) : r;
		setProblem(sure.ok ? null : sure.problem);
		if (sure.ok)
			next();
	};
	return (
		<>
			<h1>{t.setup.strictTitle}</h1>
			<p class="soft">{t.setup.strictText}</p>
			<div class="choices" role="radiogroup" aria-label={t.setup.strictTitle}>
				{(["watch", "protect"] as const).map((value) => (
					<label key={value} class={`choice ${mode === value ? "on" : ""}`}>
						<input type="radio" name="mode" class="tick" checked={mode === value}
							onChange={() => setMode(value)} />
						<Icon of={value === "protect" ? "shield" : "eye"} size={28} />
						<span><b>{value === "protect" ? t.setup.protect : t.setup.watch}</b>
							<small>{value === "protect" ? t.setup.protectText : t.setup.watchText}</small>
						</span>
					</label>))}
			</div>
			<Trouble problem={problem} />
			<div class="btns"><Button look="main" onClick={go}>{t.common.next}</Button></div>
		</>
	);
}

function Done() {
	return (
		<>
			<h1>{t.setup.doneTitle}</h1>
			<p class="soft">{t.setup.doneText}</p>
			<div class="btns"><Button look="main" onClick={() => navigate("/")}>{t.setup.toHome}</Button></div>
		</>
	);
}

export function Setup() {
	const owner = session.value?.role === "owner";
	/* who is logged in has the first two behind him */
	const [at, setAt] = useState(owner ? 2 : 0);
	const [secret, setSecret] = useState("");
	const [problem, setProblem] = useState<Problem | null>(null);
	const submit = async (password: string) => {
		const r = await post<Session>("/v1/setup", { secret: secret.trim(), user: "owner", password });
		setProblem(r.ok ? null : r.problem);
		if (r.ok) {
			session.value = r.value;
			setAt(2);
		} else if (isSecret(r.problem)) {
			setAt(0);
		}
	};
	const next = () => setAt(at + 1);
	return (
		<div class="door">
			<Steps at={at} />
			<Card>
				{at === 0 && <Secret next={next} {...{ secret, setSecret, problem }} />}
				{at === 1 && <Password back={() => setAt(0)} {...{ submit, problem }} />}
				{at === 2 && <Found next={next} />}
				{at === 3 && <Strict next={next} />}
				{at === 4 && <Done />}
			</Card>
		</div>
	);
}
