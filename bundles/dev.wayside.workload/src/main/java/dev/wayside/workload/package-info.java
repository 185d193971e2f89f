// SPDX-License-Identifier: Apache-2.0

/**
 * Keeps pods as the cloud last asked. It takes one key at a time, reads what is desired and what is
 * there, lets a pure function plan, and asks a driver for idempotent actions. Containers outlive
 * it: it adopts them again by label.
 */
@NullMarked
package dev.wayside.workload;

import org.jspecify.annotations.NullMarked;
