"""The workers: one key after the other, and what becomes of a key whose work failed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from registry.cluster.errors import ApiError, Conflict, NotFound, is_transient
from registry.controller import metrics
from registry.controller.queue import KeyQueue
from registry.controller.reconciler import Reconciler
from registry.planning.objects import Key

log = logging.getLogger(__name__)


def is_passing(error: ApiError) -> bool:
    """Whether another try may come out differently though nobody changes the workload or its policy."""
    return is_transient(error) or isinstance(error, Conflict)


async def work(
    queue: KeyQueue,
    reconciler: Reconciler,
    decidable: Callable[[], Awaitable[object]],
    refused: Callable[[Key, ApiError], None],
    finished: Callable[[Key], None],
) -> None:
    """Take keys and reconcile them, for ever; several of these run at once.

    Nothing is decided before `decidable` returns: no policy is changed or deleted while what is known may be
    wrong. `refused` hears of each write that the API server did not carry out; the key comes again all the
    same. `finished` hears of each key that has what it asks for, or was told what stands in the way.
    """
    while True:
        key = await queue.get()
        await decidable()
        controller = metrics.controller_of(key)
        wrote, began = False, time.monotonic()
        try:
            wrote = await reconciler.reconcile(key)
        except ApiError as error:
            metrics.RECONCILES.labels(controller, "error").inc()
            metrics.RECONCILE_ERRORS.labels(controller).inc()
            refused(key, error)
            _put_off(queue, key, error)
        except Exception:
            # A defect that one key brings out must not stop the work on all others.
            metrics.RECONCILES.labels(controller, "error").inc()
            metrics.RECONCILE_ERRORS.labels(controller).inc()
            metrics.RECONCILE_PANICS.labels(controller).inc()
            log.exception("%s: unexpected error; again in %.1f s", key, queue.retry(key))
        else:
            metrics.RECONCILES.labels(controller, "success").inc()
            queue.forget(key)
            finished(key)
        finally:
            metrics.RECONCILE_SECONDS.labels(controller).observe(time.monotonic() - began)
            queue.done(key)
            reconciler.settled(key)
        if not wrote:  # nothing was waited for: no probe would be answered during ten thousand such keys
            await asyncio.sleep(0)


def _put_off(queue: KeyQueue, key: Key, error: ApiError) -> None:
    if is_passing(error):
        told = queue.try_again(key) > 1 or isinstance(error, Conflict)
        log.log(logging.DEBUG if told else logging.WARNING, "%s: %s; it is tried again", key, error)
    else:
        delay = queue.retry(key)
        level = logging.DEBUG if isinstance(error, NotFound) else logging.WARNING
        log.log(level, "%s: %s; again in %.1f s", key, error, delay)
