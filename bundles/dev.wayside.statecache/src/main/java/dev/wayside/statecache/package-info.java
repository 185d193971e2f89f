// SPDX-License-Identifier: Apache-2.0

/**
 * Keeps on disk what this gateway may read of the Kubernetes API, so that its readers see the same
 * while the cloud is away and after a reboot. A change is synced before any watcher learns its key.
 * What the gateway has to say waits in a durable outbox until the cloud has it.
 */
@NullMarked
package dev.wayside.statecache;

import org.jspecify.annotations.NullMarked;
