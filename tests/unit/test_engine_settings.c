// SPDX-License-Identifier: GPL-2.0-or-later
/* What the engine keeps of the settings, and proposals on their way to the parent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "engine/config/schema.h"
#include "engine/settings.h"

static struct settings s;
static struct message sent[32];
static unsigned sent_count, answers, tellings;
static int send_error;
static char answered[LIMIT_LABEL], was[512];

static int take(void *ctx, const struct message *m)
{
	(void)ctx;
	if (send_error)
		return send_error;
	assert_true(sent_count < 32);
	sent[sent_count++] = *m;
	return 0;
}

static void on_answer(void *ctx, struct settings *of, const struct message_config_result *m)
{
	(void)ctx;
	answers++;
	assert_ptr_equal(of, &s);
	str_copy(answered, sizeof(answered), m->setting);
	str_copy_bytes(was, sizeof(was), of->asked.was.text ? of->asked.was.text : "",
		of->asked.was.len);
}

static void on_told(void *ctx)
{
	(void)ctx;
	tellings++;
}

static int begin(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	s.send = take;
	s.answered = on_answer;
	s.told = on_told;
	sent_count = answers = tellings = 0;
	send_error = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	settings_end(&s);
	return 0;
}

static int state_of(enum state_what what, int64_t until, uint32_t length)
{
	struct message m = {.type = MESSAGE_CONFIG_STATE};

	m.config_state.what = (uint8_t)what;
	m.config_state.until = until;
	m.config_state.length = length;
	return settings_said(&s, &m);
}

static int part(const char *text, size_t len)
{
	struct message m = {.type = MESSAGE_CONFIG_PART};

	m.config_part.octets.len = (uint16_t)len;
	memcpy(m.config_part.octets.bytes, text, len);
	return settings_said(&s, &m);
}

static int result(uint64_t id, uint16_t status, const char *setting)
{
	struct message m = {.type = MESSAGE_CONFIG_RESULT};

	m.config_result.id = id;
	m.config_result.status = status;
	str_copy(m.config_result.setting, sizeof(m.config_result.setting), setting);
	return settings_said(&s, &m);
}

static void tell(enum state_what what, int64_t until, const char *text)
{
	assert_int_equal(state_of(what, until, (uint32_t)strlen(text)), 0);
	if (text[0])
		assert_int_equal(part(text, strlen(text)), 0);
}

static void told_in_parts(void **state)
{
	(void)state;
	static struct config c;

	assert_int_equal(settings_read(&s, STATE_FILE, &c), -ENOENT);
	assert_int_equal(state_of(STATE_FILE, 0, 16), 0);
	assert_int_equal(part("[dns]\n", 6), 0);
	assert_int_equal(settings_read(&s, STATE_FILE, &c), -ENOENT);
	assert_int_equal(part("rate = 9\n", 9), 0);
	assert_int_equal(part("\n", 1), 0);
	assert_int_equal(settings_read(&s, STATE_FILE, &c), 0);
	assert_int_equal(c.dns_rate, 9);
	assert_int_equal(c.dns_burst, 250);
	tell(STATE_BEFORE, 77, "[dns]\nrate = 8\n");
	assert_int_equal(s.until, 77);
	assert_int_equal(tellings, 1);
	tell(STATE_BEFORE, 0, "");
	assert_int_equal(s.until, 0);
	assert_false(settings_has(&s, STATE_BEFORE));
	/* all as without a file */
	tell(STATE_FILE, 0, "");
	assert_int_equal(settings_read(&s, STATE_FILE, &c), 0);
	assert_int_equal(c.dns_rate, 50);
}

static void a_parent_that_stammers(void **state)
{
	(void)state;
	struct message odd = {.type = MESSAGE_HELLO};

	assert_int_equal(part("x", 1), CARDEA_EMALFORMED);
	assert_int_equal(state_of(STATE_MAX, 0, 1), CARDEA_EMALFORMED);
	assert_int_equal(state_of(STATE_FILE, 0, CONFIG_FILE_MAX + 1), CARDEA_EMALFORMED);
	assert_int_equal(state_of(STATE_FILE, 0, 2), 0);
	assert_int_equal(state_of(STATE_FILE, 0, 2), CARDEA_EMALFORMED);
	assert_int_equal(part("", 0), CARDEA_EMALFORMED);
	assert_int_equal(part("abc", 3), CARDEA_EMALFORMED);
	assert_int_equal(part("#\n", 2), 0);
	assert_int_equal(part("a", 1), CARDEA_EMALFORMED);
	assert_int_equal(result(1, 200, ""), CARDEA_EMALFORMED);
	assert_int_equal(settings_said(&s, &odd), CARDEA_EMALFORMED);
	assert_int_equal(answers, 0);
}

static void one_proposal_at_a_time(void **state)
{
	(void)state;
	struct settings_asked wish = {.ticket = 5, .what = PROPOSE_SET, .confirm_s = 90};
	static char text[2 * LIMIT_WEB_CHUNK + 7];

	memset(text, '#', sizeof(text));
	tell(STATE_FILE, 0, "[dns]\nrate = 3\n");
	assert_int_equal(settings_propose(&s, &wish, text, sizeof(text)), 0);
	assert_int_equal(sent_count, 4);
	assert_int_equal(sent[0].type, MESSAGE_CONFIG_PROPOSE);
	assert_int_equal(sent[0].config_propose.length, sizeof(text));
	assert_int_equal(sent[0].config_propose.confirm_s, 90);
	assert_int_equal(sent[3].config_part.octets.len, 7);
	assert_int_equal(settings_propose(&s, &wish, NULL, 0), -EBUSY);
	assert_int_equal(result(sent[0].config_propose.id + 1, 200, ""), CARDEA_EMALFORMED);
	tell(STATE_NEW, 0, "[dns]\nrate = 4\n");
	assert_true(settings_has(&s, STATE_NEW));
	assert_int_equal(result(sent[0].config_propose.id, 400, "dns.rate"), 0);
	assert_int_equal(answers, 1);
	assert_string_equal(answered, "dns.rate");
	assert_string_equal(was, "[dns]\nrate = 3\n");
	assert_false(settings_has(&s, STATE_NEW));
	/* once */
	assert_int_equal(result(sent[0].config_propose.id, 200, ""), CARDEA_EMALFORMED);
	/* of a confirmation, what does not come back */
	tell(STATE_BEFORE, 9, "[dns]\nrate = 2\n");
	wish.what = PROPOSE_CONFIRM;
	assert_int_equal(settings_propose(&s, &wish, NULL, 0), 0);
	assert_int_equal(sent_count, 5);
	assert_int_not_equal(sent[4].config_propose.id, sent[0].config_propose.id);
	assert_int_equal(result(sent[4].config_propose.id, 200, ""), 0);
	assert_string_equal(was, "[dns]\nrate = 2\n");
}

static void a_parent_that_does_not_listen(void **state)
{
	(void)state;
	struct settings_asked wish = {.what = PROPOSE_RELOAD};

	send_error = CARDEA_EPEER;
	assert_int_equal(settings_propose(&s, &wish, NULL, 0), CARDEA_EPEER);
	send_error = 0;
	assert_int_equal(settings_propose(&s, &wish, NULL, 0), 0);
	s.asked.id = 0;
	s.send = NULL;
	assert_int_equal(settings_propose(&s, &wish, NULL, 0), -ENOTCONN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_in_parts, begin, end),
		cmocka_unit_test_setup_teardown(a_parent_that_stammers, begin, end),
		cmocka_unit_test_setup_teardown(one_proposal_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(a_parent_that_does_not_listen, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
