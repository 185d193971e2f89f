// SPDX-License-Identifier: Apache-2.0

/**
 * Runs containers as plain processes, for devices without a container engine. The processes outlive
 * the gateway and are found again after its restart.
 */
@NullMarked
package dev.wayside.driver.process;

import org.jspecify.annotations.NullMarked;
