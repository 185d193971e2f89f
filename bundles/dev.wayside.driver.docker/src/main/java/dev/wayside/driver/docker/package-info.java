// SPDX-License-Identifier: Apache-2.0

/**
 * Runs containers with Docker, over its socket. It sees only the containers that carry this
 * gateway's label, so that several gateways can share one engine.
 */
@NullMarked
package dev.wayside.driver.docker;

import org.jspecify.annotations.NullMarked;
