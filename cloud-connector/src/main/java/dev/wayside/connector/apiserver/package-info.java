// SPDX-License-Identifier: Apache-2.0
/**
 * The Kubernetes HTTP API over an object store: paths, who asks, what they may, formats in and out,
 * watches. Requests are handed from the listener's event loops to a bounded pool at once.
 */
@NullMarked
package dev.wayside.connector.apiserver;

import org.jspecify.annotations.NullMarked;
