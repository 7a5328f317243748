# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gateway says stands in German, too: each text of the C sources that the owner's
page may show has its template in web/src/i18n/gateway.de.txt, and each template has its
source. Files are told here once: who adds one that speaks says where its words go."""
import json
import re

import pytest

from gateway_words import ROOT, SRC, calls, chunks, template

TABLE = ROOT / "web/src/i18n/gateway.de.txt"

# All that these say is shown.
WHOLE = """
base/error.c enforce/bpf/ports.c enforce/nft/commit.c lifecycle/advisory.c lifecycle/bundle_fields.c
lifecycle/machine.c lifecycle/suspicion.c lifecycle/table.c model/rule.c model/update_host.c model/webhook.c
model/worm.c policy/ether.c policy/explain.c policy/overlay.c policy/prepare.c
engine/advisories.c engine/advisories_judge.c engine/advisories_log.c engine/attestor_traffic.c
engine/cases_ask.c engine/cases_file.c engine/cases_playbook.c engine/cases_view.c
engine/changes.c engine/classes.c engine/deviation.c engine/effect.c engine/fetcher.c
engine/household_limits.c engine/household_policy.c engine/learner.c
engine/learner_maintain.c engine/lives.c engine/pipeline.c engine/pipeline_adopt.c
engine/pipeline_classes.c engine/pipeline_decisions.c engine/pipeline_held.c
engine/pipeline_held_say.c engine/pipeline_hello.c engine/pipeline_hidden.c
engine/pipeline_identity.c engine/pipeline_life.c engine/pipeline_names.c
engine/pipeline_overlays.c engine/pipeline_ports.c engine/pipeline_profiles.c
engine/pipeline_release.c engine/pipeline_sensor.c engine/pipeline_trust.c engine/prober.c
engine/prober_text.c engine/reporter.c engine/trial.c engine/watching.c engine/webhook.c
engine/why.c
engine/api/access.c engine/api/etag.c
engine/api/problem.c engine/api/request.c engine/api/schema.c engine/api/schema_check.c
engine/api/server.c engine/api/stream.c engine/api/views.c engine/api/views_anomalies.c
engine/api/views_cases.c engine/api/views_changes.c engine/api/views_decisions.c
engine/api/views_effect.c engine/api/views_events.c engine/api/views_home.c
engine/api/views_learning.c engine/api/views_life.c engine/api/views_overlays.c
engine/api/views_people.c engine/api/views_policy.c engine/api/views_quarantine.c
engine/api/views_reports.c engine/api/views_session.c engine/api/views_settings.c
engine/api/views_settings_wish.c engine/api/views_sinks.c engine/api/views_system.c
engine/api/views_talks.c
engine/config/merge.c engine/config/schema.c engine/config/toml.c profiles/fetch/fetch.c
profiles/fetch/fetch_curl.c profiles/fetch/fetch_file.c profiles/fetch/poster.c
profiles/mud/cms.c profiles/maintain/maintain.c profiles/maintain/record.c profiles/maintain/tick.c
profiles/maintain/time.c profiles/maintain/window.c profiles/learned/poison.c
profiles/probe/words.c profiles/tls/tls_check.c profiles/trust/trust.c proc/parent_change.c
proc/resolver_cert_files.c proc/resolver_tls_context.c proc/web_login.c proc/web_people.c
""".split()

# Of these only what becomes an event or a line of what was changed: the rest answers routes
# that the page does not ask, and stands on the command line.
NOTED = re.compile(r"(journal_note|api_changed(_by)?)$")
EVENTS = """
engine/advisories_import.c engine/advisories_issuer.c engine/attestor_suit.c
engine/attestor_take.c engine/backup.c engine/portal.c engine/replace.c engine/vault.c
engine/api/views_adopted.c engine/api/views_advisories.c engine/api/views_attest.c
engine/api/views_controllers.c engine/api/views_identity.c engine/api/views_issuers.c
engine/api/views_vault.c engine/api/views_web.c
""".split()

# Of a maker's file the page shows why a rule is not enforced; the rest is for who writes one.
RULED_OUT = re.compile(r"mud_match_(cannot|hold)$")
FILES = sorted(str(p.relative_to(SRC)) for p in (SRC / "profiles/mud").glob("*.c"))

# Nobody sees these in the page.
ELSEWHERE = {
    "for whoever writes or checks a file, on the command line": """
        engine/adopt.c engine/learn_bare.c engine/learn_extended.c engine/learn_extended_said.c
        engine/learn_interact.c engine/learn_interact_captures.c engine/learn_profile.c
        engine/learn_report.c engine/learn_text.c engine/replay.c engine/replay_identity.c
        engine/replay_report.c lifecycle/advisory_read.c lifecycle/bundle_lint.c
        lifecycle/cacao_read.c lifecycle/cacao_write.c lifecycle/draw.c
        engine/attestor_keys.c""",
    "for the log, or for other programs": """
        engine/attestor.c engine/attestor_hosts.c engine/advisories_flows.c
        engine/cases.c engine/classes_mapping.c engine/commit.c engine/history.c
        engine/history_save.c engine/hits.c engine/homeassistant.c engine/household.c
        engine/household_hold.c engine/household_names.c engine/journal.c
        engine/pipeline_house.c engine/pipeline_quarantine.c engine/pipeline_web.c
        engine/api/views_metrics.c engine/api/later.c lifecycle/bundle_words.c
        policy/binding.c policy/compile.c""",
    "for who sends requests that the page does not": """
        engine/api/answers.c engine/api/dispatch.c proc/web_page.c""",
    "for routes that the page does not ask": """
        engine/api/views_aggregate.c engine/api/views_backup.c engine/api/views_dns.c
        engine/backup_settings.c engine/api/views_probes.c
        engine/api/views_weeks.c""",
    "short words that the page has itself": "lifecycle/words.c policy/hold.c",
    "formats, no words": "engine/config/edit.c engine/config/value.c engine/api/routes.c",
}
LOOKED_AT = ("engine", "lifecycle", "policy")  # folders of which each file is told above

# These take no words to people.
PLUMBING = re.compile(
    r"(log_\w+|jsonw_key|jsonw_kv_(u64|bool|time|mac|addr|decimal|null)|strn?cmp|json_\w+|fprintf|"
    r"pool_new|api_query\w*|api_command|api_header|tree_find|_Static_assert|http_\w+|strspn|"
    r"strchr|strstr|str_equal\w*|sqlite3_\w+|about|str_starts|settle_about)$")
# What a program that sends no sound request hears, and parts of HTTP.
FOR_PROGRAMS = re.compile(
    r"(send|give) [{\"].*[}\"]|, HEAD|public, max-age|.*[\n]|.*;\s?(Path|Max-Age)=|(Set-Cookie|Allow|ETag|Vary|Retry-After|"
    r"WWW-Authenticate|Cache-Control|Content-\w+|Cookie|Connection|If-None-Match|Accept-Language|Cardea-Change|Idempotency-Replayed): |"
    r"\"\w+\": ?[{\[]|\"?\w+\"?:\w|%[a-z]|HTTP/|[,\\]\"|\{ ?s", re.S)
# What the page cannot meet, text by text.
NOT_SHOWN = {
    "engine/api/problem.c": {"No Content", "Not Modified"},
    "engine/api/views_cases.c": {  # what the command line alone begins
        "answer its question: `cardea decide list`", "another playbook for that device is not over",
        "answer it first: `cardea decide list`", "a question about that device is open",
        "there is nothing to do then", "that playbook asks nothing", "no such case is open",
        "`cardea case list` shows them", "the body has no playbook"},
    "engine/config/schema.c": {  # what one writes, in any language
        "answer, refuse, nxdomain", "protect, watch", "redirect, refuse", "auto, bpf, nft",
        "error, warn, info, debug"},
    "engine/api/views_quarantine.c": {"update host {1} of {2#}"},
    "engine/api/views_settings.c": {"setting {1}"},
    "engine/cases_ask.c": {"keep release isolate", "retire keep release", "keep release retire"},
    "engine/reporter.c": {"the courier ended meanwhile"},
    "engine/api/views_sinks.c": {"{1}GET {2}", "and others"},
}
# The C library's words for errors, by error_text().
LIBC = {"No space left on device", "No such file or directory", "Permission denied",
        "Input/output error", "Connection refused", "Connection timed out",
        "Connection reset by peer", "Network is unreachable", "No route to host",
        "Cannot allocate memory"}
WORD = re.compile(r"[A-Za-z]{3,}")


def texts(path):
    """(line, function, template) of each string of a file. In the table of a device's life
    "$" is its name; a reply that stands there whole says two things."""
    for line, call, text in calls(path.read_text()):
        if path.name == "table.c":
            text = text.replace("$", "%s")
        said = template(text).replace('\\"', '"')
        if said.startswith('{"schema"') and said.endswith("}"):
            reply = json.loads(said)
            yield from ((line, call, reply[k]) for k in ("error", "next"))
        else:
            yield line, call, said


def said_by(name):
    """What a file says to people."""
    for line, call, said in texts(SRC / name):
        if PLUMBING.match(call) or " " not in said.strip() or FOR_PROGRAMS.match(said.strip()):
            continue
        if any(WORD.search(c) for c in chunks(said)):
            yield line, call, said


def table():
    lines = [x for x in TABLE.read_text().split("\n") if x and not x.startswith("# ")]
    return list(zip(lines[::2], lines[1::2], strict=True))


@pytest.fixture(scope="module", name="pairs")
def fixture_pairs():
    return table()


@pytest.fixture(scope="module", name="english")
def fixture_english(pairs):
    """Templates, and what stands between holes."""
    whole = {bare(e.lstrip("~")) for e, _ in pairs}
    return whole, "\0".join(c for e, _ in pairs for c in chunks(e.lstrip("~")))


def bare(said):
    return said.strip().rstrip(".:")


def has_german(said, english):
    whole, pieces = english
    if bare(said) in whole:
        return True
    words = [c.strip(" .,:;()[]\"") for c in chunks(said)]
    return all(c in pieces for c in words if c)


def missing(names, only, english):
    for name in names:
        for line, call, said in said_by(name):
            if only and not only.match(call):
                continue
            if said.strip() in NOT_SHOWN.get(name, ()) or has_german(said, english):
                continue
            yield f"src/{name}:{line}: {said.strip()}"


def test_each_sentence_has_its_german(english):
    lacks = [*missing(WHOLE, None, english), *missing(EVENTS, NOTED, english),
             *missing(FILES, RULED_OUT, english)]
    assert not lacks, "without German in web/src/i18n/gateway.de.txt:\n" + "\n".join(lacks)


def test_each_file_that_speaks_is_told():
    told = {*WHOLE, *EVENTS, *(f for files in ELSEWHERE.values() for f in files.split())}
    speaks = {str(p.relative_to(SRC)) for folder in LOOKED_AT
              for p in (SRC / folder).rglob("*.c")}
    new = sorted(n for n in speaks - told if any(said_by(n)))
    assert not new, "say where their words go, in this test:\n" + "\n".join(new)
    assert not [n for n in told if not (SRC / n).exists()]


def made_of(text, pool):
    """Whether a text is glued together from what stands in the sources."""
    reach = {0}
    for at in range(len(text)):
        if at not in reach:
            continue
        if text[at] in " .,:;()[]\"'1":  # "1": a number that has a German of its own
            reach.add(at + 1)
        for piece in pool.get(text[at], ()):
            if text.startswith(piece, at):
                reach.add(at + len(piece))
    return len(text) in reach


def test_each_german_has_its_source(pairs):
    pool = {}
    for path in SRC.rglob("*.c"):
        for _, _, said in texts(path):
            for piece in (*chunks(said), said, said.removeprefix("may ")):
                piece = piece.strip(" .,;:")
                if piece:
                    pool.setdefault(piece[0], set()).add(piece)
    gone = [e for e, _ in pairs if e not in LIBC
            and not all(made_of(c.strip(), pool) for c in chunks(e.lstrip("~")))]
    assert not gone, "no source says these any more:\n" + "\n".join(gone)


def settings():
    """(section, key) of each row of the table of settings."""
    rows = re.findall(r'^\t\{"(\w+)", "(\w+)", CONFIG_',
                      (SRC / "engine/config/schema.c").read_text(), re.M)
    assert len(rows) > 40 and ("web", "page_port") in rows
    return rows


def test_each_setting_has_its_name(pairs):
    """What it does is a sentence like others (schema.c is one of WHOLE)."""
    names, wanted = dict(pairs), [".".join(row) for row in settings()]
    lacks = [n for n in wanted if not names.get(n)]
    assert not lacks, f"without German in {TABLE.name}: {lacks}"
    gone = [n for n in names if re.fullmatch(r"[a-z]+\.[a-z_]+", n) and n not in wanted]
    assert not gone, f"no setting any more: {gone}"
    mine = [(n.split(".")[0], names[n]) for n in wanted]
    assert len(set(mine)) == len(mine), "two settings of one section have one name"


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_section_of_settings_has_its_name(language):
    text = (ROOT / f"web/src/i18n/{language}.ts").read_text()
    block = re.search(r"\n\tsettings: \{.*?\n\t\tsection: \{(.*?)\}", text, re.S).group(1)
    assert set(re.findall(r"(\w+): \"", block)) == {section for section, _ in settings()}


def test_the_table_is_sound(pairs):
    """Holes are numbered from one on, and German has no other; nothing is there twice."""
    seen = set()
    for english, german in pairs:
        numbers = [int(n) for n in re.findall(r"\{(\d+)#?\}", english)]
        assert numbers == list(range(1, len(numbers) + 1)), english
        used = {int(n) for n in re.findall(r"\{(\d+)[!?]?\}", german)}
        assert used <= set(numbers), german
        assert english not in seen, f"twice: {english}"
        seen.add(english)
        assert not re.search(r"\}\{", english), f"no telling where a hole ends: {english}"
