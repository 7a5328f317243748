// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory as the kernel would leave it, of which the next sensor has to make sense. */
#include "test_wire_util.h"
#include <linux/if_packet.h>
#include "proc/sensor_ring.h"

static _Alignas(4096) uint8_t memory[SENSOR_RING_BLOCKS * SENSOR_RING_BLOCK_BYTES];

static struct tpacket_hdr_v1 *head(unsigned block)
{
	return &((struct tpacket_block_desc *)(memory + (size_t)block *
							 SENSOR_RING_BLOCK_BYTES))
			->hdr.bh1;
}

/* The kernel has begun so many blocks, one after the other; the last `waiting` of those
 * that it has finished were not read. */
static struct sensor_ring ring_of(unsigned begun, unsigned waiting)
{
	struct sensor_ring r = {.memory = memory};

	memset(memory, 0, sizeof(memory));
	for (unsigned n = 1; n <= begun; n++) {
		struct tpacket_hdr_v1 *h = head((n - 1) % SENSOR_RING_BLOCKS);
		h->seq_num = n;
		h->block_status = n < begun && begun - n <= waiting ? TP_STATUS_USER
								    : TP_STATUS_KERNEL;
	}
	return r;
}

static void goes_on_where_the_last_one_stopped(void **state)
{
	(void)state;
	for (unsigned begun = 1; begun <= 3 * SENSOR_RING_BLOCKS; begun++) {
		for (unsigned waiting = 0; waiting < SENSOR_RING_BLOCKS && waiting < begun;
			waiting++) {
			struct sensor_ring r = ring_of(begun, waiting);
			assert_int_equal(sensor_ring_first(&r),
				(begun - 1 - waiting) % SENSOR_RING_BLOCKS);
		}
	}
}

/* No block was free: the kernel waits with the newest one full. */
static void a_full_ring_begins_behind_the_newest(void **state)
{
	(void)state;
	for (unsigned begun = SENSOR_RING_BLOCKS; begun <= 2 * SENSOR_RING_BLOCKS; begun++) {
		struct sensor_ring r = ring_of(begun, SENSOR_RING_BLOCKS);
		head((begun - 1) % SENSOR_RING_BLOCKS)->block_status = TP_STATUS_USER;
		assert_int_equal(sensor_ring_first(&r), begun % SENSOR_RING_BLOCKS);
	}
}

static void one_never_used_begins_at_its_beginning(void **state)
{
	struct sensor_ring r = ring_of(0, 0);

	(void)state;
	assert_int_equal(sensor_ring_first(&r), 0);
}

struct visits {
	unsigned count;
	uint8_t first[4]; /* of each one's octets */
};

static void visit(const struct sensor_frame *f, void *ctx)
{
	struct visits *v = ctx;

	assert_true(v->count < 4);
	v->first[v->count++] = f->bytes.pos[0];
}

static struct tpacket3_hdr *frame_at(size_t at, uint8_t first)
{
	struct tpacket3_hdr *h = (struct tpacket3_hdr *)(void *)(memory + at);

	*h = (struct tpacket3_hdr){.tp_mac = 128, .tp_snaplen = 60, .tp_len = 60,
		.tp_next_offset = 256};
	memory[at + 128] = first;
	return h;
}

static struct sensor_ring block_of_two(void)
{
	struct sensor_ring r = ring_of(2, 1);

	head(0)->num_pkts = 2;
	head(0)->offset_to_first_pkt = 48;
	frame_at(48, 'a');
	frame_at(48 + 256, 'b');
	return r;
}

static void a_block_is_read_once_and_given_back(void **state)
{
	struct sensor_ring r = block_of_two();
	struct visits v = {0};

	(void)state;
	assert_true(sensor_ring_read(&r, visit, &v));
	assert_int_equal(v.count, 2);
	assert_memory_equal(v.first, "ab", 2);
	assert_int_equal(head(0)->block_status, TP_STATUS_KERNEL);
	assert_int_equal(r.next, 1);
	assert_false(sensor_ring_read(&r, visit, &v));
	assert_int_equal(v.count, 2);
}

static void what_leaves_its_block_is_not_looked_at(void **state)
{
	(void)state;
	for (unsigned fault = 0; fault < 4; fault++) {
		struct sensor_ring r = block_of_two();
		struct visits v = {0};
		struct tpacket3_hdr *h = frame_at(48, 'a');
		if (fault == 0)
			h->tp_next_offset = SENSOR_RING_BLOCK_BYTES;
		else if (fault == 1)
			frame_at(48 + 256, 'b')->tp_snaplen = SENSOR_RING_BLOCK_BYTES;
		else if (fault == 2)
			frame_at(48 + 256, 'b')->tp_mac = UINT16_MAX;
		else
			h->tp_next_offset = UINT32_MAX;
		assert_true(sensor_ring_read(&r, visit, &v));
		assert_int_equal(v.count, 1);
		assert_int_equal(head(0)->block_status, TP_STATUS_KERNEL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_where_the_last_one_stopped),
		cmocka_unit_test(a_full_ring_begins_behind_the_newest),
		cmocka_unit_test(one_never_used_begins_at_its_beginning),
		cmocka_unit_test(a_block_is_read_once_and_given_back),
		cmocka_unit_test(what_leaves_its_block_is_not_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
