// SPDX-License-Identifier: Apache-2.0

/**
 * The cloud connector. It speaks the Kubernetes API, translates grid specs into what each site and
 * each gateway must run, streams that to the gateways, and ends their tunnels.
 */
@NullMarked
package dev.wayside.connector;

import org.jspecify.annotations.NullMarked;
