/* request.c: what a thread of the program asks of the engine's, one at a time, and waits for. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include "inner.h"

/* How often a waiting thread looks whether the engine is still there. */
#define LOOK_MILLISECONDS 1000

static pthread_mutex_t request_lock = PTHREAD_MUTEX_INITIALIZER;

static _Atomic uint32_t *word(uint32_t *plain)
{
	return (_Atomic uint32_t *)plain;
}

void request_bell(void)
{
	_Atomic uint32_t *bell = word(&samepage_inner.gate->doorbell);

	atomic_fetch_add(bell, 1);
	futex_wake(bell);
}

/* Waits for the answer; -ENODEV where the engine's thread has ended without giving one. */
static int64_t await(struct samepage_request *request)
{
	while (!atomic_load(word(&request->is_done))) {
		if (!atomic_load(&samepage_inner.is_engine_alive))
			return -ENODEV;
		futex_wait(word(&request->is_done), 0, LOOK_MILLISECONDS);
	}
	return request->result;
}

/* -EDEADLK for who holds the lock that the engine would need to answer; -ENODEV where there is no engine. */
int64_t request_post(uint32_t kind, uint64_t address, uint64_t length, int64_t argument)
{
	struct samepage_request *request = samepage_inner.gate ? &samepage_inner.gate->request : NULL;
	int64_t result = -ENODEV;

	if (hold_depth() > 0)
		return -EDEADLK;
	pthread_mutex_lock(&request_lock);
	if (request && atomic_load(&samepage_inner.is_engine_alive)) {
		request->address = address;
		request->length = length;
		request->argument = argument;
		request->result = 0;
		atomic_store(word(&request->is_done), 0);
		atomic_store(word(&request->kind), kind);
		request_bell();
		result = await(request);
		atomic_store(word(&request->kind), SAMEPAGE_REQUEST_NONE);
	}
	pthread_mutex_unlock(&request_lock);
	return result;
}

/* The engine's thread has ended: nobody waits for it any longer. */
void request_engine_gone(void)
{
	atomic_store(&samepage_inner.is_engine_alive, 0);
	futex_wake(&samepage_inner.is_engine_alive);
	futex_wake(word(&samepage_inner.gate->request.is_done));
}

void request_after_fork(void)
{
	pthread_mutex_init(&request_lock, NULL);
	samepage_inner.gate->request = (struct samepage_request){ 0 };
}
